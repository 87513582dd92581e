"""The stop switch: halt all dispatch in an emergency, and lift the halt."""

from datetime import datetime

from publishing.domain.permissions import Action, Actor, demand
from publishing.store import accounts
from publishing.store.audit import AuditRecord, transact_with_audit


def set_stop_switch(*, actor: Actor, is_on: bool, now: datetime) -> None:
    """Halt all dispatch at once, or lift the halt. What is under way at a platform cannot be called back.

    After lifting, what is overdue goes out by the late policy: what did not start in time asks for attention instead.
    """
    demand(actor, Action.STOP_DISPATCH)
    record = AuditRecord(
        actor=actor.recorded_as,
        action="dispatch.stop" if is_on else "dispatch.resume",
        target="setting:dispatch",
        at=now,
    )
    transact_with_audit([accounts.put_stop_switch(is_on=is_on, actor_id=actor.id, now=now)], record)
