"""The contract of a channel: pure functions that build, and calls that reach the platform.

A channel never raises for a platform's behaviour: `publish` answers with an outcome, `look_up` with a finding and
`check` with the account's health. The border (`publishing.channels.base.border`) turns whatever escapes all the same
into one of them.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from publishing.channels.base.capabilities import Capabilities, ImageRules
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem, Fact
from publishing.domain.errors import FieldProblem
from publishing.domain.health import Health, cannot_tell
from publishing.domain.media import Rendition
from publishing.domain.outcome import Deferred, Finding, Outcome, Rejected
from publishing.http import Courier


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one delivery hands to its channel to build a payload from. Equal for every attempt of a generation."""

    message_id: str
    delivery_id: str
    #: Derived from message, delivery and generation; passed on where the platform de-duplicates.
    delivery_key: str
    content: Content
    #: When the message was due; the moment to write into records that carry a time of their own.
    due_at: datetime
    #: What the public addresses of media begin with, without a slash at its end.
    media_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What will be sent: built once, stored as a hash in the delivery and as text in the receipt."""

    #: The exact text that people will read there.
    text: str
    #: The request's body as plain data, before encoding. Never changed after it was built.
    body: Mapping[str, object]
    delivery_key: str = field(repr=False)
    #: The files that have to be at the platform before the visible call, in their order.
    files: tuple[Rendition, ...] = ()
    #: What `prepare` left at the platform; None before it. No part of the hash: it may differ between attempts.
    handle: str | None = field(default=None, repr=False)

    def sha(self) -> str:
        """Return the hash of the body in canonical form."""
        canonical = json.dumps(self.body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a delivery in doubt left behind, for a look-up."""

    payload: Payload
    #: Of the first visible call of this generation; what is older cannot be ours.
    first_commit_at: datetime
    handle: str | None = None
    #: Publications of other deliveries to the account: a post among them is not ours, however much it looks like it.
    known_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """How far preparing went: what is at the platform now, and whether that is all."""

    #: The channel's own words, at most 4,000 characters. Stored with the delivery, so no secret is in it.
    handle: str
    is_complete: bool


class Library(Protocol):
    """Reads files of media."""

    def read(self, file: Rendition) -> bytes:
        """Return a file's bytes, exactly as it was made.

        Raises MediaGoneError when it is no longer there, UnavailableError when the store is out of reach.
        """


class Channel(ABC):
    """One kind of place to publish to. One instance serves all accounts and threads.

    It keeps nothing between calls that a new process would miss.
    """

    capabilities: ClassVar[Capabilities]

    def base_url(self, account: Account) -> str | None:
        """Return the address to call for an account, without a slash at its end; None when there is none."""
        return (account.base_url or self.capabilities.base_url or "").rstrip("/") or None

    def text_limit(self, account: Account) -> int | None:
        """Return the longest text that this account takes, in the channel's unit."""
        stated = account.settings.get("text_limit")
        return int(stated) if stated else self.capabilities.text_limit

    def image_rules(self, account: Account) -> ImageRules | None:
        """Return which images this account takes, None for none: the channel's rules, with the account's own limit."""
        rules, stated = self.capabilities.images, account.settings.get("image_size_limit")
        return replace(rules, max_size=int(stated)) if rules and stated else rules

    def key_window(self, account: Account) -> timedelta | None:  # noqa: ARG002 - some channels ask the account
        """Return how long this account's server honors our key; None where repeating a request is never safe."""
        return self.capabilities.key_window

    def can_look_up(self, account: Account) -> bool:  # noqa: ARG002 - as above
        """Return whether `look_up` can find evidence for this account."""
        return self.capabilities.can_look_up

    def probes(self, account: Account) -> bool:  # noqa: ARG002 - as above
        """Return whether an identical repeat is safe once the first has settled, and its answer is evidence.

        That is so where the platform refuses a double and names the first, as `Rejected.publication`. It is made where
        the account cannot be looked up.
        """
        return False

    def account_problems(self, account: Account) -> tuple[FieldProblem, ...]:  # noqa: ARG002 - some channels look at it
        """Return what is wrong with an account's address or settings by their form alone, without asking anybody.

        Each problem points to what was entered: `/base_url`, `/settings/recipient`.
        """
        return ()

    def facts(self, content: Content) -> tuple[Fact, ...]:  # noqa: ARG002 - some channels look at it
        """Return what else is worth knowing about what would be published: parts that are paid for, an encoding."""
        return ()

    def check(
        self,
        destination: Destination,  # noqa: ARG002 - what follows is for channels where something can be asked
        courier: Courier,  # noqa: ARG002
        *,
        now: datetime,  # noqa: ARG002
    ) -> Health:
        """Ask the platform whether the account can be used as it is. Only reads, and leaves nothing visible behind.

        Where nobody can be asked without publishing, the answer is that; `capabilities.can_check` says so beforehand.
        """
        return cannot_tell(
            f"{self.capabilities.name} cannot be asked without publishing. The next delivery shows whether it works."
        )

    @abstractmethod
    def measure(self, content: Content) -> int:
        """Return the length of what would be published, counted as the platform counts."""

    @abstractmethod
    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return everything that the platform would refuse or change, without asking it."""

    @abstractmethod
    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the request's content. Pure: the same submission gives the same payload, and is left untouched."""

    def needs_preparing(self, payload: Payload) -> bool:
        """Tell whether something has to be at the platform before the visible call."""
        return bool(payload.files)

    def prepare(
        self,
        payload: Payload,  # noqa: ARG002 - channels that prepare look at all of it
        destination: Destination,  # noqa: ARG002
        courier: Courier,  # noqa: ARG002
        *,
        library: Library,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Prepared | Deferred | Rejected:
        """Do the next step of what has to be at the platform first: one upload, say. Invisible and repeatable.

        `payload.handle` is what the step before left, possibly in another process and a while ago, or None. Each answer
        is stored before the next step, and `publish` is handed the last. Called only where `needs_preparing`.
        """
        raise TypeError(f"{self.capabilities.name} prepares nothing.")

    @abstractmethod
    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Make exactly one visible call. Never repeats it."""

    @abstractmethod
    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        """Search for evidence of a publication. Only reads."""
