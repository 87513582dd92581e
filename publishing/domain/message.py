"""Messages: what an editor wants said, and the table of what may happen to one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from publishing.domain.content import Content, MediaUse
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.outcome import Problem, Reason
from publishing.domain.review import Review


class MessageStatus(StrEnum):
    """Where a message is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    CANCELLING = "cancelling"
    PUBLISHED = "published"
    PARTLY_PUBLISHED = "partly_published"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEEDS_ATTENTION = "needs_attention"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the message by itself."""
        return self in FINAL

    @property
    def is_under_way(self) -> bool:
        """Whether its deliveries are being worked on."""
        return self in {MessageStatus.PUBLISHING, MessageStatus.CANCELLING}


FINAL: Final = frozenset({
    MessageStatus.PUBLISHED, MessageStatus.PARTLY_PUBLISHED, MessageStatus.FAILED, MessageStatus.CANCELLED,
    MessageStatus.NEEDS_ATTENTION,
})  # fmt: skip
EDITABLE: Final = frozenset({MessageStatus.DRAFT, MessageStatus.IN_REVIEW, MessageStatus.SCHEDULED})


class MessageEvent(StrEnum):
    """What can happen to a message."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    SCHEDULE = "schedule"
    DISPATCH = "dispatch"
    CANCEL = "cancel"
    FINISH = "finish"
    #: The table was put back to an earlier time: whether it went out since is not known here any more.
    RESTORED = "restored"
    RETRY = "retry"
    RESOLVE = "resolve"
    DELETE = "delete"


_S = MessageStatus
_E = MessageEvent
#: (status, event) → the statuses it can lead to. What is not in the table is refused.
TRANSITIONS: Final[Mapping[tuple[MessageStatus, MessageEvent], frozenset[MessageStatus]]] = MappingProxyType({
    # With review on, an edit of what was approved sends it back to review.
    (_S.DRAFT, _E.EDIT): frozenset({_S.DRAFT, _S.IN_REVIEW}),
    (_S.DRAFT, _E.SUBMIT): frozenset({_S.IN_REVIEW}),
    (_S.DRAFT, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.DRAFT, _E.CANCEL): frozenset({_S.CANCELLED}),
    (_S.DRAFT, _E.DELETE): frozenset(),
    (_S.IN_REVIEW, _E.EDIT): frozenset({_S.IN_REVIEW}),
    (_S.IN_REVIEW, _E.SUBMIT): frozenset({_S.IN_REVIEW}),
    # Approved with a time it is scheduled, without one it is a draft that its editor may schedule.
    (_S.IN_REVIEW, _E.APPROVE): frozenset({_S.DRAFT, _S.SCHEDULED}),
    (_S.IN_REVIEW, _E.REJECT): frozenset({_S.DRAFT}),
    (_S.IN_REVIEW, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.IN_REVIEW, _E.CANCEL): frozenset({_S.CANCELLED}),
    (_S.IN_REVIEW, _E.DELETE): frozenset(),
    (_S.SCHEDULED, _E.EDIT): frozenset({_S.SCHEDULED, _S.IN_REVIEW}),
    # Review can be switched on when it is scheduled already: it is submitted, approved as it is, or held when due.
    (_S.SCHEDULED, _E.SUBMIT): frozenset({_S.IN_REVIEW}),
    (_S.SCHEDULED, _E.APPROVE): frozenset({_S.SCHEDULED}),
    (_S.SCHEDULED, _E.HOLD): frozenset({_S.IN_REVIEW}),
    (_S.SCHEDULED, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.SCHEDULED, _E.DISPATCH): frozenset({_S.PUBLISHING}),
    # Scheduled anew after a part of it was published, it ends as what its deliveries make of it.
    (_S.SCHEDULED, _E.CANCEL): FINAL,
    (_S.SCHEDULED, _E.DELETE): frozenset(),
    (_S.SCHEDULED, _E.RESTORED): FINAL,
    (_S.PUBLISHING, _E.CANCEL): frozenset({_S.CANCELLING}),
    (_S.PUBLISHING, _E.FINISH): FINAL,
    (_S.PUBLISHING, _E.RESTORED): FINAL,
    (_S.PUBLISHING, _E.RETRY): frozenset({_S.PUBLISHING}),
    (_S.PUBLISHING, _E.RESOLVE): frozenset({_S.PUBLISHING}),
    (_S.CANCELLING, _E.CANCEL): frozenset({_S.CANCELLING}),
    (_S.CANCELLING, _E.FINISH): FINAL,
    (_S.CANCELLING, _E.RESOLVE): frozenset({_S.CANCELLING}),
    (_S.PUBLISHED, _E.RESOLVE): FINAL,
    (_S.PARTLY_PUBLISHED, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.PARTLY_PUBLISHED, _E.RETRY): frozenset({_S.PUBLISHING}),
    (_S.PARTLY_PUBLISHED, _E.RESOLVE): FINAL,
    (_S.FAILED, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.FAILED, _E.RETRY): frozenset({_S.PUBLISHING}),
    (_S.FAILED, _E.RESOLVE): FINAL,
    (_S.FAILED, _E.DELETE): frozenset(),
    (_S.CANCELLED, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.CANCELLED, _E.RETRY): frozenset({_S.PUBLISHING}),
    (_S.CANCELLED, _E.RESOLVE): FINAL,
    (_S.CANCELLED, _E.DELETE): frozenset(),
    (_S.NEEDS_ATTENTION, _E.SCHEDULE): frozenset({_S.SCHEDULED}),
    (_S.NEEDS_ATTENTION, _E.RETRY): frozenset({_S.PUBLISHING}),
    (_S.NEEDS_ATTENTION, _E.RESOLVE): FINAL,
})  # fmt: skip


