"""O23: hold what a table that was put back to an earlier time would send, because it may have been sent since."""

from datetime import datetime

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Problem
from publishing.items.message import DeliveryItem, MessageItem
from publishing.store import rows, writes
from publishing.store.writes import Write


def hold_delivery(delivery: Delivery, *, problem: Problem) -> Write:
    """Build the write that leaves a delivery to a person, if it still is as it was read."""
    item = DeliveryItem
    actions = [
        item.state.set(DeliveryState.UNCONFIRMED.value),
        item.error.set(rows.problem_column(problem)),
        *(attribute.remove() for attribute in (item.lease_until, item.next_at, item.parked_since)),
        *(attribute.remove() for attribute in (item.GSI2PK, item.GSI2SK)),
    ]
    unmoved = (item.state == delivery.state.value) & (item.fence == delivery.fence) & (item.gen == delivery.gen)
    return writes.update(rows.delivery_key(delivery.message_id, delivery.id), actions, unmoved)


def hold_message(read: Message, *, status: MessageStatus, now: datetime) -> Write:
    """Build the write that ends a message and drops its timer, if it still is as it was read."""
    item = MessageItem
    actions = [item.status.set(status.value), item.updated_at.set(now), item.GSI2PK.remove(), item.GSI2SK.remove()]
    unmoved = (item.status == read.status.value) & (item.rev == read.rev) & (item.gen == read.gen)
    return writes.update(rows.message_key(read.id), actions, unmoved)
