"""One's own page: who you are, what you may do, where you are signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from publishing.adapters import clock
from publishing.admin.pages import desk_page, methods
from publishing.admin.words import ROLES, action_name
from publishing.domain.permissions import Action, Allowed, may
from publishing.identity import sessions
from publishing.identity.provider import sign_in_service
from publishing.services.signing_in import SignedIn, end_session, list_sessions, sign_out_everywhere


@methods("GET")
def me(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, with their roles and web sessions."""
    here = _here(request)
    actor = here.user.as_actor()
    allowed = [action for action in Action if isinstance(may(actor, action), Allowed)]
    context = {
        "profile": here.user,
        "roles": [(role.value, ROLES[role.value]) for role in sorted(here.user.roles)],
        "allowed": [action_name(action) for action in allowed],
        "sessions": list_sessions(actor=actor, limits=sign_in_service().limits, now=clock.now()),
        "current": here.session.key,
    }
    return desk_page(request, "me", context, title=_("Profile and sessions"))


@methods("GET")
def without_slash(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Lead from the address as people type it to the first page."""
    return HttpResponseRedirect(reverse("desk"))


@methods("POST")
def end_one(request: HttpRequest) -> HttpResponse:
    """End one of one's own web sessions."""
    end_session(actor=_here(request).user.as_actor(), key=request.POST.get("session", ""), now=clock.now())
    messages.success(request, _("That browser is signed out."))
    return HttpResponseRedirect(reverse("desk-me"))


@methods("POST")
def end_all(request: HttpRequest) -> HttpResponse:
    """End all of one's own web sessions, this one included."""
    actor = _here(request).user.as_actor()
    sign_out_everywhere(actor=actor, user_id=actor.id, now=clock.now())
    return HttpResponseRedirect(reverse("sign-out"))


@methods("POST")
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language that was chosen, and go on where the reader was."""
    return set_language(request)


def _here(request: HttpRequest) -> SignedIn:
    here = sessions.signed_in(request)
    assert here is not None  # noqa: S101 - the middleware let nobody else in
    return here
