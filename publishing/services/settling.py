"""Settle what did not end well: cancel a message, retry a delivery, say what became of an unconfirmed one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from publishing.domain.delivery import TERMINAL, Delivery, DeliveryEvent, DeliveryState, allows
from publishing.domain.draft import Cancellation, CancelVerdict, Resolution
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, NotFoundError
from publishing.domain.ids import new_token
from publishing.domain.message import (
    Message,
    MessageEvent,
    MessageStatus,
    MessageWithDeliveries,
    final_status,
)
from publishing.domain.message import allows as message_allows
from publishing.domain.operations import CancelUnsent
from publishing.domain.permissions import Action, Actor, demand
from publishing.services.context import Context
from publishing.store import deliveries, messages
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write


def cancel_message(*, actor: Actor, message_id: str, now: datetime, context: Context) -> Cancellation:
    """Stop what can be stopped; answer for each delivery whether that was in time.

    Safe to repeat. A delivery that is answered as cancelled is certainly not published. Raises ConflictError when the
    message ended otherwise.
    """
    for _ in range(3):
        found = messages.get_message(message_id)
        demand(actor, Action.CANCEL_MESSAGE, found.message)
        if found.message.status is MessageStatus.CANCELLED:
            return _cancellation(found)
        if not message_allows(found.message.status, MessageEvent.CANCEL):
            raise ConflictError(f"The message is {found.message.status.replace('_', ' ')}: there is nothing to stop.")
        try:
            if found.message.status.is_under_way:
                return _cancel_under_way(actor, found, now, context)
            return _cancel_unsent(actor, found, now)
        except TransactionRefusedError:
            # Dispatch, an edit or another cancel moved it meanwhile: look again.
            continue
    raise ConflictError("The message is being changed by somebody else just now. Cancel it again.")


def retry_delivery(
    *, actor: Actor, message_id: str, delivery_id: str, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Start a delivery that failed or was cancelled anew, alone; the message is under way again.

    Raises ConflictError while it is under way, when it is published, and when it is unconfirmed (resolve it first).
    """
    found, delivery = _read(actor, Action.RETRY_DELIVERY, message_id, delivery_id)
    # It publishes, so with review on it needs what publishing needs.
    demand(actor, Action.SCHEDULE_MESSAGE, found.message, review=context.review)
    if not allows(delivery.state, DeliveryEvent.REARM):
        raise ConflictError(f"The delivery is {delivery.state}; only a failed or cancelled one can be retried.")
    if not message_allows(found.message.status, MessageEvent.RETRY):
        raise ConflictError(f"The message is {found.message.status.replace('_', ' ')}; nothing can be retried now.")
    gen = found.message.gen + 1
    message = replace(found.message, status=MessageStatus.PUBLISHING, gen=gen, updated_at=now)
    if context.review_on:
        message = replace(message, approved_rev=message.rev)
    # It goes out now, even of a message that was cancelled before its time: this is the delivery's own due time.
    writes = [
        messages.rearm_delivery(delivery, gen=gen, due_at=now),
        messages.wake_message(found.message, gen=gen, now=now, is_approved=context.review_on),
    ]
    _transact(writes, _record(actor, "delivery.retry", found.message, now, delivery=delivery.id))
    context.waker.wake()
    fresh = Delivery(
        message_id=message_id,
        id=delivery.id,
        channel=delivery.channel,
        account_id=delivery.account_id,
        gen=gen,
        due_at=now,
        fence=delivery.fence,
    )
    return _with(message, found.deliveries, fresh)


def resolve_delivery(
    *, actor: Actor, message_id: str, delivery_id: str, resolution: Resolution, now: datetime, context: Context
) -> MessageWithDeliveries:
    """Record what a person saw about an unconfirmed delivery, and end its message accordingly.

    Raises ConflictError unless it is unconfirmed; InvalidError for an address that is none.
    """
    del context  # every use case takes it; this one needs nothing outside the table
    found, delivery = _read(actor, Action.RESOLVE_DELIVERY, message_id, delivery_id)
    if delivery.state is not DeliveryState.UNCONFIRMED:
        raise ConflictError(f"The delivery is {delivery.state}; only an unconfirmed one can be resolved.")
    if resolution.url is not None and not resolution.url.startswith(("https://", "http://")):
        detail = "The address is no web address. Copy it from the browser, or leave it out."
        raise InvalidError(FieldProblem(pointer="/url", code="not_a_link", detail=detail))
    write = messages.resolve_unconfirmed(delivery, now=now, published=resolution.published, url=resolution.url)
    facts: dict[str, str | bool] = {"delivery": delivery.id, "published": resolution.published}
    _transact([write], _record(actor, "delivery.resolve", found.message, now, **facts))
    return _finish(message_id, now)


