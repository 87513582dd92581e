"""Review: submit a message, approve it or send it back with a comment. Nothing that is unapproved is ever dispatched.

An approval holds for one revision. O4 asks for it in its own condition while review is on, whatever path led there.
"""

from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from publishing.domain.draft import UNSET, Unset
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, StaleError
from publishing.domain.message import Message, MessageEvent, MessageStatus, MessageWithDeliveries, allows
from publishing.domain.permissions import Action, Actor, Allowed, demand, may
from publishing.domain.review import Decision, Review, comment_problem
from publishing.domain.schedule import TOLERANCE, Due
from publishing.services.changing import commit, delivery_changes, demand_rev, record, submitted, words
from publishing.services.checking import check_content, check_sendable
from publishing.services.context import Context
from publishing.services.scheduling import arrange
from publishing.store import messages, timers
from publishing.store.audit import AuditRecord

#: How many waiting messages one request reads.
_WAITING: Final = 100


def submit_message(
    *, actor: Actor, message_id: str, due: Due | Unset | None = UNSET, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Ask for a message to be approved. A due time is kept as a wish: approving it schedules the message.

    Without one, a wish that the message has already stays unless it has passed; None takes it away. Raises
    InvalidError when an account would refuse the content; ConflictError when there is nothing to submit; StaleError.
    """
    found = messages.get_message(message_id)
    read = found.message
    demand(actor, Action.SUBMIT_MESSAGE, read)
    demand_rev(read, rev)
    if not allows(read.status, MessageEvent.SUBMIT):
        raise ConflictError(f"The message is {words(read.status)} and cannot be submitted. Duplicate it instead.")
    checked, accounts = check_content(actor=actor, message=read, now=now, context=context, read=read)
    check_sendable(checked, accounts)
    asked = replace(submitted(checked, due, actor=actor, now=now), rev=read.rev + 1, updated_at=now)
    return _replace(found, asked, record(actor, "message.submit", asked, now))


def approve_message(
    *,
    actor: Actor,
    message_id: str,
    rev: int | None,
    comment: str = "",
    due: Due | None = None,
    now: datetime,
    context: Context,
) -> MessageWithDeliveries:
    """Approve a message as it is, and schedule it at the due time that was wished for, or at `due`, atomically.

    Without either it becomes a draft that its editor may schedule. Raises StaleError unless `rev` is the message's own;
    ConflictError when the time that was wished for has passed; NotAllowedError for one's own work.
    """
    found = messages.get_message(message_id)
    read = found.message
    demand(actor, Action.REVIEW_MESSAGE, read, review=context.review)
    if rev is None:
        raise StaleError("Say which revision you read: send its ETag as If-Match, or its rev.")
    _check_comment(comment, is_needed=False)
    _demand_decidable(read, MessageEvent.APPROVE, rev)
    approved = replace(
        read, review=_decided(actor, read, now, decision=Decision.APPROVED, comment=comment), approved_rev=read.rev
    )
    due = due or _wish(read, now)
    if due is None:
        approved = replace(approved, status=MessageStatus.DRAFT, updated_at=now)
        return _replace(found, approved, record(actor, "message.approve", approved, now))
    demand(actor, Action.SCHEDULE_MESSAGE, approved, review=context.review)
    return arrange(
        actor=actor, found=found, wanted=approved, due=due, now=now, context=context, action="message.approve"
    )


def reject_message(
    *, actor: Actor, message_id: str, rev: int | None, comment: str, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Send a message back to its editor as a draft, with a comment that says why; the wished time stays a wish.

    Raises InvalidError without a comment, StaleError, ConflictError when it is not in review, NotAllowedError.
    """
    found = messages.get_message(message_id)
    read = found.message
    demand(actor, Action.REVIEW_MESSAGE, read, review=context.review)
    _check_comment(comment, is_needed=True)
    _demand_decidable(read, MessageEvent.REJECT, rev)
    review = _decided(actor, read, now, decision=Decision.REJECTED, comment=comment)
    rejected = replace(read, status=MessageStatus.DRAFT, review=review, approved_rev=None, updated_at=now)
    return _replace(found, rejected, record(actor, "message.reject", rejected, now))


def list_waiting_for_review(*, actor: Actor, context: Context, limit: int = 25) -> tuple[Message, ...]:
    """Return messages that wait for this actor's decision, the longest waiting first: two requests at most.

    Whoever decides nothing gets none; what one wrote oneself is left out, unless one may approve it. At most 100
    waiting messages are looked at.
    """
    demand(actor, Action.READ_MESSAGE)
    if not isinstance(may(actor, Action.REVIEW_MESSAGE), Allowed):
        return ()
    ids = tuple(timer.message_id for timer in timers.list_in_review(limit=_WAITING))
    heads = messages.find_heads(ids)
    waiting = (heads[each] for each in ids if each in heads and heads[each].status is MessageStatus.IN_REVIEW)
    mine = (each for each in waiting if _may_decide(actor, each, context))
    return tuple(islice(mine, limit))


def _may_decide(actor: Actor, message: Message, context: Context) -> bool:
    return isinstance(may(actor, Action.REVIEW_MESSAGE, message, review=context.review), Allowed)


def _check_comment(comment: str, *, is_needed: bool) -> None:
    problem = comment_problem(comment, is_needed=is_needed)
    if problem:
        raise InvalidError(FieldProblem(pointer="/comment", code=problem[0], detail=problem[1]))


def _demand_decidable(read: Message, event: MessageEvent, rev: int | None) -> None:
    if not allows(read.status, event) or (read.status is MessageStatus.SCHEDULED and read.is_approved):
        raise ConflictError(
            f"The message is {words(read.status)}{' and approved' if read.is_approved else ''}: "
            "there is nothing to decide."
        )
    demand_rev(read, rev)


def _wish(read: Message, now: datetime) -> Due | None:
    if read.scheduled_at is None:
        return None
    if read.scheduled_at < now - TOLERANCE:
        raise ConflictError(
            f"It was wished for {read.scheduled_at:%Y-%m-%d %H:%M} UTC, which has passed. "
            "Approve it with another schedule, or now."
        )
    return Due(at=read.scheduled_at, zone=read.zone, wall_time=read.wall_time)


def _decided(actor: Actor, read: Message, now: datetime, *, decision: Decision, comment: str) -> Review:
    asked = read.review or Review(submitted_by=read.edited_by or read.owner, submitted_at=read.updated_at)
    return replace(asked, decided_by=actor.id, decided_at=now, decision=decision, comment=comment)


def _replace(found: MessageWithDeliveries, changed: Message, change: AuditRecord) -> MessageWithDeliveries:
    kept, writes = delivery_changes(found, changed)
    commit(found, [messages.replace_message(changed, read=found.message), *writes], change)
    return MessageWithDeliveries(message=changed, deliveries=kept)
