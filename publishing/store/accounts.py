"""Accounts and their sealed credentials in the table, and the stop switch that is read along with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from publishing.domain.account import Account, AccountStatus, Hold, SealedCredential
from publishing.domain.errors import NotFoundError
from publishing.domain.outcome import Problem, Reason
from publishing.items import keys
from publishing.items.account import AccountItem, CredentialItem, RateItem
from publishing.items.base import TableItem
from publishing.items.records import StopSwitchItem
from publishing.store import account_rows, rows, writes
from publishing.store.audit import SYSTEM_NAME, AuditRecord, audited
from publishing.store.errors import ConditionFailedError
from publishing.store.reads import batch_get, query
from publishing.store.writes import Write

#: How long the row of a hold outlives it.
_HOLD_KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a delivery needs to know before a claim, in one round trip: its account, and what holds it back."""

    account: Account | None
    credential: SealedCredential | None
    is_stopped: bool
    #: What was noted last; its time may be over.
    hold: Hold | None = None

    @property
    def credential_version(self) -> int:
        """The version of the credential; 0 where there is none."""
        return 0 if self.credential is None else self.credential.version


def read_lane(account_id: str) -> Lane:
    """Return an account, its credential, its hold and the stop switch, strongly consistent, in one request."""
    account_key = (keys.account(account_id), keys.METADATA)
    credential_key = (keys.account(account_id), keys.CREDENTIAL)
    rate_key = (keys.account(account_id), keys.RATE)
    switch_key = (keys.setting("dispatch"), keys.METADATA)
    items = [TableItem.from_raw_data(raw) for raw in batch_get([account_key, credential_key, rate_key, switch_key])]
    account = next((item for item in items if isinstance(item, AccountItem)), None)
    credential = next((item for item in items if isinstance(item, CredentialItem)), None)
    rate = next((item for item in items if isinstance(item, RateItem)), None)
    switch = next((item for item in items if isinstance(item, StopSwitchItem)), None)
    return Lane(
        account=None if account is None else account_rows.account(account),
        credential=None if credential is None else account_rows.credential(credential),
        is_stopped=switch is not None and switch.is_stopped,
        hold=None if rate is None else hold_of(rate),
    )


def find_accounts(account_ids: tuple[str, ...]) -> dict[str, Account]:
    """Return the accounts that exist among these ids, strongly consistent, in one request."""
    if not account_ids:
        return {}
    raws = batch_get([(keys.account(account_id), keys.METADATA) for account_id in dict.fromkeys(account_ids)])
    items = [TableItem.from_raw_data(raw) for raw in raws]
    return {item.id: account_rows.account(item) for item in items if isinstance(item, AccountItem)}


def get_account(account_id: str) -> Account:
    """Return an account; raise NotFoundError when there is none."""
    found = find_accounts((account_id,)).get(account_id)
    if found is None:
        raise NotFoundError("There is no such account.")
    return found


def list_accounts() -> tuple[Account, ...]:
    """Return all accounts, by channel; one query of the accounts' list, then one read of those it names.

    The list's index projects no settings, and there are few accounts: they are read in full.
    """
    listed = query(TableItem.by_month, keys.ACCOUNT_LIST)
    ids = tuple(item.id for item in listed if isinstance(item, AccountItem))
    found: dict[str, Account] = {}
    for start in range(0, len(ids), 100):
        found.update(find_accounts(ids[start : start + 100]))
    return tuple(found[account_id] for account_id in ids if account_id in found)


def put_account(account: Account) -> Write:
    """Build the put of a new account."""
    return writes.put_new(account_rows.account_item(account))


def put_credential(credential: SealedCredential) -> Write:
    """Build the put of an account's first credential."""
    return writes.put_new(account_rows.credential_item(credential))


def change_account(account: Account, *, read: Account) -> Write:
    """Build the change of an account that no person changed since it was read.

    Only what differs is written, so that what workers note meanwhile stays: a failing credential, a check's finding. A
    change of the status needs the status that was read.
    """
    before, after = account_rows.account_item(read), account_rows.account_item(account)
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in AccountItem.get_attributes()}
    actions = [
        getattr(AccountItem, name).remove() if new is None else getattr(AccountItem, name).set(new)
        for name, (old, new) in pairs.items()
        if old != new
    ]
    unmoved = AccountItem.rev == read.rev
    if account.status is not read.status:
        unmoved &= AccountItem.status == read.status.value
    return writes.update(AccountItem(keys.account(read.id), keys.METADATA), actions, unmoved)


def record_check(account: Account, *, read: Account) -> bool:
    """Note what a check of an account found; return False when the account was changed after it was read."""
    change = change_account(account, read=read)
    if account.status is not read.status:
        return audited(_decided("account.check", read.id, account.updated_at, status=account.status.value), change)
    try:
        writes.run(change)
    except ConditionFailedError:
        return False
    return True


