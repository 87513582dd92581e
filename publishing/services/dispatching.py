"""Dispatch: when a message becomes due, move it and send the worker one hint per delivery, at the due second.

A tick looks ahead to the next one and sleeps until each due time. Ticks may overlap, repeat or be missed: the kick's
condition decides who moves a message, and the next tick finds what an earlier one left. Generators of steps, like
`services.delivering`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from publishing.domain.decision import due_of
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.events import Deliver
from publishing.domain.message import Message, MessageWithDeliveries
from publishing.domain.series import HORIZON
from publishing.domain.timing import Timing
from publishing.services.job import new_owner
from publishing.services.steps import (
    CallScheduler,
    HoldForReview,
    IsStopped,
    KickScheduled,
    KickWaiting,
    KickWatchdog,
    ListTimers,
    MakeOccurrences,
    PutEvents,
    ReadClock,
    Reading,
    ReadMessage,
    Sleep,
    Steps,
    Timers,
)
from publishing.store.timers import Timer

#: A tick that is awake asks again this often.
POLL: Final = timedelta(seconds=1)
#: It stops this long before its time runs out, and hands over.
HANDOVER: Final = timedelta(seconds=8)
#: It serves this much longer than until the next tick, which may come late.
GRACE: Final = timedelta(seconds=3)
#: More due messages than this are shared with further invocations, in slices.
FAN_OUT: Final = 200
SLICE: Final = 100
#: How many rows of each timer are read at once.
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRules:
    """What a tick depends on besides the table."""

    timing: Timing
    random: Random
    review_on: bool = False
    #: How long before it is due a message of a series is made.
    series_horizon: timedelta = HORIZON


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """What a tick did."""

    dispatched: int = 0
    woken: int = 0
    #: Hints that did not go out; the watchdog repeats them.
    unsent: int = 0
    polls: int = 0
    handed_over: bool = False
    #: How long what waited longest had been due when the tick saw it: a message that was not dispatched, or a delivery
    #: that no worker ever claimed. An alarm reads it, and nothing else tells that no worker gets the hints.
    overdue_ms: int = 0
    #: Messages that were due and that nobody approved: they wait for an approver now.
    held: int = 0
    #: Messages that series made.
    made: int = 0
    #: Deliveries in doubt whose time to look for evidence had come.
    in_doubt: int = 0


def tick(*, rules: TickRules, is_wake: bool, serves_until: datetime | None = None) -> Steps[TickReport]:
    """Dispatch what is due, and stay awake while something becomes due before the next tick.

    `serves_until`: given by a tick that hands over; each tick serves until the next one, so that they never pile up.
    `is_wake`: somebody just scheduled something near; the index may not show it yet, so look at least twice.
    """
    report = TickReport()
    reading: Reading = yield ReadClock()
    until = serves_until or reading.now + rules.timing.tick + GRACE
    while True:
        timers: Timers = yield ListTimers(until=max(until, reading.now), limit=PAGE)
        report = yield from _dispatch_due(timers, reading.now, rules, report)
        next_at = min((timer.at for timer in timers.all if timer.at > reading.now), default=None)
        reading = yield ReadClock()
        has_run_out = reading.remaining <= HANDOVER + POLL
        if next_at is None and not (has_run_out and timers.all) and (not is_wake or report.polls >= 2):
            return report
        if has_run_out:
            # Refused or not, this tick ends here: the next regular one comes within a minute.
            is_accepted: bool = yield CallScheduler(serves_until=until)
            return replace(report, handed_over=is_accepted)
        pause = POLL if next_at is None else min(POLL, next_at - reading.now)
        yield Sleep(duration=max(pause, timedelta(0)))
        reading = yield ReadClock()


def dispatch_slice(message_ids: Iterable[str], *, rules: TickRules) -> Steps[TickReport]:
    """Dispatch these messages, a share of very many that were due at once."""
    report = TickReport()
    for message_id in message_ids:
        report = yield from _dispatch(message_id, rules, report)
    return report


def _dispatch_due(timers: Timers, now: datetime, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    """Dispatch what is due first: a backlog that the watchdog takes up again must not make it late."""
    report = replace(report, polls=report.polls + 1)
    report = yield from _dispatch_scheduled(timers, now, rules, report)
    for timer in _due(timers.waiting, now):
        report = yield from _wake(timer, rules, report)
    for timer in _due(timers.stalled, now):
        report = yield from _take_up(timer.message_id, rules, report)
    for timer in _due(timers.series, now):
        report = yield from _make(timer, rules, report)
    return report


def _dispatch_scheduled(timers: Timers, now: datetime, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    rows = _due(timers.scheduled, now)
    due = [timer.message_id for timer in rows]
    report = _overdue(report, now, (timer.at for timer in rows))
    if not due or (yield IsStopped()):
        return report
    while len(due) > FAN_OUT:
        portion, due = due[:SLICE], due[SLICE:]
        if not (yield CallScheduler(message_ids=tuple(portion))):
            due = [*portion, *due]
            break
    for message_id in due:
        report = yield from _dispatch(message_id, rules, report)
    return report


def _dispatch(message_id: str, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    """O4: move first, put second. The other order could put the same message every minute."""
    reading: Reading = yield ReadClock()
    if _has_run_out(reading):
        return report
    message: Message | None = yield KickScheduled(
        message_id=message_id,
        now=reading.now,
        watchdog=rules.timing.watchdog,
        token=new_owner(rules.random),
        review_on=rules.review_on,
    )
    if message is None and rules.review_on:
        # It is not due after all, or nobody approved it: then it must not stay here, waiting for nothing.
        is_held: bool = yield HoldForReview(message_id=message_id, now=reading.now)
        return replace(report, held=report.held + is_held)
    if message is None:
        return report
    events = tuple(_event(message.id, target.delivery_id, target.account_id, message.gen) for target in message.targets)
    unsent: int = yield PutEvents(events=events)
    return replace(report, dispatched=report.dispatched + 1, unsent=report.unsent + unsent)


def _take_up(message_id: str, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    """O5: a message under way made no progress; hint at each of its deliveries that has not ended."""
    reading: Reading = yield ReadClock()
    if _has_run_out(reading):
        return report
    message: Message | None = yield KickWatchdog(
        message_id=message_id, now=reading.now, watchdog=rules.timing.watchdog, token=new_owner(rules.random)
    )
    if message is None:
        return report
    found: MessageWithDeliveries | None = yield ReadMessage(message_id=message_id)
    if found is None:
        return report
    untouched = [each for each in found.deliveries if each.state is DeliveryState.PENDING and each.claims == 0]
    report = _overdue(report, reading.now, (due_of(found.message, each) for each in untouched))
    # When all have ended, one hint makes a worker end the message.
    open_ones = [delivery for delivery in found.deliveries if not delivery.state.is_terminal] or found.deliveries[:1]
    unsent: int = yield PutEvents(events=tuple(_event_of(delivery) for delivery in open_ones))
    return replace(report, woken=report.woken + 1, unsent=report.unsent + unsent)


def _wake(timer: Timer, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    """O6: a delivery's waiting time is over."""
    reading: Reading = yield ReadClock()
    if timer.delivery_id is None or _has_run_out(reading):
        return report
    delivery: Delivery | None = yield KickWaiting(
        message_id=timer.message_id,
        delivery_id=timer.delivery_id,
        now=reading.now,
        again=rules.timing.waiting,
        token=new_owner(rules.random),
    )
    if delivery is None:
        return report
    unsent: int = yield PutEvents(events=(_event_of(delivery),))
    in_doubt = report.in_doubt + (delivery.state is DeliveryState.UNKNOWN)
    return replace(report, woken=report.woken + 1, unsent=report.unsent + unsent, in_doubt=in_doubt)


