"""Carry out steps for real: the table, the stream, the key service, the channels. One performer per invocation."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from publishing.adapters import clock, functions, media, secrets, stream
from publishing.channels.base import border
from publishing.channels.base.registry import get_channel
from publishing.domain.message import MessageStatus
from publishing.domain.operations import Applied, NotApplied, RecordPublished, SettleUnconfirmed, WriteResult
from publishing.http import HttpClient
from publishing.services import steps
from publishing.services.holding import hold_unapproved
from publishing.services.making import make_occurrences
from publishing.store import accounts, deliveries, messages, timers

log = logging.getLogger(__name__)

_UPLOADS: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """What a worker's or scheduler's steps act on."""

    #: How long this invocation may still work.
    remaining: Callable[[], timedelta]
    stream_name: str = ""
    scheduler_function: str = ""
    media_bucket: str = ""
    #: None in the scheduler, which talks to no channel.
    http: HttpClient | None = None

    def __call__(self, step: Any) -> Any:  # noqa: ANN401 - each step has its own answer
        """Carry out one step and return its answer."""
        return _PERFORMERS[type(step)](self, step)

    def client(self) -> HttpClient:
        """Return the HTTP client; a performer without one was given a step that it must not have."""
        if self.http is None:
            raise TypeError("This process talks to no channel.")
        return self.http


def _read_clock(performer: Performer, _: steps.ReadClock) -> steps.Reading:
    return steps.Reading(now=clock.now(), remaining=performer.remaining())


def _prepare(performer: Performer, step: steps.Prepare) -> object:
    # Files are held in memory while they are sent: at most two at once, however many deliveries a batch has.
    with _UPLOADS:
        return border.prepare(
            get_channel(step.kind),
            step.payload,
            step.destination,
            performer.client().courier(),
            library=media.Bucket(performer.media_bucket),
            now=clock.now(),
        )


def _publish(performer: Performer, step: steps.Publish) -> object:
    courier = performer.client().courier()
    channel = get_channel(step.kind)
    return border.publish(channel, step.payload, step.destination, courier, now=clock.now())


def _look_up(performer: Performer, step: steps.LookUpPublication) -> object:
    return border.look_up(
        get_channel(step.kind), step.trace, step.destination, performer.client().courier(), now=clock.now()
    )


def _ask_health(performer: Performer, step: steps.AskHealth) -> object:
    channel = get_channel(step.destination.account.channel)
    return border.check(channel, step.destination, performer.client().courier(), now=clock.now())


def _apply(_: Performer, step: steps.Apply) -> WriteResult:
    result = deliveries.apply(step.operation)
    if isinstance(step.operation, RecordPublished) and isinstance(result, NotApplied):
        # It exists out there, and the table says otherwise or names another one: somebody must look.
        state = result.delivery.state.value if result.delivery else "gone"
        operation = step.operation
        ids = {"message_id": operation.message_id, "delivery": operation.delivery_id, "gen": operation.gen}
        log.critical("delivery.evidence_refused", extra={**ids, "state": state, "post": operation.publication.id})
    if isinstance(step.operation, SettleUnconfirmed) and isinstance(result, Applied):
        # Nothing more happens by itself: an alarm counts these lines, and a person looks.
        extra = {"message_id": step.operation.message_id, "delivery": step.operation.delivery_id}
        log.warning("delivery.unconfirmed", extra=extra)
    return result


def _finalise(_: Performer, step: steps.Finalise) -> bool:
    operation = step.operation
    return messages.finalise(
        operation.message_id, gen=operation.gen, status=MessageStatus(operation.status), now=operation.now
    )


def _note_credential(_: Performer, step: steps.NoteCredential) -> None:
    if step.problem is None:
        if accounts.mark_working(step.account.id, version=step.version, now=clock.now()):
            log.info("account.works_again", extra={"account": step.account.id})
    elif accounts.mark_needs_reauth(step.account.id, version=step.version, problem=step.problem, now=clock.now()):
        # Only the first to note it says so: one notice, however many deliveries wait.
        log.warning("account.needs_reauth", extra={"account": step.account.id, "channel": step.account.channel})


def _hold_account(_: Performer, step: steps.HoldAccount) -> None:
    if accounts.hold_account(step.account_id, hold=step.hold):
        until = step.hold.until.isoformat(timespec="seconds")
        log.info("account.held", extra={"account": step.account_id, "until": until, "reason": step.hold.reason.value})


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


_PERFORMERS: dict[type[Any], Callable[[Performer, Any], Any]] = {
    steps.ReadClock: _read_clock,
    steps.Sleep: lambda _, step: clock.sleep(step.duration.total_seconds()),
    steps.ReadMessage: lambda _, step: messages.find_message(step.message_id),
    steps.ReadLane: lambda _, step: accounts.read_lane(step.account_id),
    steps.OpenCredential: lambda _, step: secrets.open_sealed(step.sealed),
    steps.Apply: _apply,
    steps.Finalise: _finalise,
    steps.Prepare: _prepare,
    steps.Publish: _publish,
    steps.LookUpPublication: _look_up,
    steps.ListPublishedIds: lambda _, step: deliveries.list_published_ids(
        step.delivery.account_id, since=step.since, but=step.delivery
    ),
    steps.AskHealth: _ask_health,
    steps.RecordCheck: lambda _, step: accounts.record_check(step.account, read=step.read),
    steps.NoteCredential: _note_credential,
    steps.HoldAccount: _hold_account,
    steps.PutEvents: lambda performer, step: stream.put_events(performer.stream_name, step.events),
    steps.ListTimers: _list_timers,
    steps.IsStopped: lambda _, __: accounts.is_stopped(),
    steps.KickScheduled: _kick_scheduled,
    steps.HoldForReview: _hold_for_review,
    steps.MakeOccurrences: _make_occurrences,
    steps.KickWatchdog: _kick_watchdog,
    steps.KickWaiting: _kick_waiting,
    steps.CallScheduler: lambda performer, step: functions.invoke_scheduler(
        performer.scheduler_function, step.message_ids, serves_until=step.serves_until
    ),
}
