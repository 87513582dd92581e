"""Rows of accounts and their credentials to domain values and back. No reads or writes happen here."""

from typing import Any

from publishing.domain.account import Account, AccountStatus, SealedCredential
from publishing.domain.health import Health, HealthVerdict
from publishing.domain.outcome import Reason
from publishing.items import keys
from publishing.items.account import AccountItem, CredentialItem
from publishing.store.rows import problem, problem_column


def account(item: AccountItem) -> Account:
    """Return the account of a row."""
    return Account(
        id=item.id,
        channel=item.channel,
        name=item.name,
        base_url=item.base_url,
        status=AccountStatus(item.status),
        open_to_members=item.open_to_members,
        settings=item.settings or {},
        problem=problem(item.problem),
        health=_health(item.health),
        checked_at=item.checked_at,
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def account_item(value: Account) -> AccountItem:
    """Return the row of an account, index keys included."""
    item = AccountItem(keys.account(value.id), keys.METADATA)
    item.id, item.channel, item.name, item.base_url = value.id, value.channel, value.name, value.base_url
    item.status, item.open_to_members = value.status.value, value.open_to_members
    item.settings = dict(value.settings) or None
    item.problem = problem_column(value.problem)
    item.health, item.checked_at = _health_column(value.health), value.checked_at
    item.rev, item.created_at, item.updated_at = value.rev, value.created_at, value.updated_at
    item.GSI3PK, item.GSI3SK = keys.ACCOUNT_LIST, f"{value.channel}#{value.id}"
    return item


def credential(item: CredentialItem) -> SealedCredential:
    """Return the sealed credential of a row."""
    return SealedCredential(
        account_id=item.PK.removeprefix("ACCOUNT#"),
        version=int(item.tver),
        ciphertext=item.ciphertext,
        nonce=item.nonce,
        data_key=item.data_key,
        expires_at=item.expires_at,
    )


def credential_item(value: SealedCredential) -> CredentialItem:
    """Return the row of a sealed credential."""
    item = CredentialItem(keys.account(value.account_id), keys.CREDENTIAL)
    item.ciphertext, item.nonce, item.data_key = value.ciphertext, value.nonce, value.data_key
    item.tver, item.expires_at = value.version, value.expires_at
    return item


def _health(column: Any) -> Health | None:  # noqa: ANN401 - JSON, as pynamodb types it
    if not column:
        return None
    reason = Reason(column["reason"]) if column["reason"] else None
    return Health(verdict=HealthVerdict(column["verdict"]), detail=column["detail"], reason=reason)


def _health_column(value: Health | None) -> dict[str, object] | None:
    if value is None:
        return None
    reason = value.reason.value if value.reason else None
    return {"verdict": value.verdict.value, "detail": value.detail, "reason": reason}
