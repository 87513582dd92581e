"""Carry out one delivery: claim → prepare → commit mark → one visible call → evidence. `docs/delivery.md` has the why.

Everything here is a generator of steps (`services.steps`), so that a worker and a simulation drive the same code. The
table is the truth: nothing is done on the strength of the stream event alone, and every step may be the last one, by a
crash, without a message being lost or published twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, assert_never

from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import UnknownChannelError
from publishing.domain import decision
from publishing.domain.delivery import Delivery
from publishing.domain.events import Deliver
from publishing.domain.message import Message, MessageWithDeliveries, final_status
from publishing.domain.operations import (
    Applied,
    CancelUnsent,
    DeliveryOperation,
    EnterDoubt,
    FailUnsent,
    FinaliseMessage,
    LookAgain,
    SettleResend,
    TakeOver,
    WriteResult,
)
from publishing.domain.outcome import Reason
from publishing.domain.timing import Timing
from publishing.services import looking, sending, sentences
from publishing.services.job import Job, new_owner
from publishing.services.steps import Apply, Finalise, ReadClock, Reading, ReadLane, ReadMessage, Steps
from publishing.store.accounts import Lane

#: A delivery takes a few steps per event at most; more would mean that two of them undo one another.
_STEPS_LIMIT: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What carrying out deliveries depends on besides the table: durations, channels, chance."""

    timing: Timing
    random: Random
    get_channel: Callable[[str], Channel]
    claim_limit: int = 25
    #: What the public addresses of media begin with.
    media_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one event."""

    #: The last thing that was decided or done, for the log.
    what: str
    #: False when working time ran out before it could begin: the event should come again.
    is_done: bool = True


def deliver(event: Deliver, *, rules: Rules) -> Steps[Report]:
    """Do what is due about one delivery, then end its message if all of its deliveries have ended.

    Raises UnavailableError when the table is out of reach: the event should come again.
    """
    found: MessageWithDeliveries | None = yield ReadMessage(message_id=event.message_id)
    if found is None:
        return Report(what="gone")
    delivery = found.delivery(event.delivery_id)
    if delivery is None or delivery.gen != event.gen:
        report = Report(what="other_generation")
    else:
        report = yield from _advance(found.message, delivery, rules)
    yield from _finish(found, report)
    return report


def _advance(message: Message, delivery: Delivery, rules: Rules) -> Steps[Report]:
    """Take the delivery as far as it goes now, deciding anew after every write."""
    what = "nothing"
    for _ in range(_STEPS_LIMIT):
        try:
            channel = rules.get_channel(delivery.channel)
        except UnknownChannelError:
            channel = None
        policy = yield from _policy(channel, delivery, rules)
        reading: Reading = yield ReadClock()
        action = decision.decide(message, delivery, reading.now, policy=policy)
        if isinstance(action, decision.Leave):
            return Report(what=what if what != "nothing" else action.because)
        if isinstance(action, decision.Claim | decision.Probe | decision.LookUp):
            job = Job(
                message=message, delivery=delivery, channel=channel, timing=rules.timing, random=rules.random,
                is_probe=isinstance(action, decision.Probe),
                media_url=rules.media_url,
            )  # fmt: skip
            return (yield from _reach_out(action, job, policy))
        what = type(action).__name__.lower()
        result: WriteResult = yield Apply(operation=_operation(action, delivery, reading.now, rules))
        if not isinstance(result, Applied) or result.delivery is None:
            return Report(what=f"{what}_lost")
        delivery = result.delivery
    return Report(what=what)


def _reach_out(
    action: decision.Claim | decision.Probe | decision.LookUp, job: Job, policy: decision.Policy
) -> Steps[Report]:
    """Do what needs the account: publish, or look for evidence."""
    match action:
        case decision.Claim() | decision.Probe():
            what, is_done = yield from sending.send(job)
        case decision.LookUp():
            what, is_done = yield from looking.look_up(job, policy=policy)
        case _:
            assert_never(action)
    return Report(what=what, is_done=is_done)


def _policy(channel: Channel | None, delivery: Delivery, rules: Rules) -> Steps[decision.Policy]:
    """Return the policy; whether a request may be repeated depends on the account and matters only once in doubt."""
    window: timedelta | None = None
    probes = False
    if channel is not None and delivery.maybe_sent and not delivery.state.is_terminal:
        lane: Lane = yield ReadLane(account_id=delivery.account_id)
        if lane.account is not None:
            window = channel.key_window(lane.account)
            probes = channel.probes(lane.account) and not channel.can_look_up(lane.account)
    return decision.Policy(timing=rules.timing, key_window=window, probes=probes, claim_limit=rules.claim_limit)


def _operation(
    action: decision.Cancel | decision.Doubt | decision.Fail | decision.Postpone | decision.Resend,
    delivery: Delivery,
    now: datetime,
    rules: Rules,
) -> DeliveryOperation:
    """Return the operation that carries out a decision which needs nobody outside."""
    message_id, delivery_id, owner = delivery.message_id, delivery.id, new_owner(rules.random)
    match action:
        case decision.Cancel():
            return CancelUnsent(message_id=message_id, delivery_id=delivery_id, owner=owner, now=now, gen=delivery.gen)
        case decision.Postpone(until=until):
            return LookAgain(
                message_id=message_id,
                delivery_id=delivery_id,
                owner=owner,
                now=now,
                fence=delivery.fence,
                next_at=until,
            )
        case decision.Resend(at=at):
            return SettleResend(
                message_id=message_id, delivery_id=delivery_id, owner=owner, now=now, fence=delivery.fence, next_at=at
            )
        case decision.Fail(reason=reason):
            problem = delivery.problem if reason is delivery.last else None
            return FailUnsent(
                message_id=message_id, delivery_id=delivery_id, owner=owner, now=now, gen=delivery.gen, reason=reason,
                problem=problem or sentences.problem(reason, channel=delivery.channel, retryable=True),
            )  # fmt: skip
        case decision.Doubt(reason=reason):
            return _doubt(delivery, reason, owner, now)
        case _:
            assert_never(action)


def _doubt(delivery: Delivery, reason: Reason, owner: str, now: datetime) -> TakeOver | EnterDoubt:
    problem = sentences.problem(reason, channel=delivery.channel, retryable=False)
    if delivery.state == "committing":
        return TakeOver(
            message_id=delivery.message_id, delivery_id=delivery.id, owner=owner, now=now, gen=delivery.gen,
            problem=problem,
        )  # fmt: skip
    return EnterDoubt(
        message_id=delivery.message_id, delivery_id=delivery.id, owner=owner, now=now, gen=delivery.gen, reason=reason,
        problem=problem,
    )  # fmt: skip


def _finish(found: MessageWithDeliveries, report: Report) -> Steps[None]:
    """End the message if all of its deliveries have ended; a fresh strong read decides, not what was seen before."""
    if not found.message.status.is_under_way or report.what in {"leased", "not_due", "stopped"}:
        return
    latest: MessageWithDeliveries | None = yield ReadMessage(message_id=found.message.id)
    if latest is None or not (latest.message.status.is_under_way or latest.message.status.is_final):
        return
    status = final_status(latest.deliveries)
    # O22: a message that somebody else ended meanwhile is ended anew where this evidence came later.
    if status is None or status is latest.message.status:
        return
    reading: Reading = yield ReadClock()
    yield Finalise(
        operation=FinaliseMessage(
            message_id=latest.message.id, gen=latest.message.gen, status=status.value, now=reading.now
        )
    )
