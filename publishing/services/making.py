"""Make the messages of series, each once, some days before it is due. The scheduler does it; no Django here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from publishing.domain.delivery import Delivery
from publishing.domain.errors import FieldProblem
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.domain.outcome import Problem
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.domain.review import Review
from publishing.domain.series import Occurrence, Series, SeriesStatus, occurrence_id
from publishing.services.sendable import addressed_accounts, send_problems
from publishing.store import media, messages, series, users
from publishing.store.audit import SYSTEM_NAME, AuditRecord, audited, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: How many messages of one series a tick makes; the next poll makes more.
_AT_ONCE: Final = 10
_DETAIL_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What all messages of one round share."""

    series: Series
    actor: Actor
    model: Message
    now: datetime
    review_on: bool


def make_occurrences(*, series_id: str, now: datetime, horizon: timedelta, review_on: bool) -> int:
    """Make the messages of a series that are due within the horizon; return how many.

    Each has an id that follows from series and date and is put only if there is none, so that two ticks make it once.
    What is past is passed over. A series whose owner may not go on, or whose message is gone, is stopped, and says why.
    """
    read = series.find_series(series_id)
    if read is None or read.status is not SeriesStatus.ACTIVE:
        return 0
    found = messages.find_message(read.message_id)
    actor, problem = _actor_of(read)
    if found is None:
        problem = _stop("The message that it repeats is gone. Choose another one, then resume the series.")
    elif problem is None and not isinstance(may(actor, Action.READ_MESSAGE, found.message), Allowed):
        problem = _stop("Its owner may not read the message that it repeats. Somebody who may resumes the series.")
    if problem is not None or found is None:
        _advance(read, replace(read, status=SeriesStatus.STOPPED, problem=problem, updated_at=now), now, horizon)
        return 0
    job = _Job(series=read, actor=actor, model=found.message, now=now, review_on=review_on)
    due = [each for each in islice(read.upcoming(now), _AT_ONCE) if each.at <= now + horizon]
    made = sum(_make(job, each) for each in due)
    advanced = replace(read, last_index=due[-1].index) if due else read
    if next(advanced.upcoming(now), None) is None:
        advanced = replace(advanced, status=SeriesStatus.ENDED, updated_at=now)
    _advance(read, advanced, now, horizon)
    return made


def _actor_of(read: Series) -> tuple[Actor, Problem | None]:
    """Return in whose name messages are made, with the rights that are left of those given; or why nobody's."""
    user = users.find_user(read.owner)
    roles = read.roles if user is None else read.roles & user.roles
    actor = Actor(id=read.owner, roles=roles)
    if user is not None and not user.is_active:
        return actor, _stop("Its owner is kept out. Another editor resumes the series, and owns it from then on.")
    if not isinstance(may(actor, Action.EDIT_SERIES), Allowed):
        return actor, _stop("Its owner is no editor any more. An editor resumes the series, and owns it from then on.")
    return actor, None


def _stop(detail: str) -> Problem:
    return Problem(code="series_stopped", detail=detail, retryable=True)


def _make(job: _Job, occurrence: Occurrence) -> bool:
    """Make one message; return False when it was made before."""
    accounts, problems = addressed_accounts(job.actor, tuple(each.account_id for each in job.model.targets))
    message = _message(job, occurrence)
    problems = problems or send_problems(message, accounts)
    if _put(job, _as_it_can_be(job, message, problems)):
        return True
    if messages.find_heads([message.id]):
        return False
    # It is not there, so it was a picture that was deleted meanwhile: the message says so and goes without.
    gone = FieldProblem(pointer="/media", code="unknown_media", detail="A picture of it was deleted. Add another one.")
    return _put(job, _as_it_can_be(job, replace(message, media=()), [gone]))


def _message(job: _Job, occurrence: Occurrence) -> Message:
    model, rule = job.model, job.series.rule
    return Message(
        id=occurrence_id(job.series.id, occurrence),
        owner=job.series.owner,
        edited_by=model.edited_by,
        series_id=job.series.id,
        status=MessageStatus.SCHEDULED,
        text=model.text,
        title=model.title,
        link=model.link,
        media=model.media,
        variants=model.variants,
        targets=build_targets((each.account_id, each.channel) for each in model.targets),
        scheduled_at=occurrence.at,
        zone=rule.zone,
        wall_time=datetime.combine(occurrence.on, rule.at).isoformat(),
        created_at=job.now,
        updated_at=job.now,
    )


def _as_it_can_be(job: _Job, message: Message, problems: list[FieldProblem]) -> Message:
    """Return a message scheduled, in review where that is on, or as a draft that says what is wrong with it."""
    if problems:
        detail = " ".join(problem.detail for problem in problems)[:_DETAIL_LIMIT]
        problem = Problem(code=problems[0].code, detail=detail, retryable=True)
        return replace(message, status=MessageStatus.DRAFT, problem=problem)
    if job.review_on:
        review = Review(submitted_by=job.series.owner, submitted_at=job.now)
        return replace(message, status=MessageStatus.IN_REVIEW, review=review)
    return message


def _put(job: _Job, message: Message) -> bool:
    parts: list[Write] = [messages.put_message(message)]
    if message.status is MessageStatus.SCHEDULED:
        parts += [
            messages.put_delivery(
                Delivery(message_id=message.id, id=each.delivery_id, channel=each.channel, account_id=each.account_id)
            )
            for each in message.targets
        ]
    for use in message.media:
        parts += media.begin_use(use.id, message.id, now=job.now)
    facts: dict[str, str | int | bool] = {"series": job.series.id, "status": message.status.value, "rev": message.rev}
    return _recorded(parts, AuditRecord(
        actor=SYSTEM_NAME, action="message.create", target=f"message:{message.id}", at=job.now, facts=facts
    ))  # fmt: skip


def _recorded(parts: list[Write], record: AuditRecord) -> bool:
    try:
        transact_with_audit(parts, record)
    except TransactionRefusedError:
        return False
    return True


def _advance(read: Series, advanced: Series, now: datetime, horizon: timedelta) -> None:
    """Store how far a series got, unless a person changed it meanwhile: then the next tick goes on from theirs."""
    change = series.change_series(advanced, read=read, make_at=advanced.make_at(now, horizon))
    facts: dict[str, str | int | bool] = {"status": advanced.status.value, "last_index": advanced.last_index}
    target = f"series:{read.id}"
    audited(AuditRecord(actor=SYSTEM_NAME, action="series.advance", target=target, at=now, facts=facts), change)
