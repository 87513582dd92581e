"""Pages: how they are rendered, and one for each thing that can go wrong, with what to do about it."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publishing import logs

View = Callable[..., HttpResponse]
_SIGN_IN_AGAIN: Final = _("Sign in again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that went wrong, as a person reads it."""

    status: int
    title: str | Promise
    #: What happened, and what to do.
    detail: str | Promise
    #: The label of the button that signs in anew; empty where that would not help.
    again: str | Promise = _SIGN_IN_AGAIN


FAILURES: Final[Mapping[str, Failure]] = {
    "attempt": Failure(
        status=400,
        title=_("This sign-in is over"),
        detail=_(
            "It took too long, was used already, or began in another browser. Nothing was lost: begin anew. If "
            "this keeps happening, allow cookies for this site."
        ),
    ),
    "denied": Failure(
        status=403,
        title=_("Sign-in was not completed"),
        detail=_(
            "It was cancelled, or the sign-in service did not let you through. Try again, with another account if"
            " you have one; an administrator can tell which accounts are let in."
        ),
    ),
    "code": Failure(
        status=400,
        title=_("This sign-in was used already"),
        detail=_("The sign-in service takes each answer once and only for a short time. Begin anew."),
    ),
    "proof": Failure(
        status=400,
        title=_("The sign-in could not be verified"),
        detail=_(
            "What the sign-in service sent does not prove who you are. Begin anew; if it happens again, tell an "
            "administrator, who finds the reason in the log under the number below."
        ),
    ),
    "clock": Failure(
        status=400,
        title=_("The clocks differ"),
        detail=_(
            "This server and the sign-in service disagree about the time, so that no sign-in can be verified. "
            "Your account is fine. Tell an administrator to check the server's clock, then try again."
        ),
        again=_("Try again"),
    ),
    "provider": Failure(
        status=503,
        title=_("The sign-in service does not answer"),
        detail=_("It cannot be reached just now, or reports a fault of its own. Wait a moment, then try again."),
        again=_("Try again"),
    ),
    "disabled": Failure(
        status=403,
        title=_("Your access is disabled"),
        detail=_("You are who you say you are, but an administrator disabled your access. Ask one to enable it again."),
        again="",
    ),
    "limited": Failure(
        status=429,
        title=_("Too many sign-ins"),
        detail=_(
            "There were very many in the last minutes, by you or from where you are. Nothing was lost: wait some "
            "minutes, then begin anew."
        ),
        again=_("Try again"),
    ),
    "busy": Failure(
        status=409,
        title=_("Something else is changing your profile"),
        detail=_("Another browser or an administrator does so at this very moment. Nothing was done here: try again."),
        again=_("Try again"),
    ),
    "form": Failure(
        status=403,
        title=_("This page was open for too long"),
        detail=_(
            "What you sent could not be matched to this browser, so nothing was done. Go back, load the page "
            "again and repeat. Cookies must be allowed for this site."
        ),
        again="",
    ),
    "unavailable": Failure(
        status=503,
        title=_("Something that is needed does not answer"),
        detail=_("Nothing was lost. Wait a moment, then load the page again."),
        again="",
    ),
    "not_found": Failure(
        status=404, title=_("There is no such page"), detail=_("Check the address, or go to the first page."), again=""
    ),
    "method": Failure(
        status=405,
        title=_("This page cannot be used like that"),
        detail=_("Go to the first page and begin there."),
        again="",
    ),
    "not_allowed": Failure(
        status=403,
        title=_("You may not do this"),
        detail=_("Your roles do not allow it. An administrator can change them."),
        again="",
    ),
    "gone": Failure(
        status=404, title=_("It is not there any more"), detail=_("Go to the first page and look again."), again=""
    ),
    "internal": Failure(
        status=500,
        title=_("Something went wrong here"),
        detail=_(
            "It is our fault, and it was noted. Try again; if it happens again, tell an administrator the number below."
        ),
        again="",
    ),
}


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Return a page that nobody keeps: neither a proxy nor the browser's own store."""
    response = render(request, f"publishing/pages/{template}.html", dict(context or {}), status=status)
    response["Cache-Control"] = "no-store"
    return response


def desk_page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, title: str, status: int = 200
) -> HttpResponse:
    """Return a page inside the desk's frame: header, navigation, what was just done. Templates extend `base_site`."""
    from publishing.admin.site import desk  # the site's pages need this module

    whole = {**desk.each_context(request), "title": title, **(context or {})}
    request.current_app = desk.name  # as Django's own views set it
    response = render(request, f"publishing/desk/{template}.html", whole, status=status)
    response["Cache-Control"] = "no-store"
    return response


def failure(request: HttpRequest, code: str, *, after: str = "", retry_after: int = 0) -> HttpResponse:
    """Return the page for something that went wrong; `after` is where the browser wanted to go.

    `retry_after` is in how many seconds it may be tried again, where that is known.
    """
    what = FAILURES[code]
    # The number is in the log too, by which an administrator finds what happened.
    context = {"failure": what, "code": code, "number": logs.correlation_id(), "after": after, "first": reverse("desk")}
    response = page(request, "failure", context, status=what.status)
    if retry_after or what.status == 503:
        response["Retry-After"] = str(retry_after or 5)
    return response


def methods(*allowed: str) -> Callable[[View], View]:
    """Let only these methods through to a view; HEAD goes with GET."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - any view's
            asked = "GET" if request.method == "HEAD" else request.method
            if asked in allowed:
                return view(request, *args, **kwargs)
            response = failure(request, "method")
            response["Allow"] = ", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])])
            return response

        return checked

    return decorate


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page for a form that did not come from this browser's own page."""
    return failure(request, "form")


def absolute(request: HttpRequest, path: str) -> str:
    """Return the address of a path of ours as the world writes it."""
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    return f"{request.scheme}://{request.get_host()}{path}"
