"""Series: what editors do with messages that recur. The scheduler makes the messages (`services.making`).

A change holds for messages that were not made yet; those that were are messages of their own.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, NotFoundError, StaleError
from publishing.domain.ids import new_id
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.permissions import Action, Actor, demand
from publishing.domain.series import (
    SERIES_LIMIT,
    Rule,
    Series,
    SeriesDraft,
    SeriesStatus,
    series_problems,
)
from publishing.services.answers import answered
from publishing.services.context import Context
from publishing.store import answers, messages
from publishing.store import series as stored
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError

_STALE = "Somebody changed the series since you read it. Read it again, then repeat your change."


def list_series(*, actor: Actor) -> tuple[Series, ...]:
    """Return all series, by name."""
    demand(actor, Action.READ_SERIES)
    return stored.list_series()


def get_series(*, actor: Actor, series_id: str) -> Series:
    """Return a series; NotFoundError when there is none."""
    demand(actor, Action.READ_SERIES)
    return stored.get_series(series_id)


def create_series(
    *,
    actor: Actor,
    draft: SeriesDraft,
    rule: Rule,
    now: datetime,
    context: Context,
    answer: Callable[[Series], StoredAnswer] | None = None,
) -> Series:
    """Create a series that repeats a message in the name of the actor, with what they may now.

    Raises InvalidError naming every field that is wrong; NotAllowedError; ConflictError when there are too many;
    AnsweredError when the idempotency key of `answer` was used for this very request, KeyReusedError for another one.
    """
    demand(actor, Action.EDIT_SERIES)
    series = Series(
        id=new_id(now), owner=actor.id, roles=actor.roles, name=draft.name or "", message_id=draft.message_id or "",
        rule=rule, created_at=now, updated_at=now,
    )  # fmt: skip
    _check(actor, series, now)
    if len(stored.list_series()) >= SERIES_LIMIT:
        raise ConflictError(f"There are {SERIES_LIMIT} series, which is the most possible. Delete one first.")
    kept = answer(series) if answer else None
    writes = [stored.put_series(series, make_at=series.make_at(now, context.series_horizon))]
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    try:
        transact_with_audit(writes, _record(actor, "create", series, now))
    except TransactionRefusedError as refusal:
        raise answered(kept, refusal) from refusal
    _wake_if_near(series, now, context)
    return series


def edit_series(
    *, actor: Actor, series_id: str, changes: SeriesDraft, rev: int | None, now: datetime, context: Context
) -> Series:
    """Change a series, for messages that were not made yet. One that had ended goes on when its rule names more dates.

    Raises StaleError when `rev` is given and not its own; InvalidError; NotFoundError; NotAllowedError.
    """
    read = _read_for(actor, series_id, rev)
    edited = replace(
        read,
        name=read.name if changes.name is None else changes.name,
        message_id=read.message_id if changes.message_id is None else changes.message_id,
        rule=read.rule if changes.rule is None else changes.rule,
    )
    _check(actor, edited, now, has_new_rule=changes.rule is not None)
    if read.status is SeriesStatus.ENDED and changes.rule is not None:
        edited = replace(edited, status=SeriesStatus.ACTIVE)
    return _change(actor, "edit", read, edited, now=now, context=context)


def pause_series(*, actor: Actor, series_id: str, rev: int | None, now: datetime, context: Context) -> Series:
    """Make no more messages until somebody resumes it. Those that were made stay as they are.

    Raises ConflictError unless it is active; StaleError.
    """
    read = _read_for(actor, series_id, rev)
    if read.status is not SeriesStatus.ACTIVE:
        raise ConflictError(f"The series is {read.status}: there is nothing to pause.")
    return _change(actor, "pause", read, replace(read, status=SeriesStatus.PAUSED), now=now, context=context)


def end_series(*, actor: Actor, series_id: str, rev: int | None, now: datetime, context: Context) -> Series:
    """Make no more messages, for good: unlike a paused one it waits for nobody. Those that were made stay as they are.

    Raises ConflictError when it has ended; StaleError.
    """
    read = _read_for(actor, series_id, rev)
    if read.status is SeriesStatus.ENDED:
        raise ConflictError("The series has ended already: there is nothing to end.")
    ended = replace(read, status=SeriesStatus.ENDED, problem=None)
    return _change(actor, "end", read, ended, now=now, context=context)


def resume_series(*, actor: Actor, series_id: str, rev: int | None, now: datetime, context: Context) -> Series:
    """Let a series go on that was paused, stopped or ended before its last date; what was missed is passed over.

    One that was stopped goes on in the name of the actor. Raises ConflictError for one that is active; InvalidError,
    also when its rule names no further date; StaleError.
    """
    read = _read_for(actor, series_id, rev)
    if read.status is SeriesStatus.ACTIVE:
        raise ConflictError(f"The series is {read.status}: there is nothing to resume.")
    resumed = replace(read, status=SeriesStatus.ACTIVE, problem=None)
    if read.status is SeriesStatus.STOPPED:
        resumed = replace(resumed, owner=actor.id, roles=actor.roles)
    _check(actor, resumed, now)
    return _change(actor, "resume", read, resumed, now=now, context=context)


def delete_series(*, actor: Actor, series_id: str, rev: int | None, now: datetime) -> None:
    """Delete a series. Messages that it made stay as they are. Raises StaleError; NotFoundError."""
    read = _read_for(actor, series_id, rev)
    try:
        transact_with_audit([stored.delete_series(read)], _record(actor, "delete", read, now))
    except TransactionRefusedError as refusal:
        raise StaleError(_STALE) from refusal


def _read_for(actor: Actor, series_id: str, rev: int | None) -> Series:
    demand(actor, Action.EDIT_SERIES)
    read = stored.get_series(series_id)
    if rev is not None and rev != read.rev:
        raise StaleError(_STALE)
    return read


def _check(actor: Actor, series: Series, now: datetime, *, has_new_rule: bool = True) -> None:
    problems = [each for each in series_problems(series, now=now) if has_new_rule or each.code != "past"]
    found = messages.find_message(series.message_id) if series.message_id else None
    if not _may_repeat(actor, found):
        detail = "There is no such message. Write it as a draft first, then name its id."
        problems.append(FieldProblem(pointer="/message", code="unknown_message", detail=detail))
    if problems:
        raise InvalidError(*problems)


def _may_repeat(actor: Actor, found: MessageWithDeliveries | None) -> bool:
    """Tell whether there is such a message; raise NotAllowedError when what a series does is not the actor's to do."""
    if found is None:
        return False
    try:
        demand(actor, Action.READ_MESSAGE, found.message)
    except NotFoundError:
        return False
    # What it makes is scheduled in the actor's name. With review on it is submitted instead.
    demand(actor, Action.CREATE_MESSAGE)
    demand(actor, Action.SCHEDULE_MESSAGE, found.message)
    return True


def _change(actor: Actor, verb: str, read: Series, edited: Series, *, now: datetime, context: Context) -> Series:
    edited = replace(edited, rev=read.rev + 1, updated_at=now)
    change = stored.change_series(edited, read=read, make_at=edited.make_at(now, context.series_horizon))
    try:
        transact_with_audit([change], _record(actor, verb, edited, now))
    except TransactionRefusedError as refusal:
        raise StaleError(_STALE) from refusal
    _wake_if_near(edited, now, context)
    return edited


def _wake_if_near(series: Series, now: datetime, context: Context) -> None:
    make_at = series.make_at(now, context.series_horizon)
    if make_at is not None and make_at <= now + 2 * context.timing.tick:
        context.waker.wake()


def _record(actor: Actor, verb: str, series: Series, now: datetime) -> AuditRecord:
    facts: dict[str, str | int | bool] = {"rev": series.rev, "status": series.status.value}
    return AuditRecord(
        actor=actor.recorded_as, action=f"series.{verb}", target=f"series:{series.id}", at=now, facts=facts
    )
