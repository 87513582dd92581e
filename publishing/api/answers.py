"""Answers: rendered once, so that what is stored under an idempotency key is what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from django.http import HttpResponse
from rest_framework.request import Request

from publishing.api.etags import is_unchanged, make_etag
from publishing.api.rendering import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A rendered answer."""

    status: int
    #: JSON; empty for an answer without a body.
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: object, *, status: int = HTTPStatus.OK, rev: int | None = None, location: str = "") -> Self:
        """Render a value. With a revision the answer bears an ETag; with a location it says 201: Created."""
        body = to_json(value)
        headers = {}
        if rev is not None:
            headers["ETag"] = make_etag(rev, body)
        if location:
            headers["Location"], status = location, HTTPStatus.CREATED
        return cls(status=status, body=body, headers=headers)

    @classmethod
    def of_all(cls, rows: Sequence[object]) -> Self:
        """Render a list that is always one page."""
        return cls.of({"results": rows, "next": None, "previous": None})

    def response(self) -> HttpResponse:
        """Return the answer for Django."""
        headers = dict(self.headers)
        if not self.body:
            response = HttpResponse(status=self.status, headers=headers)
            del response["Content-Type"]
            return response
        body = self.body.encode("utf-8", "replace")
        return HttpResponse(body, status=self.status, content_type="application/json", headers=headers)

    def response_unless_known(self, request: Request) -> HttpResponse:
        """Return the answer, or 304 when the client says that it has exactly this."""
        etag = self.headers.get("ETag")
        if etag and is_unchanged(request, etag):
            return Answer(status=HTTPStatus.NOT_MODIFIED, body="", headers=self.headers).response()
        return self.response()


NOTHING = Answer(status=HTTPStatus.NO_CONTENT, body="")
