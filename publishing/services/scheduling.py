"""Write, change and schedule messages. Each use case is one transaction: the change, its audit record, its answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.draft import UNSET, Changes, Draft, StoredAnswer
from publishing.domain.errors import (
    ConflictError,
    FieldProblem,
    InvalidError,
    StaleError,
)
from publishing.domain.ids import new_id
from publishing.domain.message import (
    EDITABLE,
    Message,
    MessageEvent,
    MessageStatus,
    MessageWithDeliveries,
    Target,
    allows,
    build_targets,
)
from publishing.domain.permissions import Action, Actor, Allowed, demand, may
from publishing.domain.schedule import Due, due_now
from publishing.services.answers import answered
from publishing.services.checking import check_content, check_draft, check_sendable
from publishing.services.context import Context
from publishing.services.picturing import claims, demand_claimed
from publishing.store import answers, messages
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.deliveries import list_attempts
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: A transaction takes 100 writes; two of them are the audit record's.
_WRITES_LIMIT: Final = 98
#: More claims in a row than ever end without an attempt.
_FENCE_GAP: Final = 1_000
#: Builds the answer that is kept under an idempotency key, from what was created.
AnswerBuilder = Callable[[MessageWithDeliveries], StoredAnswer]


def create_message(
    *, actor: Actor, draft: Draft, now: datetime, context: Context, answer: AnswerBuilder | None = None
) -> MessageWithDeliveries:
    """Create a message, and schedule it when the draft has a due time, atomically.

    Raises InvalidError naming every field that is wrong; NotAllowedError; AnsweredError when the idempotency key of
    `answer` was used for this very request, KeyReusedError when for another one.
    """
    demand(actor, Action.CREATE_MESSAGE)
    draft, accounts = check_draft(actor=actor, draft=draft, now=now, context=context)
    message = Message(
        id=new_id(now),
        owner=actor.id,
        status=MessageStatus.DRAFT,
        text=draft.text,
        title=draft.title,
        link=draft.link,
        media=draft.media,
        targets=build_targets((account.id, account.channel) for account in accounts),
        variants=draft.variants,
        created_at=now,
        updated_at=now,
    )
    deliveries: tuple[Delivery, ...] = ()
    if draft.due is not None:
        demand(actor, Action.SCHEDULE_MESSAGE, message, review_on=context.review_on)
        check_sendable(message, accounts)
        message = _scheduled(message, draft.due, actor, context)
        deliveries = _new_deliveries(message, message.targets)
    created = MessageWithDeliveries(message=message, deliveries=deliveries)
    kept = answer(created) if answer else None
    writes = [messages.put_message(message), *(messages.put_delivery(delivery) for delivery in deliveries)]
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    claimed = claims(message.id, message.media, used=(), now=now)
    try:
        transact_with_audit([*writes, *claimed], _record(actor, "message.create", message, now))
    except TransactionRefusedError as refusal:
        if not any(refusal.failed[: len(writes)]):
            demand_claimed(refusal, before=len(writes))
        raise answered(kept, refusal) from refusal
    _wake_if_near(message, now, context)
    return created


def edit_message(
    *, actor: Actor, message_id: str, changes: Changes, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Change a message that was not dispatched yet.

    Editing loses against dispatch: once a message is being published its text is frozen, and ConflictError says so.
    Raises StaleError when `rev` is given and not the message's own; with review on, a scheduled message goes back to
    review and its timer is dropped, unless the actor may publish without.
    """
    found = _read_for(actor, Action.EDIT_MESSAGE, message_id)
    read = found.message
    _demand_rev(read, rev)
    if read.status not in EDITABLE:
        raise ConflictError(f"The message is {_words(read.status)}; only what was not dispatched yet can be edited.")
    edited = _changed(read, changes, now)
    edited, accounts = check_content(actor=actor, message=edited, now=now, context=context, read=read)
    edited = replace(edited, targets=_retargeted(found, [(account.id, account.channel) for account in accounts]))
    if read.status is MessageStatus.SCHEDULED:
        check_sendable(edited, accounts)
        edited = _reviewed_again(edited, actor, context)
    changed, writes = _delivery_changes(found, edited)
    claimed = claims(read.id, edited.media, used={use.id for use in read.media}, now=now)
    writes = [messages.replace_message(edited, read=read), *writes]
    _commit(found, writes, _record(actor, "message.edit", edited, now), claimed=claimed)
    return MessageWithDeliveries(message=edited, deliveries=changed)


