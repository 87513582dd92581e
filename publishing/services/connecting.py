"""Connect accounts, and halt all dispatch in an emergency."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from publishing.adapters import secrets
from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import UnknownChannelError, get_channel, kinds
from publishing.domain.account import Account, AccountStatus
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, NotFoundError
from publishing.domain.ids import new_id
from publishing.domain.permissions import Action, Actor, demand
from publishing.store import accounts
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError


def connect_account(
    *,
    actor: Actor,
    channel: str,
    name: str,
    base_url: str | None,
    credential: str = "",
    key_id: str,
    now: datetime,
    open_to_members: bool = False,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Account:
    """Connect an account: its credential is sealed before it is stored, and nobody but the worker opens it again.

    Raises InvalidError for an unknown channel, for a credential that is empty or that the channel has no use for, and
    for settings that the channel cannot use; UnavailableError when the key service is away.
    """
    demand(actor, Action.MANAGE_ACCOUNTS)
    try:
        publisher = get_channel(channel)
    except UnknownChannelError:
        detail = f"There is no such channel. There are: {', '.join(kinds())}."
        raise InvalidError(FieldProblem(pointer="/channel", code="unknown_channel", detail=detail)) from None
    account = Account(
        id=new_id(now),
        channel=channel,
        name=name,
        base_url=base_url,
        open_to_members=open_to_members,
        settings=settings,
        created_at=now,
        updated_at=now,
    )
    _demand_usable(publisher, account, credential)
    puts = [accounts.put_account(account)]
    if publisher.capabilities.needs_credential:
        sealed = secrets.seal(credential, account_id=account.id, version=1, key_id=key_id)
        puts.append(accounts.put_credential(sealed))
    record = AuditRecord(
        actor=actor.id, action="account.connect", target=f"account:{account.id}", at=now, facts={"channel": channel}
    )
    transact_with_audit(puts, record)
    return account


def reconnect_account(
    *,
    actor: Actor,
    account_id: str,
    base_url: str | None,
    credential: str = "",
    key_id: str,
    now: datetime,
    settings: Mapping[str, str] | None = None,
) -> Account:
    """Give a connected account a new credential and the address that it is for; deliveries that waited go on with it.

    Its settings stay as they are unless others are given.

    Both change together or not at all, so that nobody can lead a stored credential to another server. Raises
    InvalidError as `connect_account` does, ConflictError when the account changed meanwhile.
    """
    demand(actor, Action.MANAGE_ACCOUNTS)
    lane = accounts.read_lane(account_id)
    if lane.account is None or lane.account.status is AccountStatus.DISCONNECTED:
        raise NotFoundError("There is no such account.")
    read = lane.account
    account = replace(
        read,
        base_url=base_url,
        settings=read.settings if settings is None else settings,
        status=AccountStatus.OK,
        problem=None,
        rev=read.rev + 1,
        updated_at=now,
    )
    publisher = get_channel(account.channel)
    _demand_usable(publisher, account, credential)
    puts = [accounts.replace_account(account, read=read)]
    if publisher.capabilities.needs_credential:
        version = lane.credential.version if lane.credential else 0
        sealed = secrets.seal(credential, account_id=account_id, version=version + 1, key_id=key_id)
        puts.append(
            accounts.replace_credential(sealed, version=version) if version else accounts.put_credential(sealed)
        )
    record = AuditRecord(actor=actor.id, action="account.reconnect", target=f"account:{account_id}", at=now)
    try:
        transact_with_audit(puts, record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The account changed just now. Look at it again.") from refusal
    return account


def _demand_usable(channel: Channel, account: Account, credential: str) -> None:
    problems = [*_credential_problems(channel, credential), *channel.account_problems(account)]
    if problems:
        raise InvalidError(*problems)


def _credential_problems(channel: Channel, credential: str) -> Iterator[FieldProblem]:
    needs_one = channel.capabilities.needs_credential
    if needs_one and not credential:
        detail = "The credential is empty. Paste the secret or token of the account."
        yield FieldProblem(pointer="/credential", code="required", detail=detail)
    if credential and not needs_one:
        # A secret that nobody opens would only be one more to lose.
        detail = (
            f"{channel.capabilities.name} accounts have no credential: the deployment's own role acts. Leave it out."
        )
        yield FieldProblem(pointer="/credential", code="not_needed", detail=detail)


def set_stop_switch(*, actor: Actor, is_on: bool, now: datetime) -> None:
    """Halt all dispatch at once, or lift the halt. What is under way at a platform cannot be called back.

    After lifting, what is overdue goes out by the late policy: what did not start in time asks for attention instead.
    """
    demand(actor, Action.STOP_DISPATCH)
    record = AuditRecord(
        actor=actor.id, action="dispatch.stop" if is_on else "dispatch.resume", target="setting:dispatch", at=now
    )
    transact_with_audit([accounts.put_stop_switch(is_on=is_on, actor_id=actor.id, now=now)], record)
