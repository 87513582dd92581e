"""What to do about one delivery now: pure, total, and the same in the worker and in a simulation.

`decide` reads what a strongly consistent read saw. It is only advice: the condition of the write that follows is what
makes the step safe (`publishing.domain.operations`), because two workers may decide at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Reason
from publishing.domain.timing import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a decision depends on besides the two items and the time."""

    timing: Timing
    #: How long after the first commit the channel's key may be trusted; None without a true key.
    key_window: timedelta | None = None
    #: Whether one identical repeat stands for the look-up that the account does not offer: its platform refuses a
    #: double and names the first.
    probes: bool = False
    #: How often a delivery may be claimed before it counts as one that breaks the worker (A_max).
    claim_limit: int = 25
    #: Whether the stop switch is on: nothing new is claimed.
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Do nothing; the reason is for the log."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Take the delivery and carry it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Take the delivery and repeat the identical request once: its answer is the evidence that nobody can look up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """End the delivery as cancelled: certainly nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Move the delivery to `unknown`: an earlier attempt may have been carried out."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """End the delivery as failed: certainly nothing was sent, and it is too late or hopeless."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    """Look at the doubt again at that time: evidence of absence does not count yet."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Make the identical request again: with the same key, inside its window, or as the probe."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Search the platform for evidence."""


Action = Leave | Claim | Probe | Cancel | Doubt | Fail | Postpone | Resend | LookUp


def decide(message: Message, delivery: Delivery, now: datetime, *, policy: Policy) -> Action:
    """Return what to do about a delivery now."""
    if delivery.state.is_terminal:
        return Leave(because="terminal")
    if not message.status.is_under_way:
        return Leave(because="message_not_under_way")
    match delivery.state:
        case DeliveryState.COMMITTING:
            return _committing(delivery, now)
        case DeliveryState.UNKNOWN:
            return _unknown(message, delivery, now, policy)
        case _:
            return _before_commit(message, delivery, now, policy)


def _committing(delivery: Delivery, now: datetime) -> Action:
    if _is_leased(delivery, now):
        return Leave(because="leased")
    return Doubt(reason=Reason.LOST_SIGHT)


def _before_commit(message: Message, delivery: Delivery, now: datetime, policy: Policy) -> Action:
    """Decide for pending, retry and sending: the visible call of the present attempt has certainly not begun."""
    if message.status is MessageStatus.CANCELLING:
        return _cancel(delivery, now)
    waits_for = _waits_for(delivery, now)
    hopeless = _hopeless(message, delivery, now, policy)
    if waits_for == "leased" or (waits_for is not None and hopeless is None):
        return Leave(because=waits_for)
    if hopeless is not None:
        return Doubt(reason=hopeless) if delivery.maybe_sent else Fail(reason=hopeless)
    go_on: Claim | Probe = Claim()
    if delivery.maybe_sent and not _key_holds(delivery, now, policy):
        if not _may_probe(delivery, now, policy):
            return Doubt(reason=delivery.last or Reason.LOST_SIGHT)
        go_on = Probe()
    return Leave(because="stopped") if policy.is_stopped else go_on


def _waits_for(delivery: Delivery, now: datetime) -> str | None:
    if delivery.state is DeliveryState.SENDING and _is_leased(delivery, now):
        return "leased"
    if delivery.state is DeliveryState.RETRY and delivery.next_at is not None and now < delivery.next_at:
        return "not_due"
    return None


def _cancel(delivery: Delivery, now: datetime) -> Action:
    if not delivery.maybe_sent:
        # Wins or loses against the commit mark by its condition, leased or not.
        return Cancel()
    if delivery.state is DeliveryState.SENDING and _is_leased(delivery, now):
        return Leave(because="leased")
    return Doubt(reason=Reason.CANCELLED)


def _hopeless(message: Message, delivery: Delivery, now: datetime, policy: Policy) -> Reason | None:
    due = due_of(message, delivery)
    # Claims that left no result: the worker died each time.
    if delivery.claims - delivery.attempts - delivery.waits >= policy.claim_limit:
        return Reason.CLAIMS
    if delivery.parked_since is not None:
        return (delivery.last or Reason.EXPIRED) if now > delivery.parked_since + policy.timing.park else None
    if delivery.claims == 0 and now > due + policy.timing.late:
        return Reason.LATE
    return Reason.EXPIRED if now > due + policy.timing.give_up else None


def _unknown(message: Message, delivery: Delivery, now: datetime, policy: Policy) -> Action:
    if delivery.next_at is not None and now < delivery.next_at:
        return Leave(because="not_due")
    committed = delivery.commit_at or now
    is_publishing = message.status is MessageStatus.PUBLISHING
    is_wanted = (
        is_publishing and not ends_when_absent(delivery.last) and _hopeless(message, delivery, now, policy) is None
    )
    if is_wanted and _key_holds(delivery, now, policy):
        repeats = min(max(delivery.attempts - 1, 0), 4)
        return Resend(at=max(now, committed + policy.timing.key_gap * (1 << repeats)))
    if now < committed + policy.timing.settle:
        return Postpone(until=committed + policy.timing.settle)
    return Resend(at=now) if is_wanted and _may_probe(delivery, now, policy) else LookUp()


def leaves_to_person(message: Message, delivery: Delivery, now: datetime, *, policy: Policy) -> bool:
    """Tell whether look-ups have failed for so long that a person must decide."""
    due = due_of(message, delivery)
    settled = (delivery.commit_at or now) + policy.timing.settle
    return now > max(due + policy.timing.give_up, settled) + policy.timing.unsettled


#: In doubt for one of these, a delivery is not sent again even where a key would make that safe.
_ENDING = frozenset(
    {Reason.CANCELLED, Reason.EXPIRED, Reason.CLAIMS, Reason.CONTENT, Reason.PERMISSION, Reason.DESTINATION,
     Reason.DUPLICATE}
)  # fmt: skip


def due_of(message: Message, delivery: Delivery) -> datetime:
    """Return when a delivery is due: its own time when it was started anew alone, else its message's."""
    return delivery.due_at or message.scheduled_at or message.created_at


def ends_when_absent(reason: Reason | None) -> bool:
    """Tell whether a delivery in doubt for this reason ends as failed, not retried, once nothing was found."""
    return reason in _ENDING


def _key_holds(delivery: Delivery, now: datetime, policy: Policy) -> bool:
    if policy.key_window is None or delivery.first_commit_at is None:
        return False
    # The call itself must still fall into the window.
    return now + policy.timing.call + policy.timing.key_gap < delivery.first_commit_at + policy.key_window


def _may_probe(delivery: Delivery, now: datetime, policy: Policy) -> bool:
    """Tell whether the identical request may be repeated once to see what becomes of it.

    Only after nothing of it can be under way any more, because a platform may let two pass that come together; and not
    for longer than a delivery may be tried, because nobody says how long a platform remembers.
    """
    if not policy.probes or delivery.probed or ends_when_absent(delivery.last):
        return False
    if delivery.commit_at is None or delivery.first_commit_at is None:
        return False
    is_settled = now >= delivery.commit_at + policy.timing.settle
    return is_settled and now < delivery.first_commit_at + policy.timing.give_up


def _is_leased(delivery: Delivery, now: datetime) -> bool:
    return delivery.leased_until is not None and now <= delivery.leased_until
