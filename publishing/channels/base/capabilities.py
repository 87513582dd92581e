"""What a channel can do, as data. Nobody asks which channel it is; they ask what it can."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from publishing.domain.wording import phrase


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
class ImageRules:
    """Which images a channel takes. Numbers are the platform's own, with their source in the channel's README."""

    #: How many one publication can carry.
    limit: int
    #: Media types.
    types: tuple[str, ...]
    #: In bytes.
    max_size: int | None = None
    #: Width times height.
    max_pixels: int | None = None
    #: Of a GIF, where it is judged by another number.
    max_gif_pixels: int | None = None
    #: Whether animations move there; one frame is shown elsewhere.
    animates: bool = False
    #: How many frames an animation can have.
    max_frames: int | None = None
    #: Longest description of an image; None where the platform names no limit, 0 where it has no descriptions.
    alt_text_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectField:
    """One thing that connecting an account asks for."""

    #: Where it stands in what is sent to connect an account: `/base_url`, `/credential`, `/settings/region`.
    pointer: str
    #: A sentence for whoever fills in the form.
    detail: str
    is_required: bool


def required(pointer: str, detail: str) -> ConnectField:
    """Return a field without which an account cannot be connected."""
    return ConnectField(pointer=pointer, detail=detail, is_required=True)


def optional(pointer: str, detail: str) -> ConnectField:
    """Return a field that may be left out."""
    return ConnectField(pointer=pointer, detail=detail, is_required=False)


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
    #: Whether `look_up` can find evidence; False means that doubt cannot be settled by asking. `Channel.can_look_up`
    #: says it of one account.
    can_look_up: bool = False
    #: Whether `check` can ask the platform; False means that only a publication shows whether an account works.
    can_check: bool = False
    #: Longest text in `text_unit`; None where the platform names no limit.
    text_limit: int | None = None
    #: The unit that the platform counts in, for people: `characters`, `graphemes`, `bytes`.
    text_unit: str = phrase("characters")
    #: None where no images can be published.
    images: ImageRules | None = None
    #: Whether videos of the library can be published.
    takes_videos: bool = False
    #: Whether an account has a secret of its own; False where the deployment's own role acts for all accounts.
    needs_credential: bool = True
    #: Whether a publication reaches one address of the operator's own and nobody else: a canary may be sent there.
    is_private: bool = False
    #: What connecting an account asks for. A setting that is not among them is none of this channel's.
    connect_fields: tuple[ConnectField, ...] = ()
    #: Links for the docs.
    documentation_url: str = ""

    @property
    def image_limit(self) -> int:
        """How many images one publication can carry; 0 for none."""
        return self.images.limit if self.images else 0

    @property
    def alt_text_limit(self) -> int | None:
        """Longest description of an image; None where there is no limit."""
        return self.images.alt_text_limit if self.images else None
