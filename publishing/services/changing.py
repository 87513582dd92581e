"""What every change of a message shares: its revision, its deliveries, one transaction, its audit record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.draft import Unset
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, StaleError
from publishing.domain.message import EDITABLE, Message, MessageStatus, MessageWithDeliveries, Target
from publishing.domain.permissions import Actor
from publishing.domain.review import Review
from publishing.domain.schedule import Due
from publishing.services.context import Context
from publishing.services.picturing import demand_claimed
from publishing.store import messages
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.deliveries import list_attempts
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: A transaction takes 100 writes; two of them are the audit record's.
_WRITES_LIMIT: Final = 98
#: More claims in a row than ever end without an attempt.
_FENCE_GAP: Final = 1_000


def demand_rev(message: Message, rev: int | None) -> None:
    """Raise StaleError when a revision is given and not the message's own."""
    if rev is not None and rev != message.rev:
        raise StaleError("Somebody changed the message since you read it. Read it again, then repeat your change.")


def has_seen(actor: Actor, message: Message, rev: int | None) -> bool:
    """Tell whether an actor knows what a message says: they named the revision they read, or it is their own work."""
    return rev is not None or actor.is_system or message.edited_by == actor.id


def demand_named(actor: Actor, message: Message, rev: int | None, context: Context) -> None:
    """Raise StaleError for an act that approves what its actor may never have read: an edit may have come between."""
    approves = context.review_on and not message.is_approved and message.status in EDITABLE
    if approves and not has_seen(actor, message, rev):
        raise StaleError("This approves the message. Read it, and send the ETag that you got with it as If-Match.")


def delivery_changes(found: MessageWithDeliveries, wanted: Message) -> tuple[tuple[Delivery, ...], list[Write]]:
    """Return the deliveries that a message that was not dispatched should have, and the writes that make it so.

    Only a scheduled message has deliveries; a draft has targets.
    """
    targets = wanted.targets if wanted.status is MessageStatus.SCHEDULED else ()
    existing = {delivery.id: delivery for delivery in found.deliveries}
    added = tuple(target for target in targets if target.delivery_id not in existing)
    new = {delivery.id: delivery for delivery in new_deliveries(wanted, added)}
    names = {target.delivery_id for target in targets}
    writes = [messages.put_delivery(delivery) for delivery in new.values()]
    # What was tried is evidence and stays; only what nobody took up goes.
    dropped = [each for each in found.deliveries if each.id not in names and each.state is DeliveryState.PENDING]
    writes += [messages.delete_unsent(delivery) for delivery in dropped]
    kept = [each for each in found.deliveries if each.id not in names and each not in dropped]
    wanted_ones = [new.get(target.delivery_id) or existing[target.delivery_id] for target in targets]
    return (*wanted_ones, *kept), writes


def new_deliveries(message: Message, targets: Sequence[Target]) -> tuple[Delivery, ...]:
    """Return deliveries that begin, one for each of these targets."""
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


def commit(
    found: MessageWithDeliveries, writes: Sequence[Write], record: AuditRecord, *, claimed: Sequence[Write] = ()
) -> None:
    """Carry out a change of a message with its record. Raises ConflictError or StaleError when somebody was faster."""
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
        return ConflictError(f"The message is {words(latest.status)} by now, so this is too late.")
    return StaleError("Somebody changed the message just now. Read it again, then repeat your change.")


def wake_if_near(message: Message, now: datetime, context: Context) -> None:
    """Wake the scheduler when the message is due before the end of its next tick (it looks one tick ahead)."""
    if message.scheduled_at is not None and message.scheduled_at <= now + 2 * context.timing.tick:
        context.waker.wake()


def record(actor: Actor, action: str, message: Message, now: datetime) -> AuditRecord:
    """Return the record of a change of a message."""
    facts: dict[str, str | int | bool] = {"rev": message.rev, "gen": message.gen, "status": message.status.value}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"message:{message.id}", at=now, facts=facts)


def words(status: MessageStatus) -> str:
    """Return a status as sentences have it."""
    return status.replace("_", " ")


def submitted(message: Message, due: Due | Unset | None, *, actor: Actor, now: datetime) -> Message:
    """Return a message that waits for approval, with the time that is wished for; see `submit_message`."""
    review = Review(submitted_by=actor.id, submitted_at=now)
    return replace(_wishing(message, due, now), status=MessageStatus.IN_REVIEW, review=review)


def _wishing(message: Message, due: Due | Unset | None, now: datetime) -> Message:
    if isinstance(due, Due):
        return replace(message, scheduled_at=due.at, zone=due.zone, wall_time=due.wall_time)
    has_passed = message.scheduled_at is not None and message.scheduled_at < now
    if due is None or has_passed:
        return replace(message, scheduled_at=None, zone=None, wall_time=None)
    return message
