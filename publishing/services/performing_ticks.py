"""Carry out the scheduler's steps for real. Workers never need them, nor what they import."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from publishing.adapters import functions
from publishing.adapters.hints import Hints
from publishing.services import performing, steps
from publishing.services.holding import hold_unapproved
from publishing.services.making import make_occurrences
from publishing.services.performing import Performer
from publishing.store import accounts, messages, timers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickPerformer(Performer):
    """What a tick's steps act on."""

    #: By what hints reach the worker.
    hints: Hints
    scheduler_function: str = ""

    @property
    def performers(self) -> Mapping[type[Any], Callable[[Any, Any], Any]]:
        """What carries out each kind of step."""
        return _PERFORMERS


def _list_timers(_: Performer, step: steps.ListTimers) -> steps.Timers:
    due = timers.list_scheduled(step.until, limit=step.limit)
    return steps.Timers(
        scheduled=tuple(timer for timer in due if timer.series_id is None),
        series=tuple(timer for timer in due if timer.series_id is not None),
        stalled=timers.list_stalled(step.until, limit=step.limit),
        waiting=timers.list_waiting(step.until, limit=step.limit),
    )


def _kick_scheduled(_: Performer, step: steps.KickScheduled) -> object:
    return messages.kick_scheduled(
        step.message_id, now=step.now, watchdog=step.watchdog, token=step.token, review_on=step.review_on
    )


def _hold_for_review(_: Performer, step: steps.HoldForReview) -> bool:
    is_held = hold_unapproved(message_id=step.message_id, now=step.now)
    if is_held:
        # Its editors expected it to go out now.
        log.warning("message.held_for_review", extra={"message_id": step.message_id})
    return is_held


def _make_occurrences(_: Performer, step: steps.MakeOccurrences) -> int:
    try:
        return make_occurrences(series_id=step.series_id, now=step.now, horizon=step.horizon, review_on=step.review_on)
    except Exception:  # the border: what is wrong with one series must not keep messages from going out
        log.exception("series.failed", extra={"series": step.series_id})
        return 0


def _kick_watchdog(_: Performer, step: steps.KickWatchdog) -> object:
    return messages.kick_watchdog(step.message_id, now=step.now, watchdog=step.watchdog, token=step.token)


def _kick_waiting(_: Performer, step: steps.KickWaiting) -> object:
    return messages.kick_waiting(step.message_id, step.delivery_id, now=step.now, again=step.again, token=step.token)


_PERFORMERS: dict[type[Any], Callable[[Any, Any], Any]] = {
    **performing.PERFORMERS,
    steps.ListTimers: _list_timers,
    steps.IsStopped: lambda _, __: accounts.is_stopped(),
    steps.KickScheduled: _kick_scheduled,
    steps.HoldForReview: _hold_for_review,
    steps.MakeOccurrences: _make_occurrences,
    steps.KickWatchdog: _kick_watchdog,
    steps.KickWaiting: _kick_waiting,
    steps.PutEvents: lambda performer, step: performer.hints.put_events(step.events),
    steps.CallScheduler: lambda performer, step: functions.invoke_scheduler(
        performer.scheduler_function, step.message_ids, serves_until=step.serves_until
    ),
}
