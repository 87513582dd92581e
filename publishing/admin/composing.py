"""What the composer's buttons do: one service call each, made once however often the form is sent."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from publishing.admin.compose_form import Composition
from publishing.admin.compose_page import DryRun, place_problems
from publishing.domain.draft import Draft, Intent, StoredAnswer
from publishing.domain.errors import AnsweredError, FieldProblem, InvalidError
from publishing.domain.ids import digest
from publishing.domain.limits import PREVIEW
from publishing.domain.message import Message, MessageStatus, MessageWithDeliveries
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.domain.schedule import Due, due_now
from publishing.services import limits
from publishing.services.answers import find_answer
from publishing.services.configured import context
from publishing.services.previewing import preview_message
from publishing.services.scheduling import create_message, edit_message

_SALT: Final = "publishing.admin.composing"
#: Sets the keys of forms apart from those that clients of the API choose.
_FORM: Final = "compose"


class Step(StrEnum):
    """What a button asks for."""

    CHECK = "check"
    SAVE = "save"
    #: Save, then make a series of it.
    REPEAT = "repeat"
    SUBMIT = "submit"
    SCHEDULE = "schedule"
    PUBLISH = "publish"


_INTENTS: Final[Mapping[Step, Intent]] = MappingProxyType(
    {Step.SAVE: Intent.WISH, Step.REPEAT: Intent.WISH, Step.SUBMIT: Intent.SUBMIT}
)


def carry_out(*, actor: Actor, composition: Composition, step: Step, message_id: str | None, now: datetime) -> str:
    """Store a composition as a button asks, and return its message's id. Raises what the services raise."""
    due, intent = _due(composition, step, now), _INTENTS.get(step, Intent.SCHEDULE)
    if message_id is None:
        return _create(actor, composition, composition.draft(due, intent), _fingerprint(composition, step), now=now)
    changed = edit_message(
        actor=actor,
        message_id=message_id,
        changes=composition.changes(due, intent),
        rev=composition.rev,
        now=now,
        context=context(),
    )
    return changed.message.id


def created_by(*, actor: Actor, token: str) -> str | None:
    """Return the id of the message that a form created already, or None."""
    kept = find_answer(user_id=actor.id, key_sha=digest(_FORM, token)) if token else None
    return None if kept is None else kept.body


def dry_run(*, actor: Actor, composition: Composition, now: datetime) -> DryRun:
    """Return what each account would publish, or why that cannot be told. Counted as the API counts previews.

    Raises LimitedError and NotAllowedError.
    """
    limits.spend(PREVIEW, actor.id, now=now)
    found: list[FieldProblem] = []
    due = None
    try:
        due = composition.due(now) if composition.has_time else None
    except InvalidError as error:
        # The time that a message has already may have come meanwhile; only a new one has to lie ahead.
        found += error.problems if composition.has_new_time else ()
    preview = None
    try:
        preview = preview_message(actor=actor, draft=composition.draft(due), now=now, context=context())
    except InvalidError as error:
        found += error.problems
    return DryRun(preview=preview, due=due, problems=place_problems(found, composition))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a message may go on from here."""

    may_schedule: bool
    #: Whether somebody else has to approve what this person writes.
    may_submit: bool


def ways(actor: Actor, message: Message | None, now: datetime) -> Ways:
    """Return what somebody is offered for a message, by their roles and the review."""
    target = message or Message(
        id="", owner=actor.id, status=MessageStatus.DRAFT, text="", created_at=now, updated_at=now
    )
    review = context().review
    # What is changed here is this person's own work, whoever began it.
    changed = replace(target, rev=target.rev + 1, edited_by=actor.id)
    return Ways(
        may_schedule=isinstance(may(actor, Action.SCHEDULE_MESSAGE, target, review=review), Allowed),
        may_submit=not isinstance(may(actor, Action.SCHEDULE_MESSAGE, changed, review=review), Allowed)
        and isinstance(may(actor, Action.SUBMIT_MESSAGE, changed), Allowed),
    )


def is_stored(composition: Composition, step: Step, message: Message) -> bool:
    """Tell whether a message is just what a composition wants: the form was sent twice, and the first one did it."""
    theirs = Composition.of(message, zone=composition.zone)
    if not is_same_content(composition, theirs):
        return False
    match step:
        case Step.PUBLISH:
            return message.status not in {MessageStatus.DRAFT, MessageStatus.IN_REVIEW}
        case Step.SCHEDULE:
            return message.status is MessageStatus.SCHEDULED and composition.clock == theirs.clock
        case Step.SUBMIT:
            return message.status is MessageStatus.IN_REVIEW
        case _:
            return not composition.has_new_time or composition.clock == theirs.clock


def is_same_content(mine: Composition, theirs: Composition) -> bool:
    """Tell whether two compositions say the same to the same accounts."""
    return (
        (mine.text, mine.title, mine.link, dict(mine.variants), set(mine.account_ids))
        == (theirs.text, theirs.title, theirs.link, dict(theirs.variants), set(theirs.account_ids))
    ) and _media(mine) == _media(theirs)


def _due(composition: Composition, step: Step, now: datetime) -> Due | None:
    match step:
        case Step.PUBLISH:
            return due_now(now)
        case Step.SCHEDULE:
            return composition.due(now)
        case Step.SUBMIT:
            return composition.due(now) if composition.has_new_time else None
        case _:
            return _wish(composition, now) if composition.has_new_time else None


def _wish(composition: Composition, now: datetime) -> Due | None:
    """Return the due time of what is only saved: a draft is kept whatever its time, and the page keeps the time."""
    try:
        return composition.due(now)
    except InvalidError:
        if composition.due_was:
            raise
        return None


def _create(actor: Actor, composition: Composition, draft: Draft, request_sha: str, *, now: datetime) -> str:
    if not composition.token:
        detail = _("This form is not whole. Copy your text, load the page again and paste it.")
        raise InvalidError(FieldProblem(pointer="", code="no_token", detail=detail))

    def answer(made: MessageWithDeliveries) -> StoredAnswer:
        return StoredAnswer(
            user_id=actor.id,
            key_sha=digest(_FORM, composition.token),
            request_sha=request_sha,
            status=HTTPStatus.SEE_OTHER,
            body=made.message.id,
        )

    try:
        created = create_message(actor=actor, draft=draft, now=now, context=context(), answer=answer)
    except AnsweredError as error:
        stored = error.stored
        assert isinstance(stored, StoredAnswer)  # noqa: S101 - what the service says of it
        return stored.body
    return created.message.id


def _fingerprint(composition: Composition, step: Step) -> str:
    """Return by what a form is known again: a hash under the application's own secret, as texts could be guessed."""
    content = json.dumps([step, asdict(composition)], sort_keys=True)
    return salted_hmac(_SALT, content, algorithm="sha256").hexdigest()


def _media(composition: Composition) -> list[tuple[str, str]]:
    return [(use.id, use.alt_text) for use in composition.shown_uses()]
