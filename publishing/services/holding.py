"""Hold what is due and was never approved: review was switched on after it was scheduled."""

from dataclasses import replace
from datetime import datetime

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageEvent, MessageStatus, allows
from publishing.domain.review import Review
from publishing.store import messages
from publishing.store.audit import SYSTEM_NAME, AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError


def hold_unapproved(*, message_id: str, now: datetime) -> bool:
    """Send a message to review whose due time has come without an approval of what it says now.

    Its due time stays as the wish that it was; approving it asks for another one. Returns False when it is not due,
    approved, or was moved by somebody meanwhile.
    """
    found = messages.find_message(message_id)
    if found is None or not allows(found.message.status, MessageEvent.HOLD):
        return False
    read = found.message
    if read.is_approved or read.scheduled_at is None or read.scheduled_at > now:
        return False
    held = replace(
        read,
        status=MessageStatus.IN_REVIEW,
        review=Review(submitted_by=SYSTEM_NAME, submitted_at=now),
        updated_at=now,
    )
    pending = [delivery for delivery in found.deliveries if delivery.state is DeliveryState.PENDING]
    writes = [messages.replace_message(held, read=read), *(messages.delete_unsent(delivery) for delivery in pending)]
    facts: dict[str, str | int | bool] = {"rev": held.rev, "gen": held.gen, "status": held.status.value}
    record = AuditRecord(actor=SYSTEM_NAME, action="message.hold", target=f"message:{message_id}", at=now, facts=facts)
    try:
        transact_with_audit(writes, record)
    except TransactionRefusedError:
        return False
    return True
