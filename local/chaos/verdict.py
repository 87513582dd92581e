"""The judgment of a chaos run: facts in, counts and broken promises out. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

TERMINAL: Final = frozenset({"published", "failed", "cancelled", "unconfirmed"})
FINAL: Final = frozenset({"published", "partly_published", "failed", "cancelled", "needs_attention"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFact:
    """One delivery, as the system tells it and as its platform shows it."""

    message: int
    id: str
    #: The channel's de-duplication class.
    deduplication: str
    state: str
    #: What the receipt says was sent by the attempt that published it; None without one.
    receipt_text: str | None = None
    #: The texts of all posts that the platform has of it.
    posts: tuple[str, ...] = ()
    #: How many pictures its message shows, and how many each post of it does.
    wanted_pictures: int = 0
    pictures: tuple[int, ...] = ()
    #: Whether the API had answered that it is cancelled.
    was_answered_cancelled: bool = False
    #: Whether anybody asked to cancel its message.
    may_be_cancelled: bool = False
    lateness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFact:
    """One message."""

    number: int
    status: str
    #: The texts that the API acknowledged; more than one only where an answer was lost.
    texts: tuple[str, ...]
    deliveries: tuple[DeliveryFact, ...]


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the deliveries of one class."""

    deliveries: int = 0
    posted: int = 0
    cancelled: int = 0
    unconfirmed: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    after_cancel: int = 0
    #: Receipt and platform disagree, or deliveries of one message about its text.
    untrue: int = 0
    messages: set[int] = field(default_factory=set)
    lateness: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgment."""

    by_class: Mapping[str, Counts]
    #: What was promised and not kept, one sentence each.
    broken: tuple[str, ...]


def judge(messages: Sequence[MessageFact]) -> Verdict:
    """Count by class, and name every broken promise."""
    by_class: dict[str, Counts] = {}
    broken: list[str] = []
    for message in messages:
        for delivery in message.deliveries:
            counts = by_class.setdefault(delivery.deduplication, Counts())
            _count(counts, delivery)
            for what, sentence in _broken(message, delivery):
                setattr(counts, what, getattr(counts, what) + 1)
                broken.append(f"m{message.number:05d} {delivery.id}: {sentence}")
        if message.status not in FINAL and all(each.state in TERMINAL for each in message.deliveries):
            for counts in by_class.values():
                counts.stuck += 1
            broken.append(f"m{message.number:05d}: the message is still {message.status}, with all deliveries ended.")
    return Verdict(by_class=by_class, broken=tuple(broken))


def _count(counts: Counts, delivery: DeliveryFact) -> None:
    counts.deliveries += 1
    counts.messages.add(delivery.message)
    counts.posted += len(delivery.posts) > 0
    counts.cancelled += delivery.state == "cancelled"
    counts.unconfirmed += delivery.state == "unconfirmed"
    if delivery.state == "published" and delivery.lateness is not None:
        counts.lateness.append(delivery.lateness)


def _broken(message: MessageFact, delivery: DeliveryFact) -> Iterable[tuple[str, str]]:
    """Yield each broken promise with the column it counts in."""
    posts = len(delivery.posts)
    if posts > 1:
        yield "doubled", f"{posts} posts."
    if delivery.state not in TERMINAL:
        yield "stuck", f"still {delivery.state}."
    if posts and (delivery.was_answered_cancelled or delivery.state == "cancelled"):
        how = "the API had answered that it is cancelled" if delivery.was_answered_cancelled else "it is cancelled"
        yield "after_cancel", f"posted, though {how}."
    yield from _lost(delivery)
    yield from _untrue(message, delivery)
    for shown in delivery.pictures:
        if shown != delivery.wanted_pictures:
            yield "untrue", f"the post shows {shown} pictures, the message {delivery.wanted_pictures}."


def _lost(delivery: DeliveryFact) -> Iterable[tuple[str, str]]:
    if delivery.state == "published" and not delivery.posts:
        yield "lost", "published, and the platform has no post."
    if delivery.state == "failed":
        yield "lost", "failed, though nothing that went wrong here was for good."
    if delivery.state == "cancelled" and not delivery.may_be_cancelled:
        yield "lost", "cancelled, though nobody asked for that."
    if delivery.state == "unconfirmed" and delivery.deduplication != "none":
        yield "untrue", "unconfirmed, though the platform offers evidence."


def _untrue(message: MessageFact, delivery: DeliveryFact) -> Iterable[tuple[str, str]]:
    if delivery.state == "failed" and delivery.posts:
        yield "untrue", "failed, and the platform has a post."
    if delivery.state == "published" and delivery.receipt_text is None:
        yield "untrue", "published without a receipt."
    for text in delivery.posts:
        if delivery.receipt_text is not None and text != delivery.receipt_text:
            yield "untrue", f"the post says {text!r}, the receipt {delivery.receipt_text!r}."
        if text not in message.texts:
            yield "untrue", f"the post says {text!r}, the message {message.texts!r}."
    others = {text for each in message.deliveries for text in each.posts}
    if len(others) > 1 and delivery is message.deliveries[0]:
        yield "untrue", f"the deliveries of the message say different things: {sorted(others)}."
