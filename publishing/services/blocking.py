"""Lift the block of an account whose recipient was not to be sent to."""

from dataclasses import replace
from datetime import datetime

from publishing.domain.account import Account, AccountStatus
from publishing.domain.errors import ConflictError
from publishing.domain.permissions import Action, Actor, demand
from publishing.store import accounts
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError


def unblock_account(*, actor: Actor, account_id: str, now: datetime) -> Account:
    """Let an account be sent to again, on somebody's word that its recipient exists and wants it.

    Raises NotFoundError when the actor may not know of it, ConflictError when it is not blocked or changed meanwhile.
    """
    read = accounts.get_account(account_id)
    demand(actor, Action.MANAGE_ACCOUNTS, read)
    if read.status is not AccountStatus.BLOCKED:
        raise ConflictError(f"The account is {read.status.replace('_', ' ')}; there is no block to lift.")
    account = replace(read, status=AccountStatus.OK, problem=None, rev=read.rev + 1, updated_at=now)
    record = AuditRecord(actor=actor.recorded_as, action="account.unblock", target=f"account:{account_id}", at=now)
    try:
        transact_with_audit([accounts.change_account(account, read=read)], record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The account changed just now. Look at it again.") from refusal
    return account