def delete_message(*, actor: Actor, message_id: str, rev: int | None, now: datetime, context: Context) -> None:
    """Delete a message that no worker ever took up. Raises ConflictError otherwise: what was tried is evidence."""
    del context  # every use case takes it; this one needs nothing outside the table
    found = _read_for(actor, Action.DELETE_MESSAGE, message_id)
    _demand_rev(found.message, rev)
    # A claim may have led to an attempt, whose record is kept.
    tried = any(delivery.fence > 0 for delivery in found.deliveries)
    if tried or not allows(found.message.status, MessageEvent.DELETE):
        raise ConflictError("Something of this message was sent, or was about to be: it is kept as evidence.")
    writes = [messages.delete_message(found.message), *(messages.delete_unsent(each) for each in found.deliveries)]
    _commit(found, writes, _record(actor, "message.delete", found.message, now))


def schedule_message(
    *, actor: Actor, message_id: str, due: Due, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Give a message a due time, or move it. A message that ended without being published everywhere starts anew.

    Raises InvalidError when an account would refuse the content; ConflictError while it is being published, when it is
    published, and when a delivery must be resolved first.
    """
    return _schedule(actor, message_id, due, now, context)


def move_message(
    *, actor: Actor, message_id: str, due: Due, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Move the due time of a message that is scheduled; see `schedule_message`.

    Unlike that it starts nothing anew: ConflictError for a message that is not scheduled (any more), so that one that
    was cancelled meanwhile stays cancelled. Raises StaleError when `rev` is given and not the message's own.
    """
    return _schedule(actor, message_id, due, now, context, moves=True, rev=rev)


def publish_message(*, actor: Actor, message_id: str, now: datetime, context: Context) -> MessageWithDeliveries:
    """Schedule a message for now; see `schedule_message`."""
    return schedule_message(actor=actor, message_id=message_id, due=due_now(now), now=now, context=context)


def _schedule(  # noqa: PLR0917 - the two use cases above, with one more condition for the one that moves
    actor: Actor,
    message_id: str,
    due: Due,
    now: datetime,
    context: Context,
    *,
    moves: bool = False,
    rev: int | None = None,
) -> MessageWithDeliveries:
    found = _read_for(actor, Action.SCHEDULE_MESSAGE, message_id, context=context)
    read = found.message
    if moves and read.status is not MessageStatus.SCHEDULED:
        raise ConflictError(f"The message is {_words(read.status)}; only a scheduled one can be moved.")
    _demand_rev(read, rev)
    if not allows(read.status, MessageEvent.SCHEDULE):
        raise ConflictError(f"The message is {_words(read.status)} and cannot be scheduled.")
    # Media of a message that is finished can be deleted: one that starts anew begins to use them anew.
    kept = read if read.status in EDITABLE else None
    checked, accounts = check_content(actor=actor, message=read, now=now, context=context, read=kept)
    check_sendable(checked, accounts)
    scheduled = replace(_scheduled(checked, due, actor, context), updated_at=now)
    if read.status in EDITABLE:
        changed, writes = _delivery_changes(found, scheduled)
    else:
        scheduled = replace(scheduled, gen=read.gen + 1)
        changed, writes = _rearmed(found, gen=scheduled.gen)
    claimed = [] if kept else claims(read.id, checked.media, used=(), now=now)
    writes = [messages.replace_message(scheduled, read=read), *writes]
    _commit(found, writes, _record(actor, "message.schedule", scheduled, now), claimed=claimed)
    _wake_if_near(scheduled, now, context)
    return MessageWithDeliveries(message=scheduled, deliveries=changed)


def _read_for(
    actor: Actor, action: Action, message_id: str, *, context: Context | None = None
) -> MessageWithDeliveries:
    found = messages.get_message(message_id)
    demand(actor, action, found.message, review_on=context is not None and context.review_on)
    return found


def _demand_rev(message: Message, rev: int | None) -> None:
    if rev is not None and rev != message.rev:
        raise StaleError("Somebody changed the message since you read it. Read it again, then repeat your change.")


def _changed(read: Message, changes: Changes, now: datetime) -> Message:
    return replace(
        read,
        text=read.text if changes.text is UNSET else changes.text,
        title=read.title if changes.title is UNSET else changes.title,
        link=read.link if changes.link is UNSET else changes.link,
        media=read.media if changes.media is UNSET else changes.media,
        variants=read.variants if changes.variants is UNSET else changes.variants,
        targets=read.targets if changes.account_ids is UNSET else _wanted(changes.account_ids),
        rev=read.rev + 1,
        updated_at=now,
    )


def _wanted(account_ids: tuple[str, ...]) -> tuple[Target, ...]:
    """Return targets that name accounts only; the check of the content finds their channels."""
    return tuple(Target(delivery_id="", channel="", account_id=account_id) for account_id in account_ids)


def _retargeted(found: MessageWithDeliveries, accounts: Sequence[tuple[str, str]]) -> tuple[Target, ...]:
    """Return the targets for these accounts; an account that was one already keeps its delivery's id.

    The id of a delivery that exists is never given to another account: its row, its receipt and its key name the first.
    """
    kept = {target.account_id: target for target in found.message.targets}
    taken = {kept[account_id].delivery_id for account_id, _ in accounts if account_id in kept}
    taken |= {delivery.id for delivery in found.deliveries}
    targets = []
    for account_id, channel in accounts:
        target = kept.get(account_id)
        if target is None:
            delivery_id = channel if channel not in taken else f"{channel}.{account_id}"
            taken.add(delivery_id)
            target = Target(delivery_id=delivery_id, channel=channel, account_id=account_id)
        targets.append(target)
    return tuple(targets)


def _scheduled(message: Message, due: Due, actor: Actor, context: Context) -> Message:
    may_approve = isinstance(may(actor, Action.SCHEDULE_MESSAGE, message, review_on=context.review_on), Allowed)
    rev = message.rev if message.status is MessageStatus.DRAFT and message.scheduled_at is None else message.rev + 1
    return replace(
        message,
        status=MessageStatus.SCHEDULED,
        scheduled_at=due.at,
        zone=due.zone,
        wall_time=due.wall_time,
        rev=rev,
        approved_rev=rev if context.review_on and may_approve else message.approved_rev,
    )


def _reviewed_again(edited: Message, actor: Actor, context: Context) -> Message:
    if not context.review_on:
        return edited
    verdict = may(actor, Action.SCHEDULE_MESSAGE, edited, review_on=True)
    if isinstance(verdict, Allowed):
        return replace(edited, approved_rev=edited.rev)
    return replace(edited, status=MessageStatus.IN_REVIEW)


def _delivery_changes(found: MessageWithDeliveries, wanted: Message) -> tuple[tuple[Delivery, ...], list[Write]]:
    """Return the deliveries that a message that was not dispatched should have, and the writes that make it so.

    Only a scheduled message has deliveries; a draft has targets.
    """
    targets = wanted.targets if wanted.status is MessageStatus.SCHEDULED else ()
    existing = {delivery.id: delivery for delivery in found.deliveries}
    added = tuple(target for target in targets if target.delivery_id not in existing)
    new = {delivery.id: delivery for delivery in _new_deliveries(wanted, added)}
    names = {target.delivery_id for target in targets}
    writes = [messages.put_delivery(delivery) for delivery in new.values()]
    # What was tried is evidence and stays; only what nobody took up goes.
    dropped = [each for each in found.deliveries if each.id not in names and each.state is DeliveryState.PENDING]
    writes += [messages.delete_unsent(delivery) for delivery in dropped]
    kept = [each for each in found.deliveries if each.id not in names and each not in dropped]
    wanted_ones = [new.get(target.delivery_id) or existing[target.delivery_id] for target in targets]
    return (*wanted_ones, *kept), writes


def _rearmed(found: MessageWithDeliveries, *, gen: int) -> tuple[tuple[Delivery, ...], list[Write]]:
    """Return O19 for all that did not get through; what is published stays published."""
    if any(delivery.state is DeliveryState.UNCONFIRMED for delivery in found.deliveries):
        raise ConflictError(
            "It is not known whether one of the deliveries was published. Look there, resolve it, then schedule again."
        )
    again = [each for each in found.deliveries if each.state in {DeliveryState.FAILED, DeliveryState.CANCELLED}]
    if not again and found.deliveries:
        raise ConflictError("Every delivery of this message is published; there is nothing left to schedule.")
    if not found.deliveries:
        # It was cancelled as a draft: it never had any.
        new = _new_deliveries(replace(found.message, gen=gen), found.message.targets)
        return new, [messages.put_delivery(delivery) for delivery in new]
    fresh = {each.id: _pending_again(each, gen=gen) for each in again}
    writes = [messages.rearm_delivery(each, gen=gen) for each in again]
    return tuple(fresh.get(each.id, each) for each in found.deliveries), writes


def _pending_again(delivery: Delivery, *, gen: int) -> Delivery:
    return Delivery(
        message_id=delivery.message_id,
        id=delivery.id,
        channel=delivery.channel,
        account_id=delivery.account_id,
        gen=gen,
        fence=delivery.fence,
    )


def _new_deliveries(message: Message, targets: Sequence[Target]) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(
            message_id=message.id,
            id=target.delivery_id,
            channel=target.channel,
            account_id=target.account_id,
            gen=message.gen,
            fence=_first_fence(message, target),
        )
        for target in targets
    )


