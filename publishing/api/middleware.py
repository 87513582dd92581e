"""What happens to every request: an id, a log line, a limit on the body, and headers that browsers obey."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from publishing import logs
from publishing.api.errors import too_large
from publishing.domain.ids import new_token

log = logging.getLogger("publishing.requests")

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")

#: Data is nothing that a browser should load, run or frame anything for.
DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: What no page of ours needs, and no script that somebody smuggles in shall have.
PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen",
        "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get",
        "screen-wake-lock", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


def page_policy(media_origins: tuple[str, ...], upload_origins: tuple[str, ...] = ()) -> str:
    """Return the policy of pages: our own files, nothing inline, pictures and videos of the library, uploads to it."""
    media = "".join(f" {origin}" for origin in media_origins)
    played = media or " 'none'"
    reached = "".join(f" {origin}" for origin in dict.fromkeys((*media_origins, *upload_origins)))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data:{media}; media-src{played}; connect-src 'self'{reached}; "
        "font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class RequestIdMiddleware:
    """Takes over the caller's X-Request-Id or makes one, returns it, and writes one log line for the request."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request under its id."""
        given = request.headers.get("X-Request-Id", "")
        identifier = given if _REQUEST_ID.fullmatch(given) else new_token()
        with logs.correlated(identifier):
            started = time.monotonic()
            response = self._get_response(request)
            response["X-Request-Id"] = identifier
            # The path without its query: a query can hold what a log must not.
            log.info(
                "Request answered",
                extra={
                    "method": request.method,
                    "path": request.path_info[:300],
                    "status": response.status_code,
                    "milliseconds": round((time.monotonic() - started) * 1000),
                },
            )
        return response


class SecurityHeadersMiddleware:
    """Adds a Content-Security-Policy and caching rules where a view has not set its own."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response
        self._page_policy = page_policy(settings.MEDIA_ORIGINS, settings.UPLOAD_ORIGINS)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request with these headers."""
        response = self._get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        response.headers.setdefault("Content-Security-Policy", self._page_policy if is_page else DATA_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("X-Frame-Options", "DENY")
        # Data is kept by nobody but the client, and asked about (ETag) before it is used again; what a person sees of
        # the desk by nobody at all: who sits at the machine next must not find it.
        is_desk = request.path_info.startswith(("/admin", "/auth"))
        if is_desk:
            response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class HostMiddleware:
    """Refuses a request for a host that is not ours, whatever it asks for: who sends one is lost, or is trying us.

    Django itself looks when somebody first asks for the host, which views of data never do.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 400, or pass the request on."""
        request.get_host()
        return self._get_response(request)


class BodyLimitMiddleware:
    """Refuses a body over the limit before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413, or pass the request on."""
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > settings.BODY_LIMIT:
            return too_large().response()
        return self._get_response(request)
