"""Messages in the table: reads, and the writes that are not the delivery protocol's own.

Requests change a message in one transaction with its audit record; the scheduler and the worker move it by single
conditional updates (`kick_*`, `finalise`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.errors import NotFoundError
from publishing.domain.feedback import confirmed_id
from publishing.domain.message import FINAL, Message, MessageStatus, MessageWithDeliveries
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.message import DeliveryItem, MessageItem
from publishing.store import rows, writes
from publishing.store.audit import SYSTEM_NAME, AuditRecord, audited
from publishing.store.errors import ConditionFailedError
from publishing.store.reads import batch_get, query
from publishing.store.writes import Write

M = MessageItem
_STOPPABLE: Final = (DeliveryState.CANCELLED.value, DeliveryState.FAILED.value)


def find_message(message_id: str) -> MessageWithDeliveries | None:
    """Return a message with all its deliveries in one strongly consistent read, or None."""
    found = list(query(TableItem, keys.message(message_id), TableItem.SK >= keys.DELIVERY_PREFIX, consistent_read=True))
    head = next((item for item in found if isinstance(item, MessageItem)), None)
    if head is None:
        return None
    order = {target.delivery_id: place for place, target in enumerate(rows.targets(head.targets))}
    deliveries = [rows.delivery(item) for item in found if isinstance(item, DeliveryItem)]
    deliveries.sort(key=lambda delivery: order.get(delivery.id, len(order)))
    return MessageWithDeliveries(message=rows.message(head), deliveries=tuple(deliveries))


def find_heads(message_ids: Sequence[str]) -> dict[str, Message]:
    """Return those messages of these ids (at most 100) that exist, without deliveries; strongly consistent."""
    if not message_ids:
        return {}
    raws = batch_get([(keys.message(each), keys.METADATA) for each in dict.fromkeys(message_ids)])
    found = [rows.raw_message(raw) for raw in raws]
    return {message.id: message for message in found if message is not None}


def get_message(message_id: str) -> MessageWithDeliveries:
    """Return a message with all its deliveries; raise NotFoundError when there is none."""
    found = find_message(message_id)
    if found is None:
        raise NotFoundError("There is no such message.")
    return found


# --- requests: parts of a transaction --------------------------------------------------------------------------------


def put_message(message: Message) -> Write:
    """Build the put of a new message."""
    return writes.put_new(rows.message_item(message))


def put_delivery(delivery: Delivery) -> Write:
    """Build the put of a new delivery."""
    return writes.put_new(rows.delivery_item(delivery))


def replace_message(message: Message, *, read: Message) -> Write:
    """Build the replacement of a message as it was read, if nobody moved it since.

    The condition names status, revision and generation: an edit, a dispatch and a cancel that meet exclude one another.
    Raises ValueError for a message under way: its watchdog's time is on its row only, and a replacement would lose it.
    """
    if message.status.is_under_way:
        raise ValueError("A message under way is updated, not replaced.")
    return writes.put(rows.message_item(message), _unmoved(read))


def delete_message(read: Message) -> Write:
    """Build the delete of a message as it was read, if nobody moved it since."""
    return writes.delete(rows.message_key(read.id), _unmoved(read))


def delete_unsent(delivery: Delivery) -> Write:
    """Build the delete of a delivery of which certainly nothing was sent."""
    never_sent = DeliveryItem.maybe_sent.does_not_exist() | (DeliveryItem.maybe_sent == False)  # noqa: E712
    unmoved = (DeliveryItem.state == delivery.state.value) & (DeliveryItem.fence == delivery.fence)
    return writes.delete(rows.delivery_key(delivery.message_id, delivery.id), unmoved & never_sent)


def cancel_pending(delivery: Delivery) -> Write:
    """Build the cancel of a delivery whose message was never dispatched."""
    row = rows.delivery_key(delivery.message_id, delivery.id)
    return writes.update(
        row, [DeliveryItem.state.set(DeliveryState.CANCELLED.value)], _state_is(DeliveryState.PENDING.value)
    )


def rearm_delivery(delivery: Delivery, *, gen: int, due_at: datetime | None = None) -> Write:
    """Build O19 for one delivery: it starts anew, in a new generation, if it still is as it was read."""
    item = DeliveryItem
    forgotten = (
        item.handle, item.adapted, item.maybe_sent, item.maybe_before, item.probed, item.doubted, item.commit_at,
        item.first_commit_at, item.last, item.error, item.next_at, item.lease_until, item.parked_since,
        item.payload_sha, item.owner, item.GSI2PK, item.GSI2SK,
    )  # fmt: skip
    actions = [
        item.state.set(DeliveryState.PENDING.value),
        item.gen.set(gen),
        item.due_at.remove() if due_at is None else item.due_at.set(due_at),
        item.claims.set(0),
        item.attempts.set(0),
        item.waits.set(0),
        *(attribute.remove() for attribute in forgotten),
    ]
    condition = item.state.is_in(*_STOPPABLE) & (item.gen == delivery.gen)
    return writes.update(rows.delivery_key(delivery.message_id, delivery.id), actions, condition)


def wake_message(read: Message, *, gen: int, now: datetime, is_approved: bool = False) -> Write:
    """Build the message's half of O19 for one delivery: under way again, in a new generation, its timer due now.

    `is_approved`: whoever does it may publish it with review on; that it is approved is noted.
    """
    actions = [
        M.status.set(MessageStatus.PUBLISHING.value),
        M.gen.set(gen),
        M.GSI2PK.set(keys.timer(keys.PUBLISHING, read.id, TableItem.Meta.timer_shards)),
        M.GSI2SK.set(write_instant(now)),
        M.updated_at.set(now),
    ]
    actions += [M.approved_rev.set(read.rev)] if is_approved else []
    return writes.update(rows.message_key(read.id), actions, _unmoved(read))


def start_cancelling(read: Message, *, now: datetime) -> Write:
    """Build O16 for a message under way: its deliveries end one by one, and the watchdog sees to it at once."""
    actions = [M.status.set(MessageStatus.CANCELLING.value), M.GSI2SK.set(write_instant(now)), M.updated_at.set(now)]
    return writes.update(rows.message_key(read.id), actions, _unmoved(read))


def resolve_unconfirmed(delivery: Delivery, *, now: datetime, published: bool, url: str | None) -> Write:
    """Build O21: a person says what became of a delivery that nobody could confirm."""
    item = DeliveryItem
    if published:
        actions = [
            item.state.set(DeliveryState.PUBLISHED.value),
            item.post_id.set(url or confirmed_id(delivery)),
            item.published_at.set(delivery.commit_at or now),
            item.error.remove(),
        ]
        actions += [] if url is None else [item.post_url.set(url)]
    else:
        problem = {"code": "resolved", "detail": "A person looked and did not find it.", "retryable": True}
        actions = [
            item.state.set(DeliveryState.FAILED.value),
            item.maybe_sent.set(False),
            item.error.set(problem),
        ]
    condition = _state_is(DeliveryState.UNCONFIRMED.value) & (item.gen == delivery.gen)
    return writes.update(rows.delivery_key(delivery.message_id, delivery.id), actions, condition)


# --- scheduler and worker: single conditional updates ----------------------------------------------------------------


def kick_scheduled(
    message_id: str, *, now: datetime, watchdog: timedelta, token: str, review_on: bool
) -> Message | None:
    """O4: move a message whose due time has come to `publishing`; return it, or None when it is not due after all."""
    partition = keys.timer(keys.PUBLISHING, message_id, TableItem.Meta.timer_shards)
    actions = [
        M.status.set(MessageStatus.PUBLISHING.value),
        M.GSI2PK.set(partition),
        M.GSI2SK.set(write_instant(now + watchdog)),
        M.kick.set(token),
    ]
    is_due = (M.status == MessageStatus.SCHEDULED.value) & (write_instant(now) >= M.GSI2SK)
    condition = is_due & (M.approved_rev == M.rev) if review_on else is_due
    return _kick(message_id, actions, condition, token)


def kick_watchdog(message_id: str, *, now: datetime, watchdog: timedelta, token: str) -> Message | None:
    """O5: take up again a message that made no progress; return it, or None when somebody else did."""
    under_way = M.status.is_in(MessageStatus.PUBLISHING.value, MessageStatus.CANCELLING.value)
    actions = [M.GSI2SK.set(write_instant(now + watchdog)), M.kick.set(token)]
    return _kick(message_id, actions, under_way & (write_instant(now) >= M.GSI2SK), token)


def kick_waiting(message_id: str, delivery_id: str, *, now: datetime, again: timedelta, token: str) -> Delivery | None:
    """O6: take up a delivery whose waiting time is over; return it, or None when somebody else did."""
    item = DeliveryItem
    waits = item.state.is_in(DeliveryState.RETRY.value, DeliveryState.UNKNOWN.value)
    condition = waits & (write_instant(now) >= item.GSI2SK)
    actions = [item.GSI2SK.set(write_instant(now + again)), item.owner.set(token)]
    try:
        return rows.raw_delivery(
            writes.run(writes.update(rows.delivery_key(message_id, delivery_id), actions, condition))
        )
    except ConditionFailedError as refusal:
        old = rows.raw_delivery(refusal.old)
        return old if old is not None and old.owner == token else None


def finalise(message_id: str, *, gen: int, status: MessageStatus, now: datetime) -> bool:
    """O18: end a message whose deliveries are all terminal. O22: the same from a final status, after later evidence.

    Returns whether it was this write that ended it.
    """
    actions = [M.status.set(status.value), M.updated_at.set(now), M.GSI2PK.remove(), M.GSI2SK.remove()]
    under_way = M.status.is_in(MessageStatus.PUBLISHING.value, MessageStatus.CANCELLING.value)
    has_other_end = M.status.is_in(*(final.value for final in FINAL)) & (M.status != status.value)
    condition = (under_way | has_other_end) & (M.gen == gen)
    change = writes.update(rows.message_key(message_id), actions, condition)
    if status is MessageStatus.NEEDS_ATTENTION:
        # Whoever finds it so will ask since when.
        action = "message.needs_attention"
        record = AuditRecord(actor=SYSTEM_NAME, action=action, target=f"message:{message_id}", at=now)
        return audited(record, change)
    try:
        writes.run(change)
    except ConditionFailedError:
        return False
    return True


def _kick(message_id: str, actions: Sequence[Action], condition: Condition, token: str) -> Message | None:
    try:
        return rows.raw_message(writes.run(writes.update(rows.message_key(message_id), actions, condition)))
    except ConditionFailedError as refusal:
        old = rows.raw_message(refusal.old)
        return old if old is not None and old.kick == token else None


def _unmoved(read: Message) -> Condition:
    unmoved: Condition = (M.status == read.status.value) & (M.rev == read.rev) & (M.gen == read.gen)
    return unmoved


def _state_is(state: str) -> Condition:
    is_it: Condition = DeliveryItem.state == state
    return is_it
