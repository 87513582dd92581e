"""Problem documents (RFC 9457): the one form in which anything that went wrong is answered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from django.http import HttpResponse

from publishing import logs

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one part of a request: a field of the body, a parameter of the query, or a header."""

    code: str
    detail: str
    #: JSON pointer into the body; empty for the body as a whole.
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return what is said about it; the place that does not apply is left out."""
        places = {"pointer": self.pointer, "parameter": self.parameter, "header": self.header}
        return {name: place for name, place in places.items() if place is not None} | {
            "code": self.code,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem document."""

    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> HttpResponse:
        """Return the answer. Independent of DRF's renderers, so that it is the same wherever something goes wrong."""
        body: dict[str, object] = {
            "type": f"urn:omnipub:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = [error.as_json() for error in self.errors]
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            body["request_id"] = logs.correlation_id()
        # Half characters can come in through a field's name; they must not break the answer about it.
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return HttpResponse(text, status=self.status, content_type=CONTENT_TYPE, headers=dict(self.headers))


class ProblemError(Exception):
    """Ends a request with a problem document that its raiser has composed."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem for the exception handler."""
        super().__init__(problem.detail)
        self.problem = problem


def invalid(*errors: FieldError) -> ProblemError:
    """Return the error for a request with wrong fields."""
    detail = " ".join(error.detail for error in errors[:5])
    return ProblemError(Problem(status=HTTPStatus.BAD_REQUEST, code="invalid", detail=detail, errors=errors))


def escape_pointer(name: str) -> str:
    """Return a member's name as a segment of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
