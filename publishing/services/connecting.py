"""Connect accounts, change them, disconnect them, and ask for a check of one.

A credential is sealed before it is stored, and nobody but the worker opens it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from publishing.adapters import secrets
from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import UnknownChannelError, get_channel, kinds
from publishing.domain.account import Account, AccountStatus
from publishing.domain.draft import UNSET, AccountChanges, AccountDraft, StoredAnswer
from publishing.domain.errors import (
    ConflictError,
    FieldProblem,
    InvalidError,
    NotFoundError,
    StaleError,
    UnavailableError,
)
from publishing.domain.events import CheckAccount
from publishing.domain.ids import new_id
from publishing.domain.outcome import Reason
from publishing.domain.permissions import Action, Actor, demand
from publishing.services import vetting
from publishing.services.answers import answered
from publishing.services.context import Context
from publishing.store import accounts, answers
from publishing.store.accounts import Lane
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: Builds the answer that is kept under an idempotency key, from the account that was connected.
AnswerBuilder = Callable[[Account], StoredAnswer]

#: Changes by which what a check found is no longer about the account.
_JUDGED: Final = frozenset({"base_url", "credential", "settings"})


def connect_account(
    *, actor: Actor, draft: AccountDraft, now: datetime, context: Context, answer: AnswerBuilder | None = None
) -> Account:
    """Connect an account.

    Raises InvalidError naming every field that is wrong: an unknown channel, a credential that is empty or that the
    channel has no use for, an address that may not be called, settings that the channel cannot use; UnavailableError
    when the key service is away; AnsweredError or KeyReusedError when the idempotency key of `answer` was used before.
    """
    demand(actor, Action.MANAGE_ACCOUNTS)
    channel = _channel_of(draft)
    account = Account(
        id=new_id(now),
        channel=draft.channel,
        name=draft.name,
        base_url=draft.base_url,
        open_to_members=draft.open_to_members,
        settings=draft.settings,
        created_at=now,
        updated_at=now,
    )
    _raise(
        [
            *vetting.name_problems(account.name),
            *vetting.credential_problems(channel, draft.credential),
            *vetting.place_problems(channel, account, context.outgoing),
        ]
    )
    writes = [accounts.put_account(account)]
    if channel.capabilities.needs_credential:
        sealed = secrets.seal(draft.credential, account_id=account.id, version=1, key_id=context.key_id)
        writes.append(accounts.put_credential(sealed))
    kept = answer(account) if answer else None
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    try:
        transact_with_audit(writes, _record(actor, "account.connect", account, now, channel=account.channel))
    except TransactionRefusedError as refusal:
        raise answered(kept, refusal) from refusal
    return account


def change_account(
    *, actor: Actor, account_id: str, changes: AccountChanges, rev: int | None, now: datetime, context: Context
) -> Account:
    """Change a connected account: its name, who may use it, its settings, whether it is paused, its credential.

    A new credential lets deliveries that waited for one go on. A new address needs the credential again where the
    channel has one, so that nobody can lead a stored credential to another server. Raises InvalidError as
    `connect_account` does, StaleError when `rev` is given and not the account's own, ConflictError when it is
    disconnected or changed meanwhile.
    """
    lane = accounts.read_lane(account_id)
    read = _managed(actor, lane.account)
    _demand_current(read, rev)
    channel = get_channel(read.channel)
    account = _changed(read, changes, now)
    _raise(_change_problems(channel, account, changes, read=read, context=context))
    writes = [accounts.change_account(account, read=read)]
    if changes.credential is not UNSET:
        writes.append(_replacement(changes.credential, account_id, lane, context))
    changed = ",".join(sorted(_named(changes)))
    _transact(writes, _record(actor, "account.change", account, now, changed=changed))
    return account


def disconnect_account(*, actor: Actor, account_id: str, rev: int | None, now: datetime, context: Context) -> None:
    """Disconnect an account for good; its credential is deleted with it.

    Its row stays, so that what was published keeps the name of where it went. What still waits for it fails with that
    reason when it is its turn. Raises as `change_account` does.
    """
    del context  # every use case takes it; this one needs nothing outside the table
    lane = accounts.read_lane(account_id)
    read = _managed(actor, lane.account)
    _demand_current(read, rev)
    account = replace(
        read, status=AccountStatus.DISCONNECTED, problem=None, health=None, checked_at=None, rev=read.rev + 1,
        updated_at=now,
    )  # fmt: skip
    writes = [accounts.change_account(account, read=read)]
    if lane.credential is not None:
        writes.append(accounts.delete_credential(account_id, version=lane.credential.version))
    _transact(writes, _record(actor, "account.disconnect", account, now))


def check_account(*, actor: Actor, account_id: str, now: datetime, context: Context) -> Account:
    """Ask the worker, which alone opens credentials, to check an account; return the account as it is before.

    The finding is on the account as soon as its `checked_at` moves; a hint can get lost on the way, and then it does
    not. Raises ConflictError for a disconnected account, UnavailableError when the hint did not go out.
    """
    del now  # every use case takes it; the worker's clock says when it was checked
    account = _managed(actor, accounts.get_account(account_id))
    if context.hints.put_events([CheckAccount(account_id=account_id)]):
        raise UnavailableError("The request for a check did not reach the worker.")
    return account


def _channel_of(draft: AccountDraft) -> Channel:
    try:
        return get_channel(draft.channel)
    except UnknownChannelError:
        detail = f"There is no such channel. There are: {', '.join(kinds())}."
        raise InvalidError(FieldProblem(pointer="/channel", code="unknown_channel", detail=detail)) from None


def _managed(actor: Actor, account: Account | None) -> Account:
    """Return a connected account that the actor may manage."""
    if account is None:
        raise NotFoundError("There is no such account.")
    demand(actor, Action.MANAGE_ACCOUNTS, account)
    if account.status is AccountStatus.DISCONNECTED:
        raise ConflictError("The account is disconnected. Connect it anew; it then is another account.")
    return account


def _demand_current(read: Account, rev: int | None) -> None:
    if rev is not None and rev != read.rev:
        raise StaleError("Somebody changed the account since you read it. Read it again, then repeat your change.")


def _changed(read: Account, changes: AccountChanges, now: datetime) -> Account:
    account = replace(
        read,
        name=read.name if changes.name is UNSET else changes.name,
        base_url=read.base_url if changes.base_url is UNSET else changes.base_url,
        open_to_members=read.open_to_members if changes.open_to_members is UNSET else changes.open_to_members,
        settings=read.settings if changes.settings is UNSET else changes.settings,
        rev=read.rev + 1,
        updated_at=now,
    )
    if not _JUDGED.isdisjoint(_named(changes)):
        account = replace(account, health=None, checked_at=None)
        if read.status is not AccountStatus.BLOCKED and (
            changes.credential is not UNSET or not _lacks_credential(account)
        ):
            account = replace(account, problem=None)
    return replace(account, status=_status(read, account, changes))


def _status(read: Account, account: Account, changes: AccountChanges) -> AccountStatus:
    """Return the status after a change; `account` is the account with everything else changed."""
    if read.status is AccountStatus.BLOCKED:
        if changes.is_paused is not UNSET:
            raise ConflictError("The account is blocked. Lift the block before it is paused or used again.")
        return AccountStatus.BLOCKED
    if changes.is_paused is True:
        return AccountStatus.PAUSED
    if read.status is AccountStatus.PAUSED and changes.is_paused is UNSET:
        return AccountStatus.PAUSED
    if not _lacks_credential(account):
        return AccountStatus.OK
    if changes.is_paused is False and read.status is AccountStatus.NEEDS_REAUTH:
        raise ConflictError("The account's credential is not accepted. Send a new one, and it is used again.")
    return AccountStatus.NEEDS_REAUTH


def _lacks_credential(account: Account) -> bool:
    """Tell whether the account's credential was seen to fail and was not replaced; true of a paused account too."""
    return account.problem is not None and account.problem.code == Reason.CREDENTIAL.value


