"""Cursor pages: where a list goes on, signed and opaque, good only for the same person and the same filter."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from rest_framework.request import Request

from publishing.api.problems import FieldError, ProblemError, invalid
from publishing.domain.draft import Page, Row
from publishing.domain.ids import digest

CURSOR_LIMIT: Final = 4_000


class Pager:
    """Reads and makes the cursors of one request's list."""

    def __init__(self, request: Request, *, actor_id: str, filters: Mapping[str, str]) -> None:
        """Bind cursors to who asks, where and for what."""
        self._request = request
        self._filters = dict(filters)
        salt = digest("cursor", actor_id, request.path_info, *(f"{k}={v}" for k, v in sorted(filters.items())))
        self._signer = signing.Signer(key=settings.CURSOR_KEY, fallback_keys=settings.CURSOR_KEY_FALLBACKS, salt=salt)

    def read(self, cursor: str | None) -> str | None:
        """Return what the store knows as its cursor. Raises ProblemError for one that we did not make for this list."""
        if cursor is None:
            return None
        try:
            raw = self._signer.unsign_object(cursor[:CURSOR_LIMIT])
        except (signing.BadSignature, ValueError):
            raise bad_cursor() from None
        return str(raw)

    def page(self, page: Page[Row], present: Callable[[Row], object]) -> dict[str, object]:
        """Return a page as it is answered."""
        return {
            "results": [present(row) for row in page.rows],
            "next": self._link(page.next_cursor),
            "previous": self._link(page.previous_cursor),
        }

    def _link(self, raw: str | None) -> str | None:
        if raw is None:
            return None
        query = urlencode({**self._filters, "cursor": self._signer.sign_object(raw)})
        return absolute(self._request, f"{self._request.path}?{query}")


def bad_cursor() -> ProblemError:
    """Return the error for a cursor that is none of this list's."""
    detail = "This cursor is not one that this list gave you. Begin again without it."
    return invalid(FieldError(parameter="cursor", code="bad_cursor", detail=detail))


def absolute(request: Request, path: str) -> str:
    """Return the full address of a path: at the configured public address, else where the request came to."""
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    return str(request.build_absolute_uri(path))