def _finish(message_id: str, now: datetime) -> MessageWithDeliveries:
    """O22: recompute the final status from the deliveries as they are now."""
    found = messages.get_message(message_id)
    status = final_status(found.deliveries)
    if status is None or status is found.message.status:
        return found
    messages.finalise(message_id, gen=found.message.gen, status=status, now=now)
    return replace(found, message=replace(found.message, status=status, updated_at=now))


def _cancel_unsent(actor: Actor, found: MessageWithDeliveries, now: datetime) -> Cancellation:
    """Cancel a message that was not dispatched: it and its deliveries in one transaction.

    What an earlier generation published stays published, and the message says so.
    """
    waiting = [delivery for delivery in found.deliveries if delivery.state is DeliveryState.PENDING]
    ended = tuple(
        replace(delivery, state=DeliveryState.CANCELLED) if delivery in waiting else delivery
        for delivery in found.deliveries
    )
    status = final_status(ended) or MessageStatus.CANCELLED
    message = replace(found.message, status=status, rev=found.message.rev + 1, updated_at=now)
    writes = [messages.replace_message(message, read=found.message)]
    writes += [messages.cancel_pending(delivery) for delivery in waiting]
    transact_with_audit(writes, _record(actor, "message.cancel", found.message, now))
    return _cancellation(MessageWithDeliveries(message=message, deliveries=ended))


def _cancel_under_way(actor: Actor, found: MessageWithDeliveries, now: datetime, context: Context) -> Cancellation:
    """Cancel a message under way: first the message, so that nothing new begins, then each delivery that can be."""
    if found.message.status is MessageStatus.PUBLISHING:
        start = messages.start_cancelling(found.message, now=now)
        transact_with_audit([start], _record(actor, "message.cancel", found.message, now))
    for delivery in found.deliveries:
        if delivery.state in {DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.SENDING}:
            deliveries.apply(
                CancelUnsent(
                    message_id=found.message.id, delivery_id=delivery.id, owner=new_token(), now=now, gen=delivery.gen
                )
            )
    result = _finish(found.message.id, now)
    if not result.message.status.is_final:
        context.waker.wake()
    return _cancellation(result)


def _cancellation(result: MessageWithDeliveries) -> Cancellation:
    return Cancellation(result=result, verdicts={each.id: _verdict(each) for each in result.deliveries})


def _verdict(delivery: Delivery) -> CancelVerdict:
    if delivery.state is DeliveryState.CANCELLED:
        return CancelVerdict.CANCELLED
    return CancelVerdict.TOO_LATE if delivery.state in TERMINAL else CancelVerdict.CHECKING


def _read(actor: Actor, action: Action, message_id: str, delivery_id: str) -> tuple[MessageWithDeliveries, Delivery]:
    found = messages.get_message(message_id)
    demand(actor, action, found.message)
    delivery = found.delivery(delivery_id)
    if delivery is None:
        raise NotFoundError("The message has no such delivery.")
    return found, delivery


def _transact(writes: Sequence[Write], record: AuditRecord) -> None:
    try:
        transact_with_audit(writes, record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The delivery changed just now. Look at it again.") from refusal


def _with(message: Message, every: Sequence[Delivery], changed: Delivery) -> MessageWithDeliveries:
    return MessageWithDeliveries(
        message=message, deliveries=tuple(changed if each.id == changed.id else each for each in every)
    )


def _record(actor: Actor, action: str, message: Message, now: datetime, **facts: str | bool) -> AuditRecord:
    every: dict[str, str | int | bool] = {"rev": message.rev, "gen": message.gen, **facts}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"message:{message.id}", at=now, facts=every)
