"""The composer's views: write a message, see what each account would make of it, save, schedule or publish it."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from publishing.adapters import clock
from publishing.admin.compose_form import Composition, known_zone, prefilled, read_token
from publishing.admin.compose_page import WHOLE, Problem, place_problems, present
from publishing.admin.compose_view import Sheet, show
from publishing.admin.composing import Step, carry_out, created_by, dry_run, is_stored
from publishing.admin.pages import methods
from publishing.admin.sentences import say
from publishing.domain.errors import (
    ConflictError,
    InvalidError,
    KeyReusedError,
    LimitedError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from publishing.domain.ids import new_secret
from publishing.domain.message import EDITABLE, Message
from publishing.domain.permissions import Action, Actor, Allowed, demand, may
from publishing.services import queries
from publishing.services.configured import context

#: The zone that a browser told or a person chose, in which times are shown.
ZONE_COOKIE: Final = "omnipub-zone"
_DONE: Final = {
    Step.SAVE: _lazy("Saved."),
    Step.SUBMIT: _lazy("Submitted: somebody who may approve it is asked to."),
    Step.SCHEDULE: _lazy("Scheduled."),
    Step.PUBLISH: _lazy("On its way: it is published now."),
}


@methods("GET", "POST")
def compose(request: HttpRequest) -> HttpResponse:
    """Write a new message. The address holds the form's token, so that Back leads to what the form created."""
    actor = _actor(request)
    demand(actor, Action.CREATE_MESSAGE)
    if request.method == "POST":
        return _act(request)
    token = read_token(request.GET.get("draft", ""))
    if not token:
        asked = {name: request.GET[name] for name in ("at", "zone") if name in request.GET}
        return HttpResponseRedirect(f"{reverse('desk-compose')}?{urlencode({'draft': new_secret(), **asked})}")
    if made := created_by(actor=actor, token=token):
        return HttpResponseRedirect(reverse("desk-compose-message", args=[made]))
    at, zone = request.GET.get("at", ""), _zone(request)
    return show(request, Sheet(actor=actor, composition=prefilled(Composition(token=token), at=at, zone=zone)))


@methods("GET", "POST")
def compose_message(request: HttpRequest, message_id: str) -> HttpResponse:
    """Change a message that was not dispatched yet; others lead to their own page."""
    actor = _actor(request)
    if request.method == "POST":
        return _act(request, message_id)
    message = queries.get_message(actor=actor, message_id=message_id).message
    if message.status not in EDITABLE or not isinstance(may(actor, Action.EDIT_MESSAGE, message), Allowed):
        return HttpResponseRedirect(address_of(message.id))
    zone = _zone(request)
    composition = Composition.of(message, zone=zone)
    if not composition.has_time:
        composition = prefilled(composition, at=request.GET.get("at", ""), zone=zone)
    composition = replace(composition, token=new_secret())
    return show(request, Sheet(actor=actor, composition=composition, message=message))


@methods("POST")
def preview(request: HttpRequest) -> HttpResponse:
    """Answer with what each account would publish, as data for the page's scripts. Nothing is written."""
    actor, composition = _actor(request), Composition.read(request.POST)
    try:
        run = dry_run(actor=actor, composition=composition, now=clock.now())
    except LimitedError as error:
        limited = JsonResponse({"detail": say(str(error)), "retry_after": error.retry_after}, status=429)
        limited["Retry-After"] = str(error.retry_after)
        return limited
    accounts = queries.list_accounts(actor=actor)
    return JsonResponse(present(run, composition, accounts, media_url=context().media_url))


def address_of(message_id: str) -> str:
    """Return where a message's own page is."""
    return reverse("desk-message", args=[message_id])