def replace_credential(credential: SealedCredential, *, version: int) -> Write:
    """Build the replacement of an account's credential, whose version is still this one."""
    return writes.put(account_rows.credential_item(credential), CredentialItem.tver == version)


def delete_credential(account_id: str, *, version: int) -> Write:
    """Build the delete of an account's credential, whose version is still this one."""
    row = CredentialItem(keys.account(account_id), keys.CREDENTIAL)
    return writes.delete(row, CredentialItem.tver == version)


def mark_needs_reauth(account_id: str, *, version: int, problem: Problem, now: datetime) -> bool:
    """Note that an account's credential of this version no longer works; return whether this write was the first to.

    A credential that replaced it meanwhile is not blamed: what was under way with the old one says nothing about it.
    """
    row = AccountItem(keys.account(account_id), keys.METADATA)
    actions = [
        AccountItem.status.set(AccountStatus.NEEDS_REAUTH.value),
        AccountItem.problem.set(rows.problem_column(problem)),
        AccountItem.updated_at.set(now),
    ]
    change = writes.update(row, actions, AccountItem.status == AccountStatus.OK.value)
    record = _decided("account.needs_reauth", account_id, now, reason=problem.code)
    return audited(record, change, _is_version(account_id, version))


def mark_working(account_id: str, *, version: int, now: datetime) -> bool:
    """Note that an account works with its credential of this version, as a publication shows.

    Returns whether it had been noted as failing. A credential that replaced it meanwhile is not vouched for.
    """
    row = AccountItem(keys.account(account_id), keys.METADATA)
    actions = [
        AccountItem.status.set(AccountStatus.OK.value),
        AccountItem.problem.remove(),
        AccountItem.updated_at.set(now),
    ]
    needs_reauth = AccountItem.status == AccountStatus.NEEDS_REAUTH.value
    has_problem = (AccountItem.status == AccountStatus.OK.value) & AccountItem.problem.exists()
    change = writes.update(row, actions, needs_reauth | has_problem)
    return audited(_decided("account.works_again", account_id, now), change, _is_version(account_id, version))


def _is_version(account_id: str, version: int) -> Write:
    """Build the check that an account's credential is still of this version; 0 for none."""
    unmoved = CredentialItem.tver == version if version else CredentialItem.PK.does_not_exist()
    return writes.check(CredentialItem(keys.account(account_id), keys.CREDENTIAL), unmoved)


def hold_account(account_id: str, *, hold: Hold) -> bool:
    """Note until when an account's platform wants no calls; return False where a later time is noted already."""
    row = RateItem(keys.account(account_id), keys.RATE)
    row.blocked_until, row.reason, row.detail = hold.until, hold.reason.value, hold.detail
    row.ttl = int((hold.until + _HOLD_KEPT_FOR).timestamp())
    is_later = RateItem.PK.does_not_exist() | (RateItem.blocked_until < hold.until)
    try:
        writes.run(writes.put(row, is_later))
    except ConditionFailedError:
        return False
    return True


def hold_of(row: RateItem) -> Hold:
    """Return what a row says about holding an account back."""
    return Hold(until=row.blocked_until, reason=Reason(row.reason), detail=row.detail)


def block_account(account_id: str, *, problem: Problem, now: datetime) -> bool:
    """Note that an account's recipient must not be sent to; return whether this write was the one that noted it.

    Its revision grows, so that a change by somebody who did not see the block is refused instead of lifting it.
    """
    row = AccountItem(keys.account(account_id), keys.METADATA)
    actions = [
        AccountItem.status.set(AccountStatus.BLOCKED.value),
        AccountItem.problem.set(rows.problem_column(problem)),
        AccountItem.rev.set(AccountItem.rev + 1),
        AccountItem.updated_at.set(now),
    ]
    is_in_use = ~AccountItem.status.is_in(AccountStatus.BLOCKED.value, AccountStatus.DISCONNECTED.value)
    change = writes.update(row, actions, AccountItem.PK.exists() & is_in_use)
    return audited(_decided("account.block", account_id, now, reason=problem.code), change)


def _decided(action: str, account_id: str, now: datetime, **facts: str) -> AuditRecord:
    """Return the record of what no person decided, and a person would ask about."""
    return AuditRecord(actor=SYSTEM_NAME, action=action, target=f"account:{account_id}", at=now, facts=facts)


def is_stopped() -> bool:
    """Tell whether the stop switch is on; strongly consistent."""
    items = [TableItem.from_raw_data(raw) for raw in batch_get([(keys.setting("dispatch"), keys.METADATA)])]
    return any(isinstance(item, StopSwitchItem) and item.is_stopped for item in items)


def put_stop_switch(*, is_on: bool, actor_id: str, now: datetime) -> Write:
    """Build the put of the stop switch."""
    item = StopSwitchItem(keys.setting("dispatch"), keys.METADATA)
    item.is_stopped, item.actor, item.at = is_on, actor_id, now
    return writes.put(item)
