"""People: they write, edit, move, cancel and start anew, as `services.scheduling` and `services.settling` do it.

And platforms that report later, as `services.receiving` takes it.

Each request is a transaction or a few writes in the order of the real use case; it may die between any two of them.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.errors import UnavailableError
from publishing.domain.feedback import Feedback, find_subject, settles
from publishing.domain.message import (
    MessageEvent,
    MessageStatus,
    MessageWithDeliveries,
    allows,
    final_status,
)
from publishing.domain.operations import CancelUnsent, FinaliseMessage, NotApplied, WriteResult
from publishing.services.steps import Apply, Finalise, ReadMessage, Steps
from tests.simulation.table import Table

S = DeliveryState
M = MessageStatus


def cancel(  # noqa: C901 - in the order of the real use case
    message_id: str, table: Table, now: datetime, acknowledged: set[tuple[str, str, int]]
) -> Steps[None]:
    found: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    if not allows(found.message.status, MessageEvent.CANCEL):
        return
    if found.message.status is M.SCHEDULED:
        if _is_unmoved(table, found):
            waiting = [each for each in found.deliveries if each.state is S.PENDING]
            ended = [replace(each, state=S.CANCELLED) if each in waiting else each for each in found.deliveries]
            end = final_status(ended) or M.CANCELLED
            table.put_message(replace(found.message, status=end, rev=found.message.rev + 1), None, now)
            for each in ended:
                table.put_delivery(each, now)
        return
    if found.message.status is M.PUBLISHING:
        if not _is_unmoved(table, found):
            return
        table.put_message(replace(found.message, status=M.CANCELLING), ("publishing", now), now)
    for each in found.deliveries:
        if each.state in {S.PENDING, S.RETRY, S.SENDING}:
            yield Apply(
                operation=CancelUnsent(
                    message_id=message_id, delivery_id=each.id, owner=f"c{now}", now=now, gen=each.gen
                )
            )
    latest: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    status = final_status(latest.deliveries)
    if status is not None:
        gen = latest.message.gen
        yield Finalise(operation=FinaliseMessage(message_id=message_id, gen=gen, status=status.value, now=now))
    acknowledged.update((message_id, each.id, each.gen) for each in latest.deliveries if each.state is S.CANCELLED)


def edit(message_id: str, table: Table, now: datetime) -> Steps[None]:
    found: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    if found.message.status is M.SCHEDULED and _is_unmoved(table, found):
        rev = found.message.rev + 1
        edited = replace(found.message, text=f"{found.message.id} as of {rev}", rev=rev)
        table.put_message(edited, table.timers[message_id, None], now)


def move(message_id: str, table: Table, now: datetime, due: datetime) -> Steps[None]:
    found: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    if found.message.status is M.SCHEDULED and _is_unmoved(table, found):
        moved = replace(found.message, scheduled_at=due, rev=found.message.rev + 1)
        table.put_message(moved, ("scheduled", due), now)


def start_anew(message_id: str, table: Table, now: datetime, after: timedelta) -> Steps[None]:
    """O19 for a whole message: one transaction."""
    found: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    read = found.message
    again = [each for each in found.deliveries if each.state in {S.FAILED, S.CANCELLED}]
    is_blocked = any(each.state is S.UNCONFIRMED for each in found.deliveries)
    if not read.status.is_final or not allows(read.status, MessageEvent.SCHEDULE) or not again or is_blocked:
        return
    if not _is_unmoved(table, found) or not _are_unmoved(table, again):
        return
    gen, due = read.gen + 1, now + after
    for each in again:
        table.put_delivery(_fresh(each, gen), now)
    rev = read.rev + 1
    message = replace(read, status=M.SCHEDULED, gen=gen, rev=rev, scheduled_at=due, text=f"{read.id} as of {rev}")
    table.put_message(message, ("scheduled", due), now)


def retry(message_id: str, delivery_id: str, table: Table, now: datetime) -> Steps[None]:
    """O19 for one delivery: one transaction."""
    found: MessageWithDeliveries = yield ReadMessage(message_id=message_id)
    delivery = found.delivery(delivery_id)
    if delivery is None or delivery.state not in {S.FAILED, S.CANCELLED}:
        return
    if not allows(found.message.status, MessageEvent.RETRY):
        return
    if not _is_unmoved(table, found) or not _are_unmoved(table, [delivery]):
        return
    gen = found.message.gen + 1
    table.put_delivery(replace(_fresh(delivery, gen), due_at=now), now)
    message = replace(found.message, status=M.PUBLISHING, gen=gen)
    table.put_message(message, ("publishing", now), now)


def hear(feedback: Feedback, now: datetime) -> Steps[None]:
    """What `services.receiving` does with a report, apart from keeping it."""
    found: MessageWithDeliveries = yield ReadMessage(message_id=feedback.message_id)
    subject = find_subject(found, feedback.delivery_key)
    if subject is None:
        return
    operation = settles(feedback, subject, owner=f"h{feedback.id}", now=now)
    if operation is not None:
        result: WriteResult = yield Apply(operation=operation)
        if isinstance(result, NotApplied):
            raise UnavailableError("It moved meanwhile: the platform reports it again.")
    latest: MessageWithDeliveries = yield ReadMessage(message_id=feedback.message_id)
    status = final_status(latest.deliveries)
    if status is not None:
        gen = latest.message.gen
        yield Finalise(operation=FinaliseMessage(message_id=feedback.message_id, gen=gen, status=status.value, now=now))


def _fresh(delivery: Delivery, gen: int) -> Delivery:
    return Delivery(
        message_id=delivery.message_id, id=delivery.id, channel=delivery.channel, account_id=delivery.account_id,
        gen=gen, fence=delivery.fence,
    )  # fmt: skip


def _is_unmoved(table: Table, found: MessageWithDeliveries) -> bool:
    now, read = table.messages[found.message.id], found.message
    return (now.status, now.rev, now.gen) == (read.status, read.rev, read.gen)


def _are_unmoved(table: Table, deliveries: list[Delivery]) -> bool:
    stored = [table.deliveries[each.message_id, each.id] for each in deliveries]
    return all(a.state in {S.FAILED, S.CANCELLED} and a.gen == b.gen for a, b in zip(stored, deliveries, strict=True))
