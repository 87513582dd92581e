"""Feedback: what a platform reports later about something that it took. Pure; channels know who reports how."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.ids import delivery_key
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.operations import RecordPublished, SettleReturned
from publishing.domain.outcome import Problem, Publication, Reason


class FeedbackKind(StrEnum):
    """What a platform reports."""

    #: It took it and is passing it on.
    SENT = "sent"
    #: It reached the recipient's own server.
    DELIVERED = "delivered"
    #: It does not get through yet, and the platform goes on trying.
    DELAYED = "delayed"
    #: It did not get through and came back.
    BOUNCED = "bounced"
    #: The recipient did not want it.
    COMPLAINED = "complained"
    #: The platform took it and then did not pass it on.
    REFUSED = "refused"

    @property
    def is_return(self) -> bool:
        """Whether it certainly did not arrive."""
        return self in {FeedbackKind.BOUNCED, FeedbackKind.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One report, as a channel understands it."""

    #: The same however often it is reported.
    id: str
    kind: FeedbackKind
    #: The message and the delivery that the platform names, by what we gave it along.
    message_id: str
    delivery_key: str
    #: When it happened, by the platform's clock.
    at: datetime
    publication: Publication
    #: A sentence for an editor, without secrets and personal data.
    detail: str
    #: Why it did not arrive, where it did not.
    reason: Reason = Reason.DESTINATION
    #: Whether these recipients must not be sent to again. Their addresses are compared and never stored.
    blocks: bool = False
    recipients: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFeedback:
    """A report as it is kept with its delivery."""

    id: str
    message_id: str
    delivery_id: str
    #: The generation that it is about.
    gen: int
    kind: FeedbackKind
    at: datetime
    received_at: datetime
    #: The platform's own id of what it took.
    publication_id: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The delivery that feedback is about, and its generation then."""

    delivery: Delivery
    gen: int

    @property
    def is_current(self) -> bool:
        """Whether the delivery was not started anew since."""
        return self.gen == self.delivery.gen


_ENDED: Final = frozenset({DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.CANCELLED})
_DOUBT: Final = frozenset({DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED})


def find_subject(found: MessageWithDeliveries, key: str) -> Subject | None:
    """Return the delivery of a message that a delivery key was derived for, in any of its generations."""
    for delivery in found.deliveries:
        for gen in range(delivery.gen, 0, -1):
            if delivery_key(message_id=found.message.id, delivery_id=delivery.id, gen=gen) == key:
                return Subject(delivery=delivery, gen=gen)
    return None


def settles(
    feedback: Feedback, subject: Subject, *, owner: str, now: datetime
) -> RecordPublished | SettleReturned | None:
    """Return the operation that feedback leads to, None where it only adds to what is known.

    What ended stays as it ended: a mail that bounces after it was published was published. In doubt, a return settles
    that it is not there. Before anything ended otherwise, any feedback proves that the platform took it; a return that
    overtakes the platform's own answer does so too, because that answer is about to be recorded.
    """
    delivery = subject.delivery
    if not subject.is_current or delivery.state in _ENDED:
        return None
    if feedback.kind.is_return and delivery.state in _DOUBT:
        return SettleReturned(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=owner,
            now=now,
            gen=delivery.gen,
            reason=feedback.reason,
            problem=Problem(code=feedback.reason.value, detail=feedback.detail, retryable=True),
        )
    return RecordPublished(
        message_id=delivery.message_id,
        delivery_id=delivery.id,
        owner=owner,
        now=now,
        gen=delivery.gen,
        publication=feedback.publication,
        # The attempt under way is the one that it is about, and ends with it should its worker have died.
        fence=delivery.fence if delivery.state is DeliveryState.COMMITTING else None,
    )


def is_second(feedback: Feedback, subject: Subject) -> bool:
    """Tell whether feedback names another publication than the one that is known of the same generation.

    What a person confirmed bears no id of the platform's, so it cannot differ.
    """
    known = subject.delivery.publication
    if not subject.is_current or known is None or subject.delivery.state is not DeliveryState.PUBLISHED:
        return False
    by_person = known.id == known.url or known.id == confirmed_id(subject.delivery)
    return not by_person and known.id != feedback.publication.id


def confirmed_id(delivery: Delivery) -> str:
    """Return what stands for a publication's id when a person saw it and named no address."""
    return f"confirmed:{delivery.key}"
