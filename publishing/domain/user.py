"""Users: whoever signed in once. The provider proves who they are; what they may do follows from their roles."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from publishing.domain.permissions import Actor, Role

NAME_LIMIT: Final = 200
EMAIL_LIMIT: Final = 320
ID_LIMIT: Final = 128


class UserStatus(StrEnum):
    """Whether a user is let in."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenIdentity:
    """Who the provider says is signing in, its word having been verified."""

    id: str
    roles: frozenset[Role] = frozenset()
    name: str = field(default="", repr=False)
    #: As the provider knows it; empty where it says none or did not verify it.
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user's profile."""

    id: str
    #: As of the latest sign-in.
    roles: frozenset[Role]
    created_at: datetime
    updated_at: datetime
    signed_in_at: datetime
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    status: UserStatus = UserStatus.ACTIVE
    #: Grows when all web sessions are ended at once; those of an earlier epoch are over.
    epoch: int = 1
    rev: int = 1

    @property
    def is_active(self) -> bool:
        """Whether the user is let in."""
        return self.status is UserStatus.ACTIVE

    def as_actor(self) -> Actor:
        """Return who asks when this user does."""
        return Actor(id=self.id, roles=self.roles, name=self.name)


def is_user_id(text: object) -> bool:
    """Tell whether something can be a user's id: it becomes part of keys, so it holds no `#`."""
    return isinstance(text, str) and 0 < len(text) <= ID_LIMIT and "#" not in text and text.isprintable()


def clean(text: object, limit: int) -> str:
    """Return what a provider says about a person as one line of printable text; nothing of what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())[:limit]