def _first_fence(message: Message, target: Target) -> int:
    """Return where a new delivery's fence begins: above every claim of one that was removed under the same id.

    Its attempts are kept, and a new attempt must not meet one of them; nor a claim that never came to an attempt.
    """
    if message.gen == 1:
        return 0  # nothing of it was ever dispatched
    attempts = list_attempts(message.id, target.delivery_id)
    return attempts[-1].fence + _FENCE_GAP if attempts else 0


def _commit(
    found: MessageWithDeliveries, writes: Sequence[Write], record: AuditRecord, *, claimed: Sequence[Write] = ()
) -> None:
    if len(writes) + len(claimed) > _WRITES_LIMIT:
        detail = "This exchanges too many accounts and media at once. Remove some first, then add the others."
        raise InvalidError(FieldProblem(pointer="/accounts", code="too_many", detail=detail))
    try:
        transact_with_audit([*writes, *claimed], record)
    except TransactionRefusedError as refusal:
        if not any(refusal.failed[: len(writes)]):
            demand_claimed(refusal, before=len(writes))
        latest = messages.get_message(found.message.id).message
        raise _overtaken(found.message, latest) from refusal


def _overtaken(read: Message, latest: Message) -> ConflictError | StaleError:
    if latest.status is not read.status:
        return ConflictError(f"The message is {_words(latest.status)} by now, so this is too late.")
    return StaleError("Somebody changed the message just now. Read it again, then repeat your change.")


def _wake_if_near(message: Message, now: datetime, context: Context) -> None:
    """Wake the scheduler when the message is due before the end of its next tick (it looks one tick ahead)."""
    if message.scheduled_at is not None and message.scheduled_at <= now + 2 * context.timing.tick:
        context.waker.wake()


def _record(actor: Actor, action: str, message: Message, now: datetime) -> AuditRecord:
    facts: dict[str, str | int | bool] = {"rev": message.rev, "gen": message.gen, "status": message.status.value}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"message:{message.id}", at=now, facts=facts)


def _words(status: MessageStatus) -> str:
    return status.replace("_", " ")