def _named(changes: AccountChanges) -> frozenset[str]:
    """Return the names of what a change changes."""
    return frozenset(name for name in AccountChanges.__dataclass_fields__ if getattr(changes, name) is not UNSET)


def _change_problems(
    channel: Channel, account: Account, changes: AccountChanges, *, read: Account, context: Context
) -> list[FieldProblem]:
    problems = [] if changes.name is UNSET else [*vetting.name_problems(account.name)]
    if changes.credential is not UNSET:
        problems += vetting.credential_problems(channel, changes.credential)
    elif account.base_url != read.base_url and channel.capabilities.needs_credential:
        detail = "A new address needs the credential again: a stored one is led to no other server. Send both."
        problems.append(FieldProblem(pointer="/credential", code="required", detail=detail))
    if not _JUDGED.isdisjoint(_named(changes)):
        problems += vetting.place_problems(channel, account, context.outgoing)
    return problems


def _replacement(credential: str, account_id: str, lane: Lane, context: Context) -> Write:
    version = lane.credential.version if lane.credential else 0
    sealed = secrets.seal(credential, account_id=account_id, version=version + 1, key_id=context.key_id)
    return accounts.replace_credential(sealed, version=version) if version else accounts.put_credential(sealed)


def _transact(writes: Sequence[Write], record: AuditRecord) -> None:
    try:
        transact_with_audit(writes, record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The account changed just now. Look at it again.") from refusal


def _record(actor: Actor, action: str, account: Account, now: datetime, **facts: str) -> AuditRecord:
    every: dict[str, str | int | bool] = {"rev": account.rev, **facts}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"account:{account.id}", at=now, facts=every)


def _raise(problems: Sequence[FieldProblem]) -> None:
    if problems:
        raise InvalidError(*problems)
