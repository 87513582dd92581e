"""Pages: how they are rendered, and one for each thing that can go wrong, with what to do about it."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from publishing import logs

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that went wrong, as a person reads it."""

    status: int
    title: str
    #: What happened, and what to do.
    detail: str
    #: The label of the button that signs in anew; empty where that would not help.
    again: str = "Sign in again"


FAILURES: Final[Mapping[str, Failure]] = {
    "attempt": Failure(
        status=400,
        title="This sign-in is over",
        detail="It took too long, was used already, or began in another browser. Nothing was lost: begin anew. If this "
        "keeps happening, allow cookies for this site.",
    ),
    "denied": Failure(
        status=403,
        title="Sign-in was not completed",
        detail="It was cancelled, or the sign-in service did not let you through. Try again, with another account if "
        "you have one; an administrator can tell which accounts are let in.",
    ),
    "code": Failure(
        status=400,
        title="This sign-in was used already",
        detail="The sign-in service takes each answer once and only for a short time. Begin anew.",
    ),
    "proof": Failure(
        status=400,
        title="The sign-in could not be verified",
        detail="What the sign-in service sent does not prove who you are. Begin anew; if it happens again, tell an "
        "administrator, who finds the reason in the log under the number below.",
    ),
    "clock": Failure(
        status=400,
        title="The clocks differ",
        detail="This server and the sign-in service disagree about the time, so that no sign-in can be verified. Your "
        "account is fine. Tell an administrator to check the server's clock, then try again.",
        again="Try again",
    ),
    "provider": Failure(
        status=503,
        title="The sign-in service does not answer",
        detail="It cannot be reached just now, or reports a fault of its own. Wait a moment, then try again.",
        again="Try again",
    ),
    "disabled": Failure(
        status=403,
        title="Your access is disabled",
        detail="You are who you say you are, but an administrator disabled your access. Ask one to enable it again.",
        again="",
    ),
    "limited": Failure(
        status=429,
        title="Too many sign-ins",
        detail="There were very many in the last minutes, by you or from where you are. Nothing was lost: wait some "
        "minutes, then begin anew.",
        again="Try again",
    ),
    "busy": Failure(
        status=409,
        title="Something else is changing your profile",
        detail="Another browser or an administrator does so at this very moment. Nothing was done here: try again.",
        again="Try again",
    ),
    "form": Failure(
        status=403,
        title="This page was open for too long",
        detail="What you sent could not be matched to this browser, so nothing was done. Go back, load the page again "
        "and repeat. Cookies must be allowed for this site.",
        again="",
    ),
    "unavailable": Failure(
        status=503,
        title="Something that is needed does not answer",
        detail="Nothing was lost. Wait a moment, then load the page again.",
        again="",
    ),
    "not_found": Failure(
        status=404, title="There is no such page", detail="Check the address, or go to the first page.", again=""
    ),
    "method": Failure(
        status=405, title="This page cannot be used like that", detail="Go to the first page and begin there.", again=""
    ),
    "not_allowed": Failure(
        status=403, title="You may not do this", detail="Your roles do not allow it. An administrator can change them.",
        again="",
    ),
    "gone": Failure(
        status=404, title="It is not there any more", detail="Go to the first page and look again.", again=""
    ),
    "internal": Failure(
        status=500,
        title="Something went wrong here",
        detail="It is our fault, and it was noted. Try again; if it happens again, tell an administrator the number "
        "below.",
        again="",
    ),
}  # fmt: skip


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Return a page that nobody keeps: neither a proxy nor the browser's own store."""
    response = render(request, f"publishing/pages/{template}.html", dict(context or {}), status=status)
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