def _act(request: HttpRequest, message_id: str | None = None) -> HttpResponse:
    """Do what the button asks; whatever is wrong, the page comes back with everything that was typed."""
    asked = request.POST.get("action", "")
    sheet = Sheet(
        actor=_actor(request),
        composition=Composition.read(request.POST),
        # A button that does not exist must write nothing.
        step=Step(asked) if asked in list(Step) else Step.CHECK,
        message_id=message_id,
    )
    try:
        return _carried_out(request, sheet)
    except InvalidError as error:
        problems = place_problems(error.problems, sheet.composition)
        return _again(request, sheet, problems, HTTPStatus.UNPROCESSABLE_ENTITY)
    except LimitedError as error:
        return _again(request, sheet, _whole(error), HTTPStatus.TOO_MANY_REQUESTS)
    except NotAllowedError as error:
        return _again(request, sheet, _whole(error), HTTPStatus.FORBIDDEN)
    except KeyReusedError:
        made = created_by(actor=sheet.actor, token=sheet.composition.token)
        return _overtaken(request, replace(sheet, message_id=made), None)
    except (StaleError, ConflictError, NotFoundError) as error:
        return _overtaken(request, sheet, error)


def _carried_out(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    now = clock.now()
    if sheet.step is Step.CHECK:
        run = dry_run(actor=sheet.actor, composition=sheet.composition, now=now)
        return _again(request, replace(sheet, run=run), run.problems, HTTPStatus.OK)
    done = carry_out(
        actor=sheet.actor, composition=sheet.composition, step=sheet.step, message_id=sheet.message_id, now=now
    )
    return _leave(sheet, request, done)


def _again(request: HttpRequest, sheet: Sheet, problems: list[Problem], status: HTTPStatus) -> HttpResponse:
    return show(request, replace(sheet, message=_stored(sheet), problems=problems), status=status)


def _overtaken(request: HttpRequest, sheet: Sheet, error: Exception | None) -> HttpResponse:
    """Answer a form that came too late: the message is another one by now, or there is none any more."""
    stored = _stored(sheet)
    if stored is None:
        detail = _("The message was deleted meanwhile. What you wrote is still here: save it as a new one.")
        problems = [Problem(field=WHOLE, detail=detail)]
        late = replace(sheet, problems=problems, is_orphan=True)
    elif is_stored(sheet.composition, sheet.step, stored):
        return _leave(sheet, request, stored.id)
    elif stored.status not in EDITABLE:
        late = replace(sheet, message=stored, problems=_whole(error), is_orphan=True)
    elif error is None or isinstance(error, StaleError):
        is_own = stored.edited_by == sheet.actor.id
        name = "" if is_own else queries.get_editor_name(actor=sheet.actor, message=stored) or _("Somebody")
        late = replace(sheet, message=stored, is_conflict=True, changed_by=name)
    else:
        late = replace(sheet, message=stored, problems=_whole(error))
    return show(request, late, status=HTTPStatus.CONFLICT)


def _leave(sheet: Sheet, request: HttpRequest, message_id: str) -> HttpResponse:
    """Lead away from a form that was carried out, so that loading the page again does nothing twice."""
    messages.success(request, _DONE[sheet.step])
    if sheet.step is not Step.SAVE:
        return HttpResponseRedirect(address_of(message_id), status=HTTPStatus.SEE_OTHER)
    composition = sheet.composition
    query = {"saved": composition.token}
    if composition.has_new_time:
        query |= {"at": composition.wall, "zone": composition.zone}
    address = reverse("desk-compose-message", args=[message_id])
    return HttpResponseRedirect(f"{address}?{urlencode(query)}", status=HTTPStatus.SEE_OTHER)


def _stored(sheet: Sheet) -> Message | None:
    if sheet.message_id is None:
        return None
    try:
        return queries.get_message(actor=sheet.actor, message_id=sheet.message_id).message
    except NotFoundError:
        return None


def _whole(error: Exception | None) -> list[Problem]:
    return [Problem(field=WHOLE, detail=say(str(error)))] if error is not None else []


def _zone(request: HttpRequest) -> str:
    asked = request.GET.get("zone", "") or request.COOKIES.get(ZONE_COOKIE, "")
    return known_zone(asked) or "UTC"


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
