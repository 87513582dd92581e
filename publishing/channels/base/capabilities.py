"""What a channel can do, as data. Nobody asks which channel it is; they ask what it can."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Deduplication(StrEnum):
    """How a platform protects from a double post, which decides what doubt leads to (`docs/delivery.md`)."""

    #: A true key or a chosen id: the identical request with the same key is safe inside the key's window.
    KEY = "key"
    #: Two phases: a container is made, then published; its state can be read.
    HANDLE = "handle"
    #: Refuses identical content; what is there can be looked up.
    CONTENT = "content"
    #: Nothing at all: doubt ends `unconfirmed` and a person decides.
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can do."""

    #: The channel's kind: `mastodon`. Equals its folder's name.
    kind: str
    #: Its name for people: `Mastodon`.
    name: str
    deduplication: Deduplication
    #: The address that serves everybody; None where each account has a server of its own.
    base_url: str | None = None
    #: How long after the first commit a key may be trusted (class KEY only); take 90 % of what the platform promises.
    key_window: timedelta | None = None
    #: Whether `look_up` can find evidence; False means that doubt cannot be settled by asking.
    can_look_up: bool = False
    #: Longest text in `text_unit`; None where the platform names no limit.
    text_limit: int | None = None
    #: The unit that the platform counts in, for people: `characters`, `graphemes`, `bytes`.
    text_unit: str = "characters"
    #: How many images one publication can carry; 0 for none.
    image_limit: int = 0
    alt_text_limit: int | None = None
    #: Whether an account has a secret of its own; False where the deployment's own role acts for all accounts.
    needs_credential: bool = True
    #: Names of the credential's parts and of the settings that connecting an account asks for, each with a sentence.
    connect_fields: tuple[tuple[str, str], ...] = ()
    #: Links for the docs.
    documentation_url: str = ""
