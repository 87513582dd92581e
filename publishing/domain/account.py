"""Accounts: destinations that were connected. Their credentials live apart, sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from publishing.domain.outcome import Problem


class AccountStatus(StrEnum):
    """What an account can be used for just now."""

    OK = "ok"
    #: Its credential expired or was revoked; its deliveries wait.
    NEEDS_REAUTH = "needs_reauth"
    PAUSED = "paused"
    #: Its recipient must not be sent to: mail came back for good, or somebody complained. An administrator lifts it.
    BLOCKED = "blocked"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One destination on one channel that was connected: this page, that chat. It holds no secret."""

    id: str
    channel: str
    name: str
    #: Where its server is; None for platforms with one address for everybody.
    base_url: str | None = None
    status: AccountStatus = AccountStatus.OK
    #: Whether members may publish to it.
    open_to_members: bool = False
    #: Limits read from the platform that replace the channel's own (`text_limit`, …), and its remote id.
    settings: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def may_receive(self) -> bool:
        """Whether new messages may be addressed to it."""
        return self.status in {AccountStatus.OK, AccountStatus.NEEDS_REAUTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCredential:
    """An account's secret as it is stored: readable only with the key service's help, and only for this row."""

    account_id: str
    #: Grows with every new secret; part of the seal.
    version: int
    ciphertext: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    #: The data key, itself encrypted by the key service.
    data_key: bytes = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What a channel needs to act for an account: the account and its opened credential."""

    account: Account
    #: Empty where the channel needs none.
    credential: str = field(repr=False)
