"""The composer's page, put together: one read of the accounts, and whatever the form holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.compose_form import Composition
from publishing.admin.compose_page import (
    WHOLE,
    DryRun,
    Problem,
    by_field,
    choices,
    present,
    utc_words,
    wordings,
    zones,
)
from publishing.admin.composing import Step, may_schedule
from publishing.admin.conflicts import differences
from publishing.admin.pages import desk_page
from publishing.domain.account import Account
from publishing.domain.ids import new_secret
from publishing.domain.message import Message
from publishing.domain.permissions import Actor
from publishing.services import queries
from publishing.services.configured import context


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form on its way back to the person who filled it in."""

    actor: Actor
    composition: Composition
    #: What its button asked for.
    step: Step = Step.SAVE
    #: Of the message that it changes; None for a new one.
    message_id: str | None = None
    #: That message as it is stored now; None for a new one.
    message: Message | None = None
    problems: list[Problem] = field(default_factory=list)
    run: DryRun | None = None
    #: Whether somebody else changed the message since the form was opened.
    is_conflict: bool = False
    #: Whether the message can no longer take what was typed: it is gone, or on its way.
    is_orphan: bool = False


def show(request: HttpRequest, sheet: Sheet, *, status: int = HTTPStatus.OK) -> HttpResponse:
    """Return the page."""
    accounts = queries.list_accounts(actor=sheet.actor)
    title = _("New message") if sheet.message is None else _("Edit message")
    return desk_page(request, "compose", _context(sheet, accounts), title=title, status=status)


def _context(sheet: Sheet, accounts: Sequence[Account]) -> dict[str, Any]:
    composition, message = sheet.composition, sheet.message
    offered = choices(accounts, composition, message)
    problems = sheet.problems
    presented = present(sheet.run, composition, accounts, media_url=context().media_url) if sheet.run else None
    return {
        "form": composition,
        "message": message,
        "rev": message.rev if message else None,
        "action": _action(sheet),
        "token": new_secret() if sheet.is_orphan else composition.token,
        "choices": offered,
        "wordings": wordings(composition, offered, problems),
        "problems": problems,
        "errors": by_field(problems),
        "whole": WHOLE,
        "offsets": composition.offsets() if composition.date and composition.time else (),
        "zones": zones(),
        "zone_is_listed": any(composition.zone in names for _region, names in zones()) or composition.zone == "UTC",
        "preview": presented,
        "is_conflict": sheet.is_conflict,
        "is_orphan": sheet.is_orphan,
        "differences": differences(composition, message, offered) if sheet.is_conflict and message else (),
        "changed_at": utc_words(message.updated_at) if message else "",
        "may_schedule": may_schedule(sheet.actor, message, clock.now()),
        "draft_key": f"{sheet.actor.id}:{message.id if message and not sheet.is_orphan else composition.token}",
        "is_scheduled": message is not None and bool(message.scheduled_at),
        "is_own_form": bool(problems or sheet.is_conflict or sheet.run),
        "words": _words(),
    }


def _action(sheet: Sheet) -> str:
    if sheet.message is None or sheet.is_orphan:
        return reverse("desk-compose")
    return reverse("desk-compose-message", args=[sheet.message.id])


def _words() -> dict[str, str]:
    """Return what the page's scripts say, so that it can be translated where everything else is."""
    return {
        "same": _("Same as the main text"),
        "own": _("Own wording"),
        "restored": _("What you had written before was brought back. It is not saved yet."),
        "found": _("This browser still holds another version that you wrote."),
        "bring_back": _("Bring it back"),
        "discard": _("Discard it"),
        "session": _("Your session has ended. What you wrote is kept in this tab."),
        "sign_in": _("Sign in again"),
        "away": _("The preview cannot be reached just now. Saving may still work."),
        "limited": _("Too many previews just now; the next one follows in a moment."),
        "empty": _("Choose an account and write something: here you see what it becomes there."),
        "fine": _("Everything fits."),
        "problems": _("Problems: {count}."),
        "now": _("just now"),
        "picture_refused": _("Pictures not shown there"),
        "pictures_fine": _("takes the pictures"),
        "twice": _("The clock shows this time twice that day. Which one?"),
        "first": _("The first, before the change"),
        "second": _("The second, after it"),
        "of": _("{length} of {limit} {unit}"),
        "length": _("{length} {unit}"),
    }
