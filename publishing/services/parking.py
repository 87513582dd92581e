"""Parked records: look at what could not be understood, and send it to the worker again once it can."""

from datetime import datetime
from typing import Final

from publishing.domain.errors import ConflictError, NotFoundError, UnavailableError
from publishing.domain.events import ForeignEventError, decode
from publishing.domain.permissions import Action, Actor, demand
from publishing.services.context import Context
from publishing.store import parked
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.parked import ParkedRecord

#: A list shows no more; the alarm goes off at the first.
LIST_LIMIT: Final = 200
#: Who may halt dispatch may handle what it travels by: both are for emergencies, and for administrators.
_HANDLE: Final = Action.STOP_DISPATCH


def list_parked(*, actor: Actor, day: str) -> tuple[ParkedRecord, ...]:
    """Return the first records that were parked on a day (`2026-12-01`, UTC), at most `LIST_LIMIT`."""
    demand(actor, _HANDLE)
    return parked.list_parked(day, limit=LIST_LIMIT)


def get_parked(*, actor: Actor, day: str, sequence_number: str) -> ParkedRecord:
    """Return one parked record; NotFoundError when none of that number was parked on that day, or is kept still."""
    demand(actor, _HANDLE)
    found = parked.find_parked(day, sequence_number)
    if found is None:
        raise NotFoundError(f"No record {sequence_number} is parked on {day}.")
    return found


def put_back(*, actor: Actor, day: str, sequence_number: str, now: datetime, context: Context) -> ParkedRecord:
    """Send a parked record to the worker again. Safe to repeat: it is a hint, and the table says what is still to do.

    Raises ConflictError for one that this version cannot read either, which would be parked anew; UnavailableError when
    it did not go out. The audit record is written first, so that nothing is on its way that nobody put there.
    """
    found = get_parked(actor=actor, day=day, sequence_number=sequence_number)
    try:
        event = decode(found.data)
    except ForeignEventError as error:
        raise ConflictError(f"This version cannot read it either, so it would be parked anew. {error}") from error
    record = AuditRecord(
        actor=actor.recorded_as, action="parked.again", target=f"parked:{day}/{sequence_number}", at=now
    )
    try:
        transact_with_audit([parked.note_again(day, sequence_number, now=now)], record)
    except TransactionRefusedError as refusal:
        raise NotFoundError(f"The record {sequence_number} has expired just now.") from refusal
    if context.hints.put_events([event]):
        raise UnavailableError("The record did not reach the worker.")
    return found
