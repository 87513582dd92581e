"""The zone that pages show times in: the reader's own, kept in a cookie that pages may read and write."""

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from publishing.identity import sessions

COOKIE: Final = "omnipub-zone"
_LIMIT: Final = 64


class PageZoneMiddleware:
    """Shows times on the desk's pages in the zone that the browser says, else in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer within the reader's zone."""
        if not sessions.is_of_desk(request):
            return self._get_response(request)
        with timezone.override(zone_of(request)):
            return self._get_response(request)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the reader's zone; UTC where the cookie names none that there is."""
    name = request.COOKIES.get(COOKIE, "")
    try:
        # Names are checked by the zone database itself, which takes no path.
        return ZoneInfo(name) if name and len(name) <= _LIMIT else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
