"""Deliveries and their attempts in the table: the protocol's operations carried out, and the receipt read.

A refused write whose old item bears the writer's own token was carried out by an earlier try whose answer was lost (the
SDK repeats blindly): it counts as applied.
"""

from datetime import datetime
from typing import Final

from publishing.domain.attempt import Attempt
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.operations import (
    Applied,
    CancelUnsent,
    ClaimDelivery,
    CommitDelivery,
    DeliveryOperation,
    EnterDoubt,
    FailUnsent,
    LookAgain,
    NotApplied,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    RecordUnknown,
    SettleAbsent,
    SettleResend,
    SettleReturned,
    SettleUnconfirmed,
    TakeOver,
    WriteResult,
)
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.message import AttemptItem, DeliveryItem
from publishing.store import rows, writes
from publishing.store.errors import ConditionFailedError, RawItem, TransactionRefusedError
from publishing.store.reads import get_all, query
from publishing.store.transitions import build
from publishing.store.writes import Write

_S = DeliveryState
#: How many attempts at an account are looked at, at most: more than any look-up reads posts.
_OTHERS: Final = 1_000


def apply(operation: DeliveryOperation) -> WriteResult:
    """Carry out one operation of the protocol.

    Returns NotApplied with the delivery as it stands when its condition did not hold. Raises UnavailableError when the
    table could not be reached: whether the write happened is then unknown, and every operation can be repeated.
    """
    planned = build(operation)
    try:
        if len(planned) == 1:
            return Applied(delivery=rows.raw_delivery(writes.run(planned[0])))
        writes.transact(planned)
        return Applied(delivery=None)
    except ConditionFailedError as refusal:
        return _recognise(operation, refusal.old)
    except TransactionRefusedError as refusal:
        return _refused_together(operation, planned, refusal)


def _refused_together(
    operation: DeliveryOperation, planned: tuple[Write, ...], refusal: TransactionRefusedError
) -> WriteResult:
    """Carry out the half of a refused transaction that still holds: a delivery's result, or an attempt's end."""
    delivery_failed, *_ = refusal.failed
    if isinstance(operation, CommitDelivery):
        return _recognise(operation, refusal.old[0])
    try:
        after = writes.run(planned[1 if delivery_failed else 0])
    except ConditionFailedError as second:
        return _recognise(operation, refusal.old[0] if delivery_failed else second.old)
    return _recognise(operation, refusal.old[0]) if delivery_failed else Applied(delivery=rows.raw_delivery(after))


def _recognise(operation: DeliveryOperation, old: RawItem | None) -> WriteResult:
    delivery = rows.raw_delivery(old)
    if delivery is None:
        return NotApplied(delivery=None)
    if isinstance(operation, RecordPublished):
        return _published_already(operation, delivery)
    # A claim's token belongs to one claim, so a commit mark that bears it is this very mark.
    is_ours = delivery.owner == operation.owner and delivery.state in _leads_to(operation)
    return Applied(delivery=delivery) if is_ours else NotApplied(delivery=delivery)


def _published_already(operation: RecordPublished, delivery: Delivery) -> WriteResult:
    if delivery.state is not _S.PUBLISHED or delivery.publication is None:
        return NotApplied(delivery=delivery)
    if delivery.publication.id != operation.publication.id:
        _note_duplicate(operation)
        return NotApplied(delivery=delivery)
    return Applied(delivery=delivery)


def _note_duplicate(operation: RecordPublished) -> None:
    """Keep the id of a second publication, which must not be; who applied the operation raises the alarm."""
    row = rows.delivery_key(operation.message_id, operation.delivery_id)
    actions = [DeliveryItem.dup_post_id.set(operation.publication.id)]
    writes.run(writes.update(row, actions, DeliveryItem.state == _S.PUBLISHED.value))


def _leads_to(operation: DeliveryOperation) -> frozenset[DeliveryState]:
    if isinstance(operation, SettleAbsent):
        return frozenset({operation.state})
    return _LEADS_TO.get(type(operation), frozenset())


_LEADS_TO: Final[dict[type[DeliveryOperation], frozenset[DeliveryState]]] = {
    ClaimDelivery: frozenset({_S.SENDING}),
    CommitDelivery: frozenset({_S.COMMITTING}),
    TakeOver: frozenset({_S.UNKNOWN}),
    EnterDoubt: frozenset({_S.UNKNOWN}),
    FailUnsent: frozenset({_S.FAILED}),
    CancelUnsent: frozenset({_S.CANCELLED}),
    RecordDeferred: frozenset({_S.RETRY}),
    RecordUnknown: frozenset({_S.UNKNOWN}),
    RecordRejected: frozenset({_S.FAILED}),
    SettleResend: frozenset({_S.RETRY}),
    SettleReturned: frozenset({_S.FAILED}),
    SettleUnconfirmed: frozenset({_S.UNCONFIRMED}),
    LookAgain: frozenset({_S.UNKNOWN}),
}


def list_attempts(message_id: str, delivery_id: str) -> tuple[Attempt, ...]:
    """Return the attempts at a delivery, oldest first; strongly consistent."""
    begins = TableItem.SK.startswith(keys.attempts(delivery_id))
    found = query(TableItem, keys.message(message_id), begins, consistent_read=True)
    return tuple(rows.attempt(item) for item in found if isinstance(item, AttemptItem))


def list_published_ids(account_id: str, *, since: datetime, but: Delivery) -> frozenset[str]:
    """Return the ids of what other deliveries to an account published, any of whose calls began since then.

    Which deliveries those are, an index of attempts says, which lags behind the table by fractions of a second; what
    they published is strongly consistent. Two requests for up to a hundred of them.
    """
    at = TableItem.GSI3SK
    lately = at >= write_instant(since)
    sent = query(TableItem.by_month, keys.sent(account_id), lately, scan_index_forward=False, limit=_OTHERS)
    others = {(item.PK, keys.delivery(keys.delivery_id_of_attempt(item.SK))) for item in sent}
    others.discard((keys.message(but.message_id), keys.delivery(but.id)))
    found = get_all(DeliveryItem, sorted(others)) if others else ()
    ids = {post_id for item in found for post_id in (item.post_id, item.dup_post_id)}
    return frozenset(post_id for post_id in ids if post_id is not None)
