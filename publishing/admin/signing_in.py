"""Signing in and out: to the provider and back, and the development log-in of a laptop."""

import ipaddress
import logging
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils.http import urlencode

from publishing.adapters import clock
from publishing.adapters.openid import ProviderAwayError
from publishing.admin.pages import absolute, failure, methods, page
from publishing.domain.errors import ConflictError
from publishing.domain.permissions import Role
from publishing.domain.user import ProvenIdentity
from publishing.identity import destinations, sessions
from publishing.identity.addresses import source_of
from publishing.identity.attempts import LIFETIME, SignInAttempt
from publishing.identity.browsers import describe
from publishing.identity.code_flow import CallbackAnswer, SignInFailedError, prove_identity
from publishing.identity.provider import sign_in_service
from publishing.services.limits import spend_sign_in
from publishing.services.signing_in import DisabledUserError, sign_in, sign_out

log = logging.getLogger(__name__)

_PARAMETER_LIMIT: Final = 4_000


@methods("GET")
def log_in(request: HttpRequest) -> HttpResponse:
    """Show the log-in page; whoever is signed in goes on at once."""
    after = destinations.checked(request.GET.get("next", ""))
    if sessions.signed_in(request) is not None:
        return HttpResponseRedirect(after)
    service = sign_in_service()
    context = {
        "after": after,
        "start": f"{reverse('sign-in-start')}?{urlencode({'next': after})}",
        "ended": "ended" in request.GET,
        "demo_roles": list(reversed(Role)) if service.has_demo and _is_loopback(request) else [],
    }
    return page(request, "sign_in", context)


@methods("GET")
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider, and let it keep what it needs on its way back."""
    now = clock.now()
    _count(request, now)
    attempt = SignInAttempt.begin(after=destinations.checked(request.GET.get("next", "")), now=now)
    try:
        address = sign_in_service().provider.authorization_url(
            redirect_uri=_callback(request), state=attempt.state, nonce=attempt.nonce, verifier=attempt.verifier
        )
    except ProviderAwayError:
        return failure(request, "provider", after=attempt.after)
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    sessions.keep(response, settings.SIGN_IN_COOKIE, attempt.cookie(), seconds=int(LIFETIME.total_seconds()))
    return response


@methods("GET")
def callback(request: HttpRequest) -> HttpResponse:
    """Take what the browser brings back from the provider; a web session begins, or a page says why not."""
    now = clock.now()
    attempt = SignInAttempt.read(request.COOKIES.get(settings.SIGN_IN_COOKIE, ""), now=now)
    answer = CallbackAnswer(**{name: _parameter(request, name) for name in ("state", "code", "error", "iss")})
    if attempt is None or not attempt.is_answered_by(answer.state):
        # Whatever it was, it did not begin in this browser: neither code nor error is looked at. A sign-in that this
        # browser has on its way stays good: a stranger's link must not end it.
        return _failed(request, "attempt", "", "The answer belongs to no sign-in of this browser.")
    _count(request, now)
    response = _finish(request, attempt, answer, now)
    sessions.drop(response, settings.SIGN_IN_COOKIE)
    return response


@methods("GET", "POST")
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session here, then at the provider, whose way back leads here too."""
    if request.method != "POST":
        is_in = sessions.signed_in(request) is not None
        response = page(request, "signed_out", {"is_in": is_in})
        if not is_in:
            sessions.drop(response, settings.SESSION_TOKEN_COOKIE)
        return response
    token = sessions.token_of(request)
    if token is not None:
        sign_out(token=token, now=clock.now())
    response = page(request, "leaving", {"address": _end_session_address(request), "here": reverse("sign-out")})
    sessions.drop(response, settings.SESSION_TOKEN_COOKIE)
    rotate_token(request)
    return response


@methods("POST")
def demo(request: HttpRequest) -> HttpResponse:
    """Sign in as a demo user, without a password: on a laptop, where it is switched on, and from there only."""
    if not sign_in_service().has_demo or not _is_loopback(request):
        raise Http404
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError:
        raise Http404 from None
    identity = ProvenIdentity(
        id=f"demo-{role.value}", name=f"{role.value.capitalize()} (demo)", roles=frozenset({role})
    )
    after = destinations.checked(request.POST.get("next", ""))
    now = clock.now()
    _count(request, now)
    return _begin_session(request, identity, after=after, now=now)


def _count(request: HttpRequest, now: datetime) -> None:
    """Count a step that costs something before anybody is known. Raises LimitedError, which becomes a page."""
    source = source_of(request)
    spend_sign_in(peer=source.peer, viewer=source.viewer, now=now)


def _finish(request: HttpRequest, attempt: SignInAttempt, answer: CallbackAnswer, now: datetime) -> HttpResponse:
    try:
        identity = prove_identity(
            answer, attempt=attempt, service=sign_in_service(), redirect_uri=_callback(request), now=now
        )
    except SignInFailedError as error:
        return _failed(request, error.page, attempt.after, str(error))
    return _begin_session(request, identity, after=attempt.after, now=now)


def _begin_session(request: HttpRequest, identity: ProvenIdentity, *, after: str, now: datetime) -> HttpResponse:
    # The session that this browser had is ended, whosever it was: nothing that anybody knew before goes on.
    old = sessions.token_of(request)
    if old is not None:
        sign_out(token=old, now=now)
    try:
        began = sign_in(
            identity=identity,
            browser=describe(request.headers.get("User-Agent", "")),
            limits=sign_in_service().limits,
            now=now,
        )
    except DisabledUserError:
        return _failed(request, "disabled", after, "The user is disabled.")
    except ConflictError:
        return _failed(request, "busy", after, "The profile is being changed.")
    response = HttpResponseRedirect(after)
    response["Cache-Control"] = "no-store"
    sessions.keep_session(response, began, now=now)
    rotate_token(request)
    return response


def _failed(request: HttpRequest, code: str, after: str, reason: str) -> HttpResponse:
    log.warning("Sign-in failed", extra={"reason": reason})
    return failure(request, code, after=after)


def _end_session_address(request: HttpRequest) -> str:
    """Return where the provider ends its own session; nothing where it has no such page or cannot be asked."""
    try:
        return sign_in_service().provider.end_session_url(back_to=absolute(request, reverse("sign-out")))
    except ProviderAwayError:
        return ""


def _callback(request: HttpRequest) -> str:
    return absolute(request, reverse("sign-in-callback"))


def _parameter(request: HttpRequest, name: str) -> str:
    """Return a parameter that was given once; one that is doubled or endless counts as none."""
    values = request.GET.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= _PARAMETER_LIMIT else ""


def _is_loopback(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
