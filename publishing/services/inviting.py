"""Invite users: let them into the user pool, with a role. The first admin comes in by this."""

from dataclasses import dataclass
from datetime import datetime

from publishing.adapters import user_pool
from publishing.domain.permissions import Action, Actor, Role, demand
from publishing.store.audit import AuditRecord, transact_with_audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who was invited."""

    #: The id that their tokens will name (`sub`).
    user_id: str
    #: Whether they were mailed a first password; who signed in before has one.
    is_mailed: bool


def invite_user(*, actor: Actor, email: str, role: Role, group: str, pool_id: str, now: datetime) -> Invitation:
    """Let somebody into the user pool, and put them into the group that gives the role.

    Recorded before the role is given, by id and never by address: a try that breaks off in between leaves a user who
    may do nothing, and the next one completes it. Raises NotAllowedError, InvalidError for what is no address,
    ConflictError for what the pool refuses, UnavailableError.
    """
    demand(actor, Action.MANAGE_USERS)
    invited = user_pool.invite(pool_id, email)
    facts = {"role": role.value, "group": group, "mailed": invited.is_mailed}
    record = AuditRecord(
        actor=actor.recorded_as, action="user.invite", target=f"user:{invited.id}", at=now, facts=facts
    )
    transact_with_audit([], record)
    user_pool.add_to_group(pool_id, invited.name, group)
    return Invitation(user_id=invited.id, is_mailed=invited.is_mailed)
