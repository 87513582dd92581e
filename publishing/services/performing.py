"""Carry out steps for real: the table, the stream, the key service, the channels. One performer per invocation."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from publishing.adapters import clock, media, secrets
from publishing.channels.base import border
from publishing.channels.base.registry import get_channel
from publishing.domain.message import MessageStatus
from publishing.domain.operations import Applied, NotApplied, RecordPublished, SettleUnconfirmed, WriteResult
from publishing.http import HttpClient
from publishing.services import steps
from publishing.store import accounts, deliveries, messages

log = logging.getLogger(__name__)

_UPLOADS: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """What a worker's steps act on; the scheduler's are those of `performing_ticks`, too."""

    #: How long this invocation may still work.
    remaining: Callable[[], timedelta]
    media_bucket: str = ""
    #: None in the scheduler, which talks to no channel.
    http: HttpClient | None = None

    def __call__(self, step: Any) -> Any:  # noqa: ANN401 - each step has its own answer
        """Carry out one step and return its answer."""
        return self.performers[type(step)](self, step)

    @property
    def performers(self) -> Mapping[type[Any], Callable[[Any, Any], Any]]:
        """What carries out each kind of step."""
        return PERFORMERS

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


#: How each kind of step that a worker asks for is carried out.
PERFORMERS: dict[type[Any], Callable[[Performer, Any], Any]] = {
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
}
