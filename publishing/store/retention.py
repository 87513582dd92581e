"""Removing what was kept long enough: a message with all that belongs to it, and a day of the audit log."""

from collections.abc import Sequence
from typing import Final

from publishing.domain.message import MessageWithDeliveries
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.message import AttemptItem, DeliveryItem, FeedbackItem
from publishing.items.records import AuditHeadItem, AuditItem
from publishing.store import audit, messages, writes
from publishing.store.audit import AuditRecord, Head, audited, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.reads import query
from publishing.store.writes import Write

#: Rows of one transaction, of DynamoDB's hundred; the rest is for the audit record.
_TOGETHER: Final = 90


def remove_message(found: MessageWithDeliveries, record: AuditRecord) -> bool:
    """Remove a message with its deliveries, attempts and feedback; return False when it was moved since it was read.

    In one transaction with its record, so that nobody can take up a message of which a part is gone. Of one with very
    many attempts the attempts go first; a try that breaks off is completed by the next.
    """
    rows = list(query(TableItem, keys.message(found.message.id), consistent_read=True))
    evidence = [writes.delete(row) for row in rows if isinstance(row, AttemptItem | FeedbackItem)]
    deliveries = [_as_read(row) for row in rows if isinstance(row, DeliveryItem)]
    room = max(_TOGETHER - len(deliveries), 1)
    early, late = evidence[:-room], evidence[-room:]
    for chunk in _chunks(early):
        writes.transact(chunk)
    return audited(record, messages.delete_message(found.message), *deliveries, *late)


def mark_day_removed(day: str, head: Head, record: AuditRecord) -> bool:
    """Enter among the days that a day is removed, and take its head away, together; False when its head is another."""
    gone = writes.delete(AuditHeadItem(keys.audit(day), keys.HEAD), AuditHeadItem.hash == head.hash)
    try:
        transact_with_audit([gone], record, chain=audit.DAYS)
    except TransactionRefusedError:
        return False
    return True


def remove_records(day: str) -> int:
    """Remove the records of a day that was marked as removed; return how many there were."""
    left = [row for row in query(TableItem, keys.audit(day), consistent_read=True) if isinstance(row, AuditItem)]
    for chunk in _chunks([writes.delete(row) for row in left]):
        writes.transact(chunk)
    return len(left)


def _as_read(row: DeliveryItem) -> Write:
    return writes.delete(row, (DeliveryItem.state == row.state) & (DeliveryItem.fence == row.fence))


def _chunks(deletes: Sequence[Write]) -> list[Sequence[Write]]:
    return [deletes[start : start + _TOGETHER] for start in range(0, len(deletes), _TOGETHER)]
