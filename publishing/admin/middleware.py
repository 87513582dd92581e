"""The desk's door: whoever asks for anything below its address is signed in, whichever view answers there."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from publishing.admin.pages import failure
from publishing.domain.errors import ConflictError, LimitedError, NotAllowedError, NotFoundError, UnavailableError
from publishing.identity import sessions

log = logging.getLogger(__name__)

#: What a page's use case can raise, and the page that says so; the first class that fits.
_PAGES: Final[Mapping[type[Exception], str]] = {
    NotFoundError: "gone",
    ConflictError: "busy",
    NotAllowedError: "not_allowed",
}


class DeskMiddleware:
    """Puts `request.actor` on requests for the desk, and lets nobody in who is not signed in.

    It denies by default: a new page is behind this door without a line of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request for the desk for who is signed in; send everybody else to the log-in page."""
        if not sessions.is_of_desk(request):
            return self._get_response(request)
        try:
            actor = sessions.actor_of(request)
        except UnavailableError as error:
            # Nobody is taken for signed out because the table is away: the cookie stays.
            return _unavailable(request, error)
        if actor is None:
            return sessions.to_sign_in(request)
        request.actor = actor  # type: ignore[attr-defined]  # as Django's own middleware sets `user`
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn what a page's use case raised into a page; None leaves it to Django, which answers 500 and logs it."""
        if not is_page(request):
            return None
        if isinstance(error, UnavailableError):
            return _unavailable(request, error)
        if isinstance(error, LimitedError):
            return failure(request, "limited", retry_after=error.retry_after)
        code = next((code for kind, code in _PAGES.items() if isinstance(error, kind)), None)
        return None if code is None else failure(request, code)


class PageLocaleMiddleware(LocaleMiddleware):
    """Speaks the language that a person chose, else the browser's, on pages; the API speaks English."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the request's language, and leave the thread, which answers the next one, in its own."""
        # Django's own middleware sets a language and relies on the next request to set another.
        with translation.override(settings.LANGUAGE_CODE):
            # Never an awaitable: the project answers without an event loop.
            return cast("HttpResponseBase", super().__call__(request))

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language."""
        if is_page(request):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say on pages which language it was."""
        return super().process_response(request, response) if is_page(request) else response


def is_page(request: HttpRequest) -> bool:
    """Tell whether a request is for something that people look at."""
    return sessions.is_of_desk(request) or request.path_info.startswith("/auth/")


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("Dependency unavailable", exc_info=error)
    return failure(request, "unavailable")
