"""Steps: what the workers' use cases ask of the outside, as values. Generators yield them; `drive` carries them out.

The delivery and dispatch logic does no IO of its own, so the real worker and a simulation drive the very same code.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from publishing.channels.base.contract import Payload, Trace
from publishing.domain.account import Account, Destination, Hold, SealedCredential
from publishing.domain.delivery import Delivery
from publishing.domain.errors import CredentialError, UnavailableError
from publishing.domain.events import Deliver
from publishing.domain.operations import DeliveryOperation, FinaliseMessage
from publishing.domain.outcome import Problem
from publishing.store.timers import Timer

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadClock:
    """Answered with a Reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The time, and how long this invocation may still work."""

    now: datetime
    remaining: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Wait; answered with None."""

    duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """Answered with a MessageWithDeliveries, strongly consistent, or None."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLane:
    """Answered with a Lane: the account, its sealed credential, its hold and the stop switch."""

    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCredential:
    """Answered with the credential in clear; raises CredentialError when it cannot be opened."""

    sealed: SealedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Carry out an operation of the delivery protocol; answered with a WriteResult."""

    operation: DeliveryOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalise:
    """End a message; answered with whether it was this write that ended it."""

    operation: FinaliseMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Do one invisible step before the visible call; answered with Prepared, Deferred or Rejected, never raises."""

    kind: str
    payload: Payload
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Make the visible call; answered with an Outcome, never raises."""

    kind: str
    payload: Payload
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpPublication:
    """Search for evidence; answered with a Finding, never raises."""

    kind: str
    trace: Trace
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPublishedIds:
    """Ask what other deliveries to the same account published; answered with a frozenset of ids."""

    delivery: Delivery
    #: Of those whose last visible call began since then.
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHealth:
    """Ask a platform how an account is; answered with a Health, never raises."""

    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """Note what a check found; answered with whether the account was still as it was read."""

    account: Account
    read: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCredential:
    """Note whether an account's credential works; `problem` None when it does. Answered with None."""

    account: Account
    #: Of the credential that was used; 0 for none. Another one is neither blamed nor vouched for.
    version: int
    problem: Problem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAccount:
    """Note until when an account's platform wants no calls; answered with None."""

    account_id: str
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class PutEvents:
    """Send hints to the worker; answered with how many did not arrive (the watchdog repeats those)."""

    events: tuple[Deliver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTimers:
    """Ask for everything that is due by then; answered with Timers."""

    until: datetime
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """What the timers' index shows, each kind with the earliest first."""

    scheduled: tuple[Timer, ...]
    stalled: tuple[Timer, ...]
    waiting: tuple[Timer, ...]
    series: tuple[Timer, ...] = ()

    @property
    def all(self) -> tuple[Timer, ...]:
        """All of them."""
        return (*self.scheduled, *self.stalled, *self.waiting, *self.series)


@dataclass(frozen=True, slots=True, kw_only=True)
class IsStopped:
    """Answered with whether the stop switch is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KickScheduled:
    """O4; answered with the message as it is now, or None when it is not due."""

    message_id: str
    now: datetime
    watchdog: timedelta
    token: str
    review_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldForReview:
    """Send a message back to review that is due and that nobody approved; answered with whether it was."""

    message_id: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOccurrences:
    """Make the next messages of a series; answered with how many were made, never raises."""

    series_id: str
    now: datetime
    horizon: timedelta
    review_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KickWatchdog:
    """O5; answered with the message, or None when somebody else took it up."""

    message_id: str
    now: datetime
    watchdog: timedelta
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KickWaiting:
    """O6; answered with the delivery, or None when somebody else took it up."""

    message_id: str
    delivery_id: str
    now: datetime
    again: timedelta
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScheduler:
    """Invoke the scheduler once more: for these messages, or for a tick that goes on until then.

    Answered with whether that was accepted.
    """

    message_ids: tuple[str, ...] = ()
    serves_until: datetime | None = None


Steps = Generator[Any, Any, Returned]


def drive(steps: Steps[Returned], perform: Callable[[Any], Any]) -> Returned:
    """Carry out a generator's steps one by one and return what it returns.

    An error of `perform` that the generator may want to handle (the table out of reach, a credential that cannot be
    opened) is raised inside it; anything it does not handle comes out here.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = perform(step)
            except (UnavailableError, CredentialError) as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        returned: Returned = end.value
        return returned
