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
from publishing.admin.composing import Step, ways
from publishing.admin.conflicts import differences
from publishing.admin.media.picker import picker
from publishing.admin.pages import desk_page
from publishing.domain.account import Account
from publishing.domain.ids import new_secret
from publishing.domain.message import Message, MessageStatus
from publishing.domain.permissions import Action, Actor, Allowed, may
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
    #: The name of whoever did.
    changed_by: str = ""
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
    # What a message can no longer take becomes a new one, made once as any other.
    token = composition.token if composition.token and not sheet.is_orphan else new_secret()
    key = message.id if message and not sheet.is_orphan else token
    presented = present(sheet.run, composition, accounts, media_url=context().media_url) if sheet.run else None
    return {
        "form": composition,
        "message": message,
        "rev": message.rev if message else None,
        "action": _action(sheet, token),
        "token": token,
        "choices": offered,
        "wordings": wordings(composition, offered, problems),
        "picker": picker(sheet.actor, composition.shown_uses()),
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
        "ways": ways(sheet.actor, message, clock.now()),
        "changed_by": sheet.changed_by,
        "may_use_texts": isinstance(may(sheet.actor, Action.READ_TEMPLATE), Allowed),
        "draft_key": key,
        "is_scheduled": message is not None and message.status is MessageStatus.SCHEDULED,
        "is_own_form": bool(problems or sheet.is_conflict or sheet.run),
        "words": _words(),
    }


def _action(sheet: Sheet, token: str) -> str:
    if sheet.message is None or sheet.is_orphan:
        # With the token in the address, Back and a sign-in on the way lead to this very form.
        return f"{reverse('desk-compose')}?draft={token}"
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
        "picture_refused": _("Media not shown there"),
        "pictures_fine": _("takes the media"),
        "templates": _("Insert a template"),
        "groups": _("Insert hashtags"),
        "no_templates": _("There are no templates yet. Whoever may write messages can make one under Templates."),
        "no_groups": _("There are no groups of hashtags yet. Whoever may write messages can make one under Hashtags."),
        "insert": _("Insert"),
        "twice": _("The clock shows this time twice that day. Which one?"),
        "first": _("The first, before the change"),
        "second": _("The second, after it"),
        "of": _("{length} of {limit} {unit}"),
        "length": _("{length} {unit}"),
    }