def _make(timer: Timer, rules: TickRules, report: TickReport) -> Steps[TickReport]:
    """Make the next messages of a series; last, for they are not due yet."""
    reading: Reading = yield ReadClock()
    if timer.series_id is None or _has_run_out(reading):
        return report
    made: int = yield MakeOccurrences(
        series_id=timer.series_id, now=reading.now, horizon=rules.series_horizon, review_on=rules.review_on
    )
    return replace(report, made=report.made + made)


def _overdue(report: TickReport, now: datetime, due: Iterable[datetime]) -> TickReport:
    """Note how long the oldest of these has been due."""
    longest = max((now - at for at in due), default=timedelta(0)) // timedelta(milliseconds=1)
    return replace(report, overdue_ms=max(report.overdue_ms, longest))


def _has_run_out(reading: Reading) -> bool:
    """Tell whether what is left should go to another invocation; one that the time-out ends hands nothing over."""
    return reading.remaining <= HANDOVER


def _due(timers: Iterable[Timer], now: datetime) -> list[Timer]:
    return [timer for timer in timers if timer.at <= now]


def _event_of(delivery: Delivery) -> Deliver:
    return _event(delivery.message_id, delivery.id, delivery.account_id, delivery.gen)


def _event(message_id: str, delivery_id: str, account_id: str, gen: int) -> Deliver:
    return Deliver(message_id=message_id, delivery_id=delivery_id, account_id=account_id, gen=gen)
