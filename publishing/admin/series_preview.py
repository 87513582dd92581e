"""The next times of a series while its rule is typed: computed by the code that makes its messages."""

from typing import Any, Final

from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.base import actor_of
from publishing.admin.sentences import say
from publishing.admin.series_form import POINTERS, RuleForm
from publishing.admin.series_panel import repeats_of, times_of
from publishing.domain.errors import InvalidError
from publishing.services.foreseeing import Repeated, describe_series, foresee_rule

#: How many times to come a series' page shows.
NEXT: Final = 5
_PARTS: Final = "publishing/desk/parts/series_{}.html"


def preview(request: HttpRequest) -> HttpResponse:
    """Answer with two pieces of the page, as it would show them for what is typed, and with problems by their fields.

    What is only missing yet is no problem: who is still typing knows. Nothing is written, and no query is made.
    """
    now, actor = clock.now(), actor_of(request)
    message_id = request.POST.get("message_id", "")[:26]
    repeated = describe_series(actor=actor, message_id=message_id, series=None, now=now)
    form = RuleForm(request.POST)
    problems = {} if form.is_valid() else _problems(form)
    times: dict[str, Any] = {"may_skip": True}
    if form.is_valid():
        rule = form.rule()
        series_id = request.POST.get("series", "")[:26] or None
        try:
            upcoming = foresee_rule(actor=actor, rule=rule, series_id=series_id, now=now, limit=NEXT)
            times |= {**times_of(rule, upcoming, repeated), "is_all": len(upcoming) < NEXT}
        except InvalidError as error:
            for problem in error.problems:
                problems.setdefault(_field(problem.pointer), []).append(say(problem.detail))
    return JsonResponse({
        "times": _part(request, "next", {**times, "has_problems": bool(problems)}),
        "repeats": _part(request, "repeats", _shown(repeated, message_id)),
        "problems": problems,
    })  # fmt: skip


def preview_texts() -> dict[str, str]:
    """Return what the script of the form says by itself."""
    return {
        "away": _("The next times cannot be reached just now. Saving may still work."),
        "signed_out": _("You are signed out. Sign in again in another tab: what you typed is still here."),
    }


def _shown(repeated: Repeated, message_id: str) -> dict[str, Any]:
    return repeats_of(repeated, message_id=message_id)


def _problems(form: Form) -> dict[str, list[str]]:
    return {
        name: sentences
        for name, errors in form.errors.as_data().items()
        if (sentences := [str(text) for error in errors if error.code != "required" for text in error.messages])
    }


def _field(pointer: str) -> str:
    """Return the field that a use case's pointer is about; that of the last day for the rule as a whole."""
    return POINTERS.get("/".join(pointer.split("/")[:3]), "ends_on")


def _part(request: HttpRequest, name: str, facts: dict[str, Any]) -> str:
    return render_to_string(_PARTS.format(name), facts, request=request)
