"""Accounts: destinations that were connected. Their credentials live apart, sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self, assert_never

from publishing.domain.health import Health, HealthVerdict
from publishing.domain.outcome import Problem, Reason

NAME_LIMIT: Final = 100
SETTING_LIMIT: Final = 500
CREDENTIAL_LIMIT: Final = 4_096


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
    #: What the last check found, and when; None before the first one, and after something that it judged has changed.
    health: Health | None = None
    checked_at: datetime | None = None
    #: Grows with every change by a person; what workers note leaves it alone.
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def may_receive(self) -> bool:
        """Whether new messages may be addressed to it."""
        return self.status in {AccountStatus.OK, AccountStatus.NEEDS_REAUTH}

    def checked(self, health: Health, at: datetime) -> Self:
        """Return the account as a check's finding leaves it.

        Only a credential that is refused makes deliveries wait, and only one that is accepted lets them go on. A paused
        account stays paused.
        """
        status, problem = self.status, self.problem
        if status is AccountStatus.BLOCKED:
            # A platform that can be reached says nothing about a recipient who is not to be.
            return replace(self, health=health, checked_at=at, updated_at=at)
        match health.verdict:
            case HealthVerdict.OK:
                problem = None
                status = AccountStatus.OK if status is AccountStatus.NEEDS_REAUTH else status
            case HealthVerdict.NEEDS_REAUTH:
                problem = _as_problem(health)
                status = AccountStatus.NEEDS_REAUTH if status is AccountStatus.OK else status
            case HealthVerdict.PROBLEM:
                # Why deliveries wait stays said for as long as they do.
                problem = problem if status is AccountStatus.NEEDS_REAUTH else _as_problem(health)
            case HealthVerdict.CANNOT_TELL:
                pass
            case _:
                assert_never(health.verdict)
        return replace(self, status=status, problem=problem, health=health, checked_at=at, updated_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Until when a platform asked not to be called for an account; nothing is sent to it before."""

    until: datetime
    #: `rate` or `quota`.
    reason: Reason
    #: What the platform's answer meant, for people.
    detail: str


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


def _as_problem(health: Health) -> Problem:
    code = health.reason.value if health.reason else health.verdict.value
    return Problem(code=code, detail=health.detail, retryable=True)