def allows(status: MessageStatus, event: MessageEvent) -> bool:
    """Tell whether an event may happen to a message in this status."""
    return (status, event) in TRANSITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A message's wording for one channel, where it differs."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One account that a message is addressed to, and the id of its delivery, fixed when the message got it."""

    #: `facebook` for the first account of a channel in the message, `facebook.<account>` for every further one.
    delivery_id: str
    channel: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What an editor wants said, independent of channel."""

    id: str
    #: Id of the user who made it.
    owner: str
    status: MessageStatus
    text: str
    title: str = ""
    link: str | None = None
    media: tuple[MediaUse, ...] = ()
    targets: tuple[Target, ...] = ()
    variants: Mapping[str, Variant] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    #: The IANA zone in which the due time was given; None for UTC or an offset.
    zone: str | None = None
    #: The wall time as it was given, kept with its zone.
    wall_time: str | None = None
    #: Generation: grows with every re-arm.
    gen: int = 1
    #: Grows with every edit by a person; the ETag of the API.
    rev: int = 1
    #: The revision that an approver approved; dispatch asks for `approved_rev = rev` while review is on.
    approved_rev: int | None = None
    #: The latest round of its review; None while nobody asked for one.
    review: Review | None = None
    #: Id of the user who wrote or changed it last; None for a message of an earlier version of this software.
    edited_by: str | None = None
    #: Why a message that a series made was not scheduled; None once somebody changed or scheduled it.
    problem: Problem | None = None
    #: Id of the series that made it.
    series_id: str | None = None
    #: Token of the last scheduler or request that moved it.
    kick: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def is_approved(self) -> bool:
        """Whether an approver approved it as it is."""
        return self.approved_rev == self.rev

    def is_work_of(self, user_id: str) -> bool:
        """Tell whether a user owns the message or changed it last: then it is not theirs to approve."""
        return user_id in {self.owner, self.edited_by}

    def content_for(self, channel: str) -> Content:
        """Return what a delivery on this channel says: the channel's variant where there is one."""
        variant = self.variants.get(channel)
        return Content(text=variant.text if variant else self.text, title=self.title, link=self.link, media=self.media)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWithDeliveries:
    """A message and all its deliveries, as one strongly consistent read saw them."""

    message: Message
    deliveries: tuple[Delivery, ...]

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery by its id, or None."""
        return next((delivery for delivery in self.deliveries if delivery.id == delivery_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """A message as a list shows it."""

    id: str
    owner: str
    status: MessageStatus
    title: str
    #: The first 140 characters of the text, in one line.
    summary: str
    targets: tuple[Target, ...]
    scheduled_at: datetime | None
    zone: str | None
    rev: int
    created_at: datetime
    updated_at: datetime


def build_targets(accounts: Iterable[tuple[str, str]]) -> tuple[Target, ...]:
    """Return the targets of (account id, channel) pairs in their order; ids of deliveries are fixed here."""
    seen: set[str] = set()
    targets = []
    for account_id, channel in accounts:
        delivery_id = f"{channel}.{account_id}" if channel in seen else channel
        seen.add(channel)
        targets.append(Target(delivery_id=delivery_id, channel=channel, account_id=account_id))
    return tuple(targets)


def final_status(deliveries: Iterable[Delivery]) -> MessageStatus | None:
    """Return the status that follows from the deliveries' states, or None while one of them is not terminal.

    A delivery that never started because it was late asks for attention as an unconfirmed one does.
    """
    every = tuple(deliveries)
    states = {delivery.state for delivery in every}
    if not every or not all(state.is_terminal for state in states):
        return None
    if states == {DeliveryState.PUBLISHED}:
        return MessageStatus.PUBLISHED
    if states == {DeliveryState.CANCELLED}:
        return MessageStatus.CANCELLED
    if DeliveryState.UNCONFIRMED in states or any(_is_late(delivery.problem) for delivery in every):
        return MessageStatus.NEEDS_ATTENTION
    return MessageStatus.PARTLY_PUBLISHED if DeliveryState.PUBLISHED in states else MessageStatus.FAILED


def _is_late(problem: Problem | None) -> bool:
    return problem is not None and problem.code == Reason.LATE
