"""What each conditional write of the delivery protocol is asked to do. `store/transitions.py` turns them into writes.

The numbers O1-O22 are those of `docs/delivery.md`. An operation says what it needs and nothing about how it is stored;
a simulation can interpret the same values. Every delivery operation names its delivery by message and delivery id.
"""

from dataclasses import dataclass
from datetime import datetime

from publishing.domain.attempt import Attempt
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.outcome import Problem, Publication, Reason
from publishing.domain.quota import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOperation:
    """The delivery that an operation is about, who writes, and the time of the decision."""

    message_id: str
    delivery_id: str
    #: Token of the writer: a write that bears it was ours, whatever the answer to it said.
    owner: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDelivery(DeliveryOperation):
    """O7: take a delivery that is pending, due for a retry, or whose lease ran out before the commit mark."""

    gen: int
    leased_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveHandle(DeliveryOperation):
    """O8: keep the id of a container or upload before the call that makes it visible."""

    fence: int
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitDelivery(DeliveryOperation):
    """O9 with O20: set the commit mark and open the attempt, in one transaction.

    That of a probe spends it, and loses against a cancel of the message.
    """

    account_id: str
    attempt: Attempt
    is_probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPublished(DeliveryOperation):
    """O10: success evidence. Needs no fence; ends the attempt of `fence` where one is given."""

    gen: int
    publication: Publication
    fence: int | None = None
    #: What the platform said is left; it informs, and decides nothing.
    quota: Quota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeferred(DeliveryOperation):
    """O11: certainly not done. Before the commit mark (a) doubt stays as it was; after it (b) it is set back.

    A probe that was certainly not carried out is given back.
    """

    fence: int
    is_committed: bool
    is_probe: bool = False
    reason: Reason
    problem: Problem
    next_at: datetime
    parked_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnknown(DeliveryOperation):
    """O12: the attempt may have been carried out."""

    fence: int
    reason: Reason
    problem: Problem
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRejected(DeliveryOperation):
    """O13: certainly refused, and no earlier attempt is in doubt."""

    fence: int
    is_committed: bool
    reason: Reason
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(DeliveryOperation):
    """O14: a lease ran out after the commit mark; whether the call was made is unknown."""

    gen: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterDoubt(DeliveryOperation):
    """O12 from rest: a delivery that waits, but may have been sent before, must be looked up instead of sent."""

    gen: int
    reason: Reason
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FailUnsent(DeliveryOperation):
    """O13 from rest: certainly nothing was sent, and nothing will be."""

    gen: int
    reason: Reason
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelUnsent(DeliveryOperation):
    """O17: certainly nothing was sent; wins or loses against the commit mark."""

    gen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAbsent(DeliveryOperation):
    """O15: nothing was found. The delivery is retried, or ends as cancelled or failed."""

    fence: int
    state: DeliveryState
    problem: Problem | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleResend(DeliveryOperation):
    """O15: a true key makes the identical request safe, or it is the probe; doubt is kept."""

    fence: int
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleUnconfirmed(DeliveryOperation):
    """O15: no evidence either way; a person decides."""

    fence: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleReturned(DeliveryOperation):
    """O15: the platform reported later that it took it, and that it did not arrive. Needs no fence."""

    gen: int
    reason: Reason
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain(DeliveryOperation):
    """O15: look at the doubt again later."""

    fence: int
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinaliseMessage:
    """O18: every delivery is terminal. O22: the same from a final status, after later evidence."""

    message_id: str
    gen: int
    status: str
    now: datetime


Operation = (
    ClaimDelivery | SaveHandle | CommitDelivery | RecordPublished | RecordDeferred | RecordUnknown | RecordRejected
    | TakeOver | EnterDoubt | FailUnsent | CancelUnsent | SettleAbsent | SettleResend | SettleUnconfirmed
    | SettleReturned | LookAgain
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The write happened, now or in an earlier try whose answer was lost."""

    #: The delivery after it; None after a transaction, which brings nothing back.
    delivery: Delivery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """The condition did not hold; what stands there instead, None when nothing does."""

    delivery: Delivery | None


WriteResult = Applied | NotApplied
