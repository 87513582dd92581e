"""After a restore: see to it that a table that was put back to an earlier time sends nothing a second time.

What was published, cancelled or edited after that time is not known in the restored table: every message that still
has a timer there would go out (again). They are left to a person instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from publishing.domain.delivery import Delivery, DeliveryEvent, DeliveryState, allows
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError
from publishing.domain.message import Message, MessageEvent, MessageStatus, MessageWithDeliveries, final_status
from publishing.domain.message import allows as message_allows
from publishing.domain.outcome import Problem
from publishing.domain.permissions import Action, Actor, demand
from publishing.store import accounts, messages, restoring, timers
from publishing.store.audit import AuditRecord, audited


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One message that a restored table would have sent."""

    message: Message
    #: The deliveries that a person has to resolve.
    delivery_ids: tuple[str, ...]
    #: False where it was left to go out, as was asked for messages that are due later.
    is_held: bool = True


def hold_restored(
    *, actor: Actor, point: datetime, now: datetime, keeps_later: bool = False, is_dry: bool = False
) -> Iterator[Held]:
    """Leave to a person every message that has a timer: its open deliveries become `unconfirmed`, its timers go.

    `point` is the time to which the table was put back. `keeps_later` leaves messages alone that are due after `now`:
    right only where nobody published, moved or cancelled one of them since the point. Raises ConflictError unless
    dispatch is halted in this very table, or when something moved meanwhile: then somebody is at work in it. Safe to
    repeat.
    """
    demand(actor, Action.STOP_DISPATCH)
    if point > now:
        detail = f"The point lies in the future: {point.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
        raise InvalidError(FieldProblem(pointer="/point", code="in_the_future", detail=detail))
    if not accounts.is_stopped():
        raise ConflictError(
            "Dispatch is not halted in this table: it may be sending just now. Type: manage.py dispatch stop"
        )
    # All of them first: what is held leaves the index that is being read.
    for message_id in sorted({timer.message_id for timer in timers.iterate_all()}):
        found = messages.find_message(message_id)
        if found is None or not message_allows(found.message.status, MessageEvent.RESTORED):
            continue
        due = found.message.scheduled_at
        if keeps_later and found.message.status is MessageStatus.SCHEDULED and due is not None and due > now:
            yield Held(message=found.message, delivery_ids=(), is_held=False)
            continue
        yield _hold(actor, found, point, now, is_dry=is_dry)


def _hold(actor: Actor, found: MessageWithDeliveries, point: datetime, now: datetime, *, is_dry: bool) -> Held:
    problem = _problem(point)
    open_ones = [each for each in found.deliveries if allows(each.state, DeliveryEvent.RESTORED)]
    ended = tuple(_unconfirmed(each) if each in open_ones else each for each in found.deliveries)
    status = final_status(ended) or MessageStatus.NEEDS_ATTENTION
    held = Held(message=found.message, delivery_ids=tuple(each.id for each in open_ones))
    if is_dry:
        return held
    record = AuditRecord(
        actor=actor.recorded_as,
        action="message.restored",
        target=f"message:{found.message.id}",
        at=now,
        facts={"deliveries": len(open_ones), "status": status.value},
    )
    changes = [restoring.hold_message(found.message, status=status, now=now)]
    changes += [restoring.hold_delivery(each, problem=problem) for each in open_ones]
    if not audited(record, *changes):
        raise ConflictError(
            f"Message {found.message.id} changed just now: something else writes to this table. "
            "See that no function is pointed to it, then type the same again."
        )
    return held


def _unconfirmed(delivery: Delivery) -> Delivery:
    return replace(delivery, state=DeliveryState.UNCONFIRMED)


def _problem(point: datetime) -> Problem:
    detail = (
        f"The data were put back to {point.astimezone(UTC):%Y-%m-%d %H:%M} UTC. It may have been published, changed or "
        "cancelled since: look there, and say which."
    )
    return Problem(code="restored", detail=detail, retryable=False)
