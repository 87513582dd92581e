"""Write, change and schedule messages. Each use case is one transaction: the change, its audit record, its answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from publishing.domain.account import Account
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.draft import UNSET, Changes, Draft, Intent, StoredAnswer, Unset
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError
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
from publishing.domain.permissions import NO_REVIEW, Action, Actor, approves, demand
from publishing.domain.review import Review
from publishing.domain.schedule import Due, due_now
from publishing.services.answers import answered
from publishing.services.changing import (
    commit,
    delivery_changes,
    demand_named,
    demand_rev,
    has_seen,
    new_deliveries,
    record,
    submitted,
    wake_if_near,
    words,
)
from publishing.services.checking import check_content, check_draft, check_sendable
from publishing.services.context import Context
from publishing.services.picturing import claims, demand_claimed
from publishing.store import answers, messages
from publishing.store.audit import transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: Builds the answer that is kept under an idempotency key, from what was created.
AnswerBuilder = Callable[[MessageWithDeliveries], StoredAnswer]


def create_message(
    *, actor: Actor, draft: Draft, now: datetime, context: Context, answer: AnswerBuilder | None = None
) -> MessageWithDeliveries:
    """Create a message, and schedule it when the draft has a due time, or submit it, as it intends; atomically.

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
        edited_by=actor.id,
        created_at=now,
        updated_at=now,
    )
    message = _directed(message, draft.intent, draft.due, accounts, actor=actor, now=now, context=context)
    deliveries = new_deliveries(message, message.targets) if message.status is MessageStatus.SCHEDULED else ()
    created = MessageWithDeliveries(message=message, deliveries=deliveries)
    kept = answer(created) if answer else None
    writes = [messages.put_message(message), *(messages.put_delivery(delivery) for delivery in deliveries)]
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    claimed = claims(message.id, message.media, used=(), now=now)
    try:
        transact_with_audit([*writes, *claimed], record(actor, "message.create", message, now))
    except TransactionRefusedError as refusal:
        if not any(refusal.failed[: len(writes)]):
            demand_claimed(refusal, before=len(writes))
        raise answered(kept, refusal) from refusal
    if message.status is MessageStatus.SCHEDULED:
        wake_if_near(message, now, context)
    return created


