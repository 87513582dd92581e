"""A message's page: what it says, what became of it on every channel, and what can be done about that."""

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.message_actions import DECISIONS, ON_DELIVERIES, ON_MESSAGES, Click
from publishing.admin.pages import desk_page, methods
from publishing.admin.review_panel import Typed, panel_of, typed_in
from publishing.admin.sentences import say
from publishing.admin.timelines import cards_of, rights_of
from publishing.admin.words import label_of
from publishing.domain.account import Account
from publishing.domain.draft import MessageHistory
from publishing.domain.errors import ConflictError, InvalidError, KeyReusedError, StaleError
from publishing.domain.message import Message
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.services import queries
from publishing.services.configured import context

#: What is told to the person who clicked, beside the page as it is.
_TOLD = (ConflictError, StaleError, InvalidError, KeyReusedError)
#: What shows a decision again instead, so that nothing that was typed is lost.
_UNDECIDED = (ConflictError, StaleError, InvalidError)


@methods("GET")
def message_page(request: HttpRequest, message_id: str) -> HttpResponse:
    """Show the message."""
    history = queries.get_history(actor=_actor(request), message_id=message_id)
    return desk_page(request, "message", _facts(request, history), title=_title(history.message))


@methods("GET")
def message_live(request: HttpRequest, message_id: str) -> HttpResponse:
    """Answer with the part of the page that changes by itself."""
    history = queries.get_history(actor=_actor(request), message_id=message_id)
    response = render(request, "publishing/desk/parts/message_live.html", _facts(request, history))
    response["Cache-Control"] = "no-store"
    return response


@methods("POST")
def message_action(request: HttpRequest, message_id: str, action: str) -> HttpResponse:
    """Carry out what a button of the page says, and go back to it."""
    click = Click(request=request, actor=_actor(request), message_id=message_id, now=clock.now())
    if action not in DECISIONS:
        return _told(click, ON_MESSAGES[action])
    try:
        return _told(click, ON_MESSAGES[action], but=_UNDECIDED)
    except _UNDECIDED as error:
        return _decided_badly(click, action, error)


@methods("POST")
def delivery_action(request: HttpRequest, message_id: str, delivery_id: str, action: str) -> HttpResponse:
    """Carry out what a button of one delivery says, and go back to it."""
    click = Click(
        request=request, actor=_actor(request), message_id=message_id, now=clock.now(), delivery_id=delivery_id
    )
    if action != "resolve":
        return _told(click, ON_DELIVERIES[action])
    try:
        return _told(click, ON_DELIVERIES[action], but=InvalidError)
    except InvalidError as error:
        return _resolved_badly(request, message_id, delivery_id, error)


def _resolved_badly(request: HttpRequest, message_id: str, delivery_id: str, error: InvalidError) -> HttpResponse:
    """Show the page again with what is wrong next to its field, and what was typed still in it."""
    history = queries.get_history(actor=_actor(request), message_id=message_id)
    typed = {"delivery": delivery_id, "url": request.POST.get("url", ""), "detail": say(str(error))}
    facts = {**_facts(request, history), "resolving": typed}
    return desk_page(request, "message", facts, title=_title(history.message), status=422)


def _decided_badly(click: Click, action: str, error: Exception) -> HttpResponse:
    """Show the message as it is now, why nothing was decided, and what was typed still in its field."""
    history = queries.get_history(actor=click.actor, message_id=click.message_id)
    is_stale = isinstance(error, StaleError)
    whole = _changed_by(history) if is_stale else say(str(error))
    typed = typed_in(click.request.POST, action=action, error=error, whole=whole)
    facts = {**_facts(click.request, history, typed), "is_changed": is_stale}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, InvalidError) else HTTPStatus.CONFLICT
    return desk_page(click.request, "message", facts, title=_title(history.message), status=status)


def _changed_by(history: MessageHistory) -> str:
    """Say who changed a message since the reader saw it."""
    message = history.message
    who = history.name_of(message.edited_by) if message.edited_by else _("Somebody")
    text = _("%(who)s changed the message at %(when)s. You see it as it is now: read it, then decide.")
    return text % {"who": who, "when": date_format(timezone.localtime(message.updated_at), f"{_('j M Y')}, H:i")}


def _told(
    click: Click,
    act: Callable[[Click], str],
    *,
    but: type[Exception] | tuple[type[Exception], ...] | None = None,
) -> HttpResponse:
    """Act, tell what happened, and lead on: to what the act names, else back to the message."""
    try:
        address = act(click)
    except _TOLD as error:
        if but is not None and isinstance(error, but):
            raise
        messages.error(click.request, say(str(error)))
        address = ""
    back = reverse("desk-message", args=[click.message_id]) + (f"#{click.delivery_id}" if click.delivery_id else "")
    response = HttpResponseRedirect(address or back)
    response.status_code = 303
    return response


def _title(message: Message) -> str:
    return message.title or " ".join(message.text.split())[:70] or _("Message")


def _facts(request: HttpRequest, history: MessageHistory, typed: Typed | None = None) -> dict[str, Any]:
    actor, process = _actor(request), context()
    message = history.message
    return {
        "message": message,
        "owner_name": history.name_of(message.owner),
        "review": panel_of(history, actor, review=process.review, now=clock.now(), typed=typed),
        "cards": cards_of(history, actor, review=process.review),
        "rights": rights_of(history, actor, review=process.review),
        "may_repeat": isinstance(may(actor, Action.EDIT_SERIES), Allowed),
        "targets": _targets(history),
        "variants": [(channel, variant.text) for channel, variant in message.variants.items()],
        "pictures": _pictures(message, process.media_url),
        "status_label": label_of(message.status),
        "duplicate_token": secrets.token_urlsafe(),
        "live_from": _live_from(message),
    }


def _targets(history: MessageHistory) -> list[tuple[str, Account | None]]:
    return [(target.channel, history.accounts.get(target.account_id)) for target in history.message.targets]


def _pictures(message: Message, media_url: str) -> list[dict[str, str]]:
    """Return the smallest file of each picture that is still one to look at, and each video."""
    found = []
    for use in message.media:
        if use.is_video:
            found.append({"url": "", "video": f"{media_url}/{use.renditions[0].key}", "alt": use.alt_text})
        elif use.renditions:
            small = min(use.renditions, key=lambda each: each.size)
            found.append({"url": f"{media_url}/{small.key}", "alt": use.alt_text})
    return found


def _live_from(message: Message) -> str:
    """Return from when on the page looks by itself; empty where nothing happens by itself."""
    if message.status.is_under_way:
        return "now"
    is_scheduled = message.status.value == "scheduled" and message.scheduled_at is not None
    return message.scheduled_at.isoformat() if is_scheduled and message.scheduled_at else ""


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
