"""API keys: what lets a program act for the user who owns it, within its scopes, until it ends."""

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from publishing.domain.ids import digest
from publishing.domain.roles import Action, Role

NAME_LIMIT: Final = 100
#: How long a key lives unless it is told, and at most.
LIFETIME: Final = timedelta(days=90)
LIFETIME_LIMIT: Final = timedelta(days=366)
#: How long the secret before the newest stays good after a rotation: unless told, and at most.
OVERLAP: Final = timedelta(hours=24)
OVERLAP_LIMIT: Final = timedelta(days=7)
#: The owner's present roles are asked for again, when the key is used, after this; after a question that nobody
#: answered, sooner.
OWNER_ASKED_EVERY: Final = timedelta(minutes=15)
OWNER_ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)
#: The use of a key is noted no more often than this.
USE_NOTED_EVERY: Final = timedelta(minutes=5)


class ApiKeyStatus(StrEnum):
    """What a key is good for just now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A program's key. Its secret is kept as a hash only; it has 256 random bits, so that a plain hash will do."""

    id: str
    owner: str
    name: str
    #: The owner's roles when the key was made or last rotated, less what they lost since.
    roles: frozenset[Role]
    scopes: frozenset[Action]
    secret_sha: str = field(repr=False)
    #: The secret before a rotation, and until when it is good.
    previous_sha: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    #: When it was last asked what the owner may do; None for never.
    owner_asked_at: datetime | None = None
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    def status(self, now: datetime) -> ApiKeyStatus:
        """Return what the key is good for."""
        if self.revoked_at is not None:
            return ApiKeyStatus.REVOKED
        return ApiKeyStatus.EXPIRED if now >= self.expires_at else ApiKeyStatus.ACTIVE

    def accepts(self, secret: str, now: datetime) -> bool:
        """Tell whether this is the key's secret, or the one before it while that is good. Constant in time."""
        given = secret_hash(self.id, secret)
        is_newest = hmac.compare_digest(given, self.secret_sha)
        is_previous = hmac.compare_digest(given, self.previous_sha or "")
        in_overlap = self.previous_until is not None and now < self.previous_until
        return is_newest or (is_previous and in_overlap)

    def rotated(self, secret: str, *, roles: frozenset[Role], overlap: timedelta, now: datetime) -> Self:
        """Return the key with a new secret and the owner's present roles; the old secret is good for the overlap."""
        return replace(
            self,
            secret_sha=secret_hash(self.id, secret),
            previous_sha=self.secret_sha if overlap else None,
            previous_until=now + overlap if overlap else None,
            roles=roles,
            rev=self.rev + 1,
            updated_at=now,
        )

    def revoked(self, now: datetime) -> Self:
        """Return the key as it is once nobody can use it any more."""
        return replace(self, revoked_at=now, previous_sha=None, previous_until=None, rev=self.rev + 1, updated_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyDraft:
    """A key that somebody wants."""

    name: str
    scopes: frozenset[Action]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key and its secret, which is shown this once."""

    key: ApiKey
    #: As it is sent: `<id>.<secret>`.
    token: str = field(repr=False)


def secret_hash(key_id: str, secret: str) -> str:
    """Return what is kept of a secret; bound to its key, so that it is good for no other."""
    return digest("api key", key_id, secret)


def join_token(key_id: str, secret: str) -> str:
    """Return a key as a program sends it."""
    return f"{key_id}.{secret}"
