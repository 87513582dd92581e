"""Web sessions as browsers and Django see them: the cookies, and who is asking."""

import re
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict
from django.urls import Resolver404, resolve, reverse

from publishing.adapters import clock
from publishing.domain.permissions import Actor
from publishing.domain.web_session import SessionToken, read_session_token
from publishing.identity import destinations
from publishing.identity.provider import sign_in_service
from publishing.services.signing_in import SignedIn, resume

#: Where the result of looking is kept on a request.
_SEEN: Final = "_omnipub_signed_in"
#: Everything below needs a session.
DESK: Final = "/admin"
_SAFE: Final = frozenset({"GET", "HEAD"})
#: Routes of pages on which people write. Their forms are sent to the page's own address, which leads back to what was
#: written: the browser keeps it (`kept.js`). Each of the admin's own forms is one.
_WRITTEN_ON: Final = frozenset({"desk-compose", "desk-compose-message", "desk-medium"})
#: The buttons of a message's page. A comment is sent with some of them.
_DECIDING: Final = "desk-message-action"
_FORMS: Final = re.compile(r"publishing_[a-z]+_(add|change)")


def signed_in(request: HttpRequest) -> SignedIn | None:
    """Return who is asking by web session, or None. The table is asked once a request.

    Raises UnavailableError when the table cannot be reached: nobody is then taken for signed out.
    """
    if not hasattr(request, _SEEN):
        token = token_of(request)
        found = None
        if token is not None:
            found = resume(token=token, limits=sign_in_service().limits, now=clock.now())
        setattr(request, _SEEN, found)
    seen: SignedIn | None = getattr(request, _SEEN)
    return seen


def actor_of(request: HttpRequest) -> Actor | None:
    """Return the actor that a web session proves, or None."""
    found = signed_in(request)
    return None if found is None else found.user.as_actor()


def token_of(request: HttpRequest) -> SessionToken | None:
    """Return the token in the session's cookie; it proves nothing yet."""
    return read_session_token(request.COOKIES.get(settings.SESSION_TOKEN_COOKIE, ""))


def keep(response: HttpResponse, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send along with a form.

    Without a domain and for every path, as `__Host-` demands: no neighbour under the same domain can plant one.
    """
    response.set_cookie(name, value, max_age=seconds, path="/", secure=settings.IS_HTTPS, httponly=True, samesite="Lax")


def tell_scripts(response: HttpResponse, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that scripts of the next page read. It holds no secret: it does not begin with `__Host-`."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=settings.IS_HTTPS, httponly=False, samesite="Lax"
    )  # fmt: skip


def drop(response: HttpResponse, name: str) -> None:
    """Delete a cookie."""
    response.set_cookie(name, "", max_age=0, path="/", secure=settings.IS_HTTPS, httponly=True, samesite="Lax")


def keep_session(response: HttpResponse, began: SignedIn, *, now: datetime) -> None:
    """Hand a new session's token to the browser."""
    assert began.token is not None  # noqa: S101 - sessions that begin have one
    seconds = int((began.session.ends_at - now).total_seconds())
    keep(response, settings.SESSION_TOKEN_COOKIE, began.token.encode(), seconds=seconds)


def is_of_desk(request: HttpRequest) -> bool:
    """Tell whether a request is for the desk. The path is the one that routes are found by."""
    return request.path_info == DESK or request.path_info.startswith(f"{DESK}/")


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a browser to the log-in page, with the way back where it was reading, or writing what it still holds."""
    query = QueryDict(mutable=True)
    way_back = request.get_full_path() if request.method in _SAFE else _page_of(request)
    if way_back and len(way_back) <= destinations.LIMIT:
        query["next"] = way_back
    if request.COOKIES.get(settings.SESSION_TOKEN_COOKIE):
        query["ended"] = "1"
    address = reverse("sign-in") + (f"?{query.urlencode(safe='/')}" if query else "")
    response = HttpResponseRedirect(address)
    # A form that was posted must not be posted to the log-in page.
    response.status_code = 302 if request.method in _SAFE else 303
    drop(response, settings.SESSION_TOKEN_COOKIE)
    return response


def _page_of(request: HttpRequest) -> str:
    """Return the address of the page that a form was written on; nothing for what only acts."""
    try:
        found = resolve(request.path_info)
    except Resolver404:
        return ""
    name = found.url_name or ""
    if name == _DECIDING:
        return reverse("desk-message", kwargs={"message_id": found.kwargs["message_id"]})
    return request.get_full_path() if name in _WRITTEN_ON or _FORMS.fullmatch(name) else ""