def edit_message(
    *, actor: Actor, message_id: str, changes: Changes, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Change a message that was not dispatched yet; with a due time it is scheduled in the same write.

    Editing loses against dispatch: once a message is being published its text is frozen, and ConflictError says so.
    Raises StaleError when `rev` is given and not the message's own. With review on, a message that is scheduled or was
    approved goes back to review and its timer is dropped, unless the actor's word is an approval of their own work.
    """
    found = _read_for(actor, Action.EDIT_MESSAGE, message_id)
    read = found.message
    demand_rev(read, rev)
    if read.status not in EDITABLE:
        raise ConflictError(f"The message is {words(read.status)}; only what was not dispatched yet can be edited.")
    due = None if isinstance(changes.due, Unset) else changes.due
    if due is not None and changes.intent is Intent.SCHEDULE:
        demand_named(actor, read, rev, context)
    if due is not None and changes.intent is Intent.SCHEDULE and _says_the_same(_changed(read, changes, now), read):
        # What was approved stays approved: it is only given a time.
        demand(actor, Action.SCHEDULE_MESSAGE, read, review=context.review)
        return arrange(actor=actor, found=found, wanted=read, due=due, now=now, context=context)
    edited = replace(_changed(read, changes, now), edited_by=actor.id)
    edited, accounts = check_content(actor=actor, message=edited, now=now, context=context, read=read)
    edited = replace(edited, targets=_retargeted(found, [(account.id, account.channel) for account in accounts]))
    if read.status is MessageStatus.SCHEDULED:
        check_sendable(edited, accounts)
    if context.review_on and (read.status is MessageStatus.SCHEDULED or read.is_approved):
        edited = _reviewed_again(edited, actor, context, knows=read.is_approved or has_seen(actor, read, rev))
    if changes.due is None:
        edited = _untimed(edited)
    edited = _directed(edited, changes.intent, due, accounts, actor=actor, now=now, context=context)
    changed, writes = delivery_changes(found, edited)
    claimed = claims(read.id, edited.media, used={use.id for use in read.media}, now=now)
    writes = [messages.replace_message(edited, read=read), *writes]
    commit(found, writes, record(actor, "message.edit", edited, now), claimed=claimed)
    if due is not None and edited.status is MessageStatus.SCHEDULED:
        wake_if_near(edited, now, context)
    return MessageWithDeliveries(message=edited, deliveries=changed)


def delete_message(*, actor: Actor, message_id: str, rev: int | None, now: datetime, context: Context) -> None:
    """Delete a message that no worker ever took up. Raises ConflictError otherwise: what was tried is evidence."""
    del context  # every use case takes it; this one needs nothing outside the table
    found = _read_for(actor, Action.DELETE_MESSAGE, message_id)
    demand_rev(found.message, rev)
    # A claim may have led to an attempt, whose record is kept.
    tried = any(delivery.fence > 0 for delivery in found.deliveries)
    if tried or not allows(found.message.status, MessageEvent.DELETE):
        raise ConflictError("Something of this message was sent, or was about to be: it is kept as evidence.")
    writes = [messages.delete_message(found.message), *(messages.delete_unsent(each) for each in found.deliveries)]
    commit(found, writes, record(actor, "message.delete", found.message, now))


def schedule_message(
    *, actor: Actor, message_id: str, due: Due, rev: int | None = None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Give a message a due time, or move it. A message that ended without being published everywhere starts anew.

    With review on, scheduling what nobody approved yet approves it, which an approver can do for somebody else's work
    and by naming the revision they read. Raises StaleError without it, and when it is not the message's own.
    Raises InvalidError when an account would refuse the content; ConflictError while it is being published, when it is
    published, and when a delivery must be resolved first.
    """
    found = _read_for(actor, Action.SCHEDULE_MESSAGE, message_id, context=context)
    demand_rev(found.message, rev)
    demand_named(actor, found.message, rev, context)
    return arrange(actor=actor, found=found, wanted=found.message, due=due, now=now, context=context)


def move_message(
    *, actor: Actor, message_id: str, due: Due, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Move the due time of a message that is scheduled; see `schedule_message`.

    Unlike that it starts nothing anew: ConflictError for a message that is not scheduled (any more), so that one that
    was cancelled meanwhile stays cancelled.
    """
    found = _read_for(actor, Action.SCHEDULE_MESSAGE, message_id, context=context)
    # Said before that somebody changed it, for this is what they did.
    if found.message.status is not MessageStatus.SCHEDULED:
        raise ConflictError(f"The message is {words(found.message.status)}; only a scheduled one can be moved.")
    demand_rev(found.message, rev)
    demand_named(actor, found.message, rev, context)
    return arrange(actor=actor, found=found, wanted=found.message, due=due, now=now, context=context)


def place_message(
    *, actor: Actor, message_id: str, due: Due, rev: int | None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Put a message to a time, as a calendar does: a scheduled one moves, and any other keeps it as a wish.

    A draft stays a draft, and what is in review stays there. Raises what `edit_message` and `move_message` raise.
    """
    read = _read_for(actor, Action.READ_MESSAGE, message_id).message
    if read.status in EDITABLE and read.status is not MessageStatus.SCHEDULED:
        changes = Changes(due=due, intent=Intent.WISH)
        return edit_message(actor=actor, message_id=message_id, changes=changes, rev=rev, now=now, context=context)
    return move_message(actor=actor, message_id=message_id, due=due, rev=rev, now=now, context=context)


def arrange(
    *,
    actor: Actor,
    found: MessageWithDeliveries,
    wanted: Message,
    due: Due,
    now: datetime,
    context: Context,
    action: str = "message.schedule",
) -> MessageWithDeliveries:
    """Schedule a message that was read, as it is wanted, in one transaction; see `schedule_message`."""
    read = found.message
    if not allows(read.status, MessageEvent.SCHEDULE):
        raise ConflictError(f"The message is {words(read.status)} and cannot be scheduled.")
    # Media of a message that is finished can be deleted: one that starts anew begins to use them anew.
    kept = read if read.status in EDITABLE else None
    checked, accounts = check_content(actor=actor, message=wanted, now=now, context=context, read=kept)
    check_sendable(checked, accounts)
    scheduled = replace(_scheduled(checked, due, actor, context), updated_at=now)
    if read.status in EDITABLE:
        changed, writes = delivery_changes(found, scheduled)
    else:
        scheduled = replace(scheduled, gen=read.gen + 1)
        changed, writes = _rearmed(found, gen=scheduled.gen)
    claimed = [] if kept else claims(read.id, checked.media, used=(), now=now)
    writes = [messages.replace_message(scheduled, read=read), *writes]
    commit(found, writes, record(actor, action, scheduled, now), claimed=claimed)
    wake_if_near(scheduled, now, context)
    return MessageWithDeliveries(message=scheduled, deliveries=changed)


def publish_message(
    *, actor: Actor, message_id: str, rev: int | None = None, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Schedule a message for now; see `schedule_message`."""
    return schedule_message(actor=actor, message_id=message_id, due=due_now(now), rev=rev, now=now, context=context)


def _read_for(
    actor: Actor, action: Action, message_id: str, *, context: Context | None = None
) -> MessageWithDeliveries:
    found = messages.get_message(message_id)
    demand(actor, action, found.message, review=NO_REVIEW if context is None else context.review)
    return found


def _changed(read: Message, changes: Changes, now: datetime) -> Message:
    return replace(
        read,
        text=read.text if changes.text is UNSET else changes.text,
        title=read.title if changes.title is UNSET else changes.title,
        link=read.link if changes.link is UNSET else changes.link,
        media=read.media if changes.media is UNSET else changes.media,
        variants=read.variants if changes.variants is UNSET else changes.variants,
        targets=read.targets if changes.account_ids is UNSET else _wanted(changes.account_ids),
        problem=None,
        rev=read.rev + 1,
        updated_at=now,
    )


def _directed(
    message: Message,
    intent: Intent,
    due: Due | None,
    accounts: Sequence[Account],
    *,
    actor: Actor,
    now: datetime,
    context: Context,
) -> Message:
    """Return a written message as it is to go on: submitted, scheduled, or with a time that is only wished for."""
    if intent is Intent.SUBMIT:
        demand(actor, Action.SUBMIT_MESSAGE, message)
        check_sendable(message, accounts)
        return submitted(message, UNSET if due is None else due, actor=actor, now=now)
    if due is None:
        return message
    if intent is Intent.WISH and message.status is not MessageStatus.SCHEDULED:
        return replace(message, scheduled_at=due.at, zone=due.zone, wall_time=due.wall_time)
    demand(actor, Action.SCHEDULE_MESSAGE, message, review=context.review)
    check_sendable(message, accounts)
    return _at_this_revision(_scheduled(message, due, actor, context), message.rev)


def _untimed(message: Message) -> Message:
    """Return a message without the time that was wished for."""
    if message.status is MessageStatus.SCHEDULED:
        detail = "The message is scheduled. Choose another time, or cancel it."
        raise InvalidError(FieldProblem(pointer="/schedule/at", code="required", detail=detail))
    return replace(message, scheduled_at=None, zone=None, wall_time=None)


def _says_the_same(one: Message, other: Message) -> bool:
    return _content(one) == _content(other)


def _content(message: Message) -> tuple[object, ...]:
    return (
        message.text,
        message.title,
        message.link,
        [(use.id, use.alt_text) for use in message.media],
        {kind: variant.text for kind, variant in message.variants.items()},
        [target.account_id for target in message.targets],
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
    is_approved = message.is_approved or (context.review_on and approves(actor, message, review=context.review))
    rev = message.rev if message.status is MessageStatus.DRAFT and message.scheduled_at is None else message.rev + 1
    return replace(
        message,
        status=MessageStatus.SCHEDULED,
        scheduled_at=due.at,
        zone=due.zone,
        wall_time=due.wall_time,
        problem=None,
        rev=rev,
        approved_rev=rev if is_approved else message.approved_rev,
    )


def _at_this_revision(scheduled: Message, rev: int) -> Message:
    """Return a message that was edited and scheduled in one go, which is one revision and not two."""
    approved_rev = rev if scheduled.is_approved else scheduled.approved_rev
    return replace(scheduled, rev=rev, approved_rev=approved_rev)


def _reviewed_again(edited: Message, actor: Actor, context: Context, *, knows: bool) -> Message:
    """Return an edited message as an approval of its own editor, where that counts, else back in review."""
    if knows and approves(actor, edited, review=context.review):
        return replace(edited, approved_rev=edited.rev)
    review = Review(submitted_by=actor.id, submitted_at=edited.updated_at)
    return replace(edited, status=MessageStatus.IN_REVIEW, review=review)


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
        new = new_deliveries(replace(found.message, gen=gen), found.message.targets)
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
