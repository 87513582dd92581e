"""What people ask for: new messages, changes to them, and the answers to both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, Generic, TypeVar

from publishing.domain.account import Account
from publishing.domain.attempt import Attempt
from publishing.domain.content import ContentProblem, Fact, MediaUse
from publishing.domain.delivery import Delivery
from publishing.domain.feedback import KeptFeedback
from publishing.domain.message import Message, MessageWithDeliveries, Variant
from publishing.domain.schedule import Due

Row = TypeVar("Row")


class Unset(Enum):
    """The value of a field that a request leaves alone."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class Intent(StrEnum):
    """What somebody wants of a message that they write, and so what a due time in it means."""

    #: It goes out at its due time; without one it is a draft.
    SCHEDULE = "schedule"
    #: An approver decides; the due time is a wish until then.
    SUBMIT = "submit"
    #: It is not finished; the due time is kept as a wish. What is scheduled already moves to it.
    WISH = "wish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as somebody wants it, before any rule was applied."""

    text: str
    title: str = ""
    link: str | None = None
    media: tuple[MediaUse, ...] = ()
    account_ids: tuple[str, ...] = ()
    variants: Mapping[str, Variant] = field(default_factory=dict)
    #: None for a draft that is not scheduled yet.
    due: Due | None = None
    intent: Intent = Intent.SCHEDULE


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an edit changes; fields left UNSET stay as they are."""

    text: str | Unset = UNSET
    title: str | Unset = UNSET
    link: str | Unset | None = UNSET
    media: tuple[MediaUse, ...] | Unset = UNSET
    account_ids: tuple[str, ...] | Unset = UNSET
    variants: Mapping[str, Variant] | Unset = UNSET
    #: A due time that the message gets together with the edit; None takes away one that was only wished for.
    due: Due | Unset | None = UNSET
    intent: Intent = Intent.SCHEDULE


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    """An account as somebody wants to connect it, before any rule was applied."""

    channel: str
    name: str
    base_url: str | None = None
    #: Empty where the channel needs none.
    credential: str = field(default="", repr=False)
    open_to_members: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """What a change of an account changes; fields left UNSET stay as they are."""

    name: str | Unset = UNSET
    base_url: str | Unset | None = UNSET
    credential: str | Unset = field(default=UNSET, repr=False)
    open_to_members: bool | Unset = UNSET
    #: All of them: a setting that is not among these is gone.
    settings: Mapping[str, str] | Unset = UNSET
    is_paused: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A copy of a message, and the accounts of the first that it is not addressed to."""

    result: MessageWithDeliveries
    #: Accounts that the actor may not use, or that receive nothing any more.
    dropped_account_ids: tuple[str, ...]


class CancelVerdict(StrEnum):
    """What became of one delivery when its message was cancelled."""

    CANCELLED = "cancelled"
    #: It is published, or ended otherwise, already.
    TOO_LATE = "too_late"
    #: An attempt is under way or in doubt; evidence will tell.
    CHECKING = "checking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The answer to a cancel: the message, and a verdict for each delivery id."""

    result: MessageWithDeliveries
    verdicts: Mapping[str, CancelVerdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a person saw about an unconfirmed delivery."""

    published: bool
    #: Where it can be seen, if it was published and has an address.
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHistory:
    """A delivery with the evidence about it: when it was planned, every attempt, and what was reported later."""

    delivery: Delivery
    planned_at: datetime | None
    #: The oldest first, as are reports.
    attempts: tuple[Attempt, ...]
    feedback: tuple[KeptFeedback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHistory:
    """A message with the evidence about every delivery, and whom and what it names."""

    message: Message
    deliveries: tuple[DeliveryHistory, ...]
    #: By id: those that it is, or was, addressed to and that the actor may see.
    accounts: Mapping[str, Account]
    #: Names of those who wrote, changed and reviewed it, by their ids, where they are known.
    names: Mapping[str, str]

    def name_of(self, user_id: str) -> str:
        """Return what people know somebody by; the id where nobody knows better."""
        return self.names.get(user_id, user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPreview:
    """What one account would publish."""

    account_id: str
    channel: str
    #: Exactly what would be said there.
    text: str
    #: In the channel's own unit.
    length: int
    limit: int | None
    unit: str
    #: The pictures, each with the one file that would be published; with none where none fits.
    media: tuple[MediaUse, ...]
    problems: tuple[ContentProblem, ...]
    warnings: tuple[ContentProblem, ...]
    #: What else the channel knows about it.
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A dry run: nothing was written."""

    accounts: tuple[AccountPreview, ...]
    due_at: datetime | None
    #: The same moment in the zone that was given.
    due_local: datetime | None
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer kept under an idempotency key, to be given again."""

    user_id: str
    #: Hash of the key that the client chose.
    key_sha: str
    #: Hash of method, path and body.
    request_sha: str
    status: int
    #: The response body and headers worth repeating, as JSON.
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages a list shows."""

    status: str | None = None
    channel: str | None = None
    #: Scheduled (else created) at or after / before.
    since: datetime | None = None
    until: datetime | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """A page of a list: its rows and where the next one begins."""

    rows: tuple[Row, ...]
    next_cursor: str | None = None
    previous_cursor: str | None = None
