"""The desk's first page: who you are, what you may do, where you are signed in."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from publishing.adapters import clock
from publishing.admin.pages import methods, page
from publishing.domain.permissions import Action, Allowed, may
from publishing.identity import sessions
from publishing.identity.provider import sign_in_service
from publishing.services.signing_in import SignedIn, end_session, list_sessions, sign_out_everywhere


@methods("GET")
def home(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, with their roles and web sessions."""
    here = _here(request)
    actor = here.user.as_actor()
    allowed = [action for action in Action if isinstance(may(actor, action), Allowed)]
    context = {
        "user": here.user,
        "roles": sorted(role.value for role in here.user.roles),
        "allowed": [action.value.replace("_", " ") for action in allowed],
        "sessions": list_sessions(actor=actor, limits=sign_in_service().limits, now=clock.now()),
        "current": here.session.key,
    }
    return page(request, "desk", context)


@methods("GET")
def without_slash(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Lead from the address as people type it to the first page."""
    return HttpResponseRedirect(reverse("desk"))


@methods("POST")
def end_one(request: HttpRequest) -> HttpResponse:
    """End one of one's own web sessions."""
    end_session(actor=_here(request).user.as_actor(), key=request.POST.get("session", ""), now=clock.now())
    return HttpResponseRedirect(reverse("desk"))


@methods("POST")
def end_all(request: HttpRequest) -> HttpResponse:
    """End all of one's own web sessions, this one included."""
    actor = _here(request).user.as_actor()
    sign_out_everywhere(actor=actor, user_id=actor.id, now=clock.now())
    return HttpResponseRedirect(reverse("sign-out"))


def _here(request: HttpRequest) -> SignedIn:
    here = sessions.signed_in(request)
    assert here is not None  # noqa: S101 - the middleware let nobody else in
    return here
