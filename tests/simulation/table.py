"""The table in memory: the conditions of the protocol's operations, written from their documentation."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import Message, MessageStatus, MessageWithDeliveries
from publishing.domain.operations import (
    Applied,
    CancelUnsent,
    ClaimDelivery,
    CommitDelivery,
    DeliveryOperation,
    EnterDoubt,
    FailUnsent,
    FinaliseMessage,
    LookAgain,
    NotApplied,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    RecordUnknown,
    SaveHandle,
    SettleAbsent,
    SettleResend,
    SettleReturned,
    SettleUnconfirmed,
    TakeOver,
    WriteResult,
)
from publishing.domain.outcome import Reason
from publishing.services.steps import KickScheduled, KickWaiting, KickWatchdog, Timers
from publishing.store.timers import Timer

S = DeliveryState
M = MessageStatus
REST = frozenset({S.PENDING, S.RETRY})


class BrokenError(AssertionError):
    """An invariant does not hold."""


@dataclass
class Index:
    """One row of the timers' index, which lags behind the table."""

    #: (seen from, partition and time, or None for no row)
    history: list[tuple[datetime, tuple[str, datetime] | None]] = field(default_factory=list)

    def at(self, now: datetime) -> tuple[str, datetime] | None:
        while len(self.history) > 1 and self.history[1][0] <= now:
            self.history.pop(0)
        return self.history[0][1] if self.history and self.history[0][0] <= now else None


class Table:
    """Messages, deliveries and their timers. Every write checks what must hold after every write."""

    def __init__(self, random: Random, lag: Callable[[], timedelta], mutants: frozenset[str]) -> None:
        self.random = random
        self.lag = lag
        self.mutants = mutants
        self.messages: dict[str, Message] = {}
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self.timers: dict[tuple[str, str | None], tuple[str, datetime] | None] = {}
        self.index: dict[tuple[str, str | None], Index] = {}
        self.attempts: set[tuple[str, str, int]] = set()
        self.doubled: list[str] = []

    # --- reads ---

    def read(self, message_id: str) -> MessageWithDeliveries | None:
        message = self.messages.get(message_id)
        if message is None:
            return None
        every = tuple(self.deliveries[message_id, target.delivery_id] for target in message.targets)
        return MessageWithDeliveries(message=message, deliveries=every)

    def list_published_ids(self, but: Delivery) -> frozenset[str]:
        others = [each for each in self.deliveries.values() if each.account_id == but.account_id]
        return frozenset(
            each.publication.id
            for each in others
            if each.publication is not None and (each.message_id, each.id) != (but.message_id, but.id)
        )

    def list_timers(self, now: datetime, until: datetime) -> Timers:
        found: dict[str, list[Timer]] = {"scheduled": [], "publishing": [], "waiting": []}
        for (message_id, delivery_id), index in self.index.items():
            row = index.at(now)
            if row is not None and row[1] <= until:
                found[row[0]].append(Timer(message_id=message_id, delivery_id=delivery_id, at=row[1]))
        ordered = {kind: tuple(sorted(rows, key=lambda timer: timer.at)) for kind, rows in found.items()}
        stalled = () if "no watchdog" in self.mutants else ordered["publishing"]
        return Timers(scheduled=ordered["scheduled"], stalled=stalled, waiting=ordered["waiting"])

    # --- messages ---

    def put_message(self, message: Message, timer: tuple[str, datetime] | None, now: datetime) -> None:
        before = self.messages.get(message.id)
        if before is not None and message.gen < before.gen:
            raise BrokenError("I7: a message's generation decreased")
        self.messages[message.id] = message
        self._set_timer((message.id, None), timer, now)
        is_moving = message.status is M.SCHEDULED or message.status.is_under_way
        if is_moving != (timer is not None):
            raise BrokenError(f"I6: a message that is {message.status} with timer {timer}")

    def put_delivery(self, delivery: Delivery, now: datetime, *, timer: datetime | None = None) -> Delivery:
        key = (delivery.message_id, delivery.id)
        before = self.deliveries.get(key)
        if before is not None and (delivery.fence < before.fence or delivery.gen < before.gen):
            raise BrokenError("I7: a delivery's fence or generation decreased")
        if before is not None and delivery.gen == before.gen and delivery.claims < before.claims:
            raise BrokenError("I7: a delivery's claims decreased")
        if delivery.state in {S.RETRY, S.UNKNOWN} and timer is None:
            raise BrokenError(f"I6: a delivery that is {delivery.state} without a timer")
        self.deliveries[key] = delivery
        self._set_timer(key, None if timer is None else ("waiting", timer), now)
        return delivery

    def _set_timer(self, key: tuple[str, str | None], timer: tuple[str, datetime] | None, now: datetime) -> None:
        if self.timers.get(key) == timer:
            return
        self.timers[key] = timer
        history = self.index.setdefault(key, Index()).history
        seen_from = now + self.lag()
        history.append((max(seen_from, history[-1][0]) if history else seen_from, timer))

    def kick_scheduled(self, step: KickScheduled) -> Message | None:
        message = self.messages[step.message_id]
        timer = self.timers[message.id, None]
        is_due = message.status is M.SCHEDULED and timer is not None and timer[1] <= step.now
        if "no kick condition" in self.mutants:
            is_due = message.status is M.SCHEDULED
        if not is_due:
            return message if message.kick == step.token else None
        moved = replace(message, status=M.PUBLISHING, kick=step.token)
        self.put_message(moved, ("publishing", step.now + step.watchdog), step.now)
        return moved

    def kick_watchdog(self, step: KickWatchdog) -> Message | None:
        message = self.messages[step.message_id]
        timer = self.timers[message.id, None]
        if not message.status.is_under_way or timer is None or timer[1] > step.now:
            return message if message.kick == step.token else None
        moved = replace(message, kick=step.token)
        self.put_message(moved, ("publishing", step.now + step.watchdog), step.now)
        return moved

    def kick_waiting(self, step: KickWaiting) -> Delivery | None:
        delivery = self.deliveries[step.message_id, step.delivery_id]
        timer = self.timers[step.message_id, step.delivery_id]
        if delivery.state not in {S.RETRY, S.UNKNOWN} or timer is None or timer[1] > step.now:
            return delivery if delivery.owner == step.token else None
        return self.put_delivery(replace(delivery, owner=step.token), step.now, timer=step.now + step.again)

    def finalise(self, operation: FinaliseMessage) -> bool:
        message = self.messages[operation.message_id]
        has_other_end = message.status.is_final and message.status != operation.status
        if not (message.status.is_under_way or has_other_end) or message.gen != operation.gen:
            return False
        self.put_message(replace(message, status=M(operation.status)), None, operation.now)
        return True

    # --- deliveries ---

    def apply(self, operation: DeliveryOperation) -> WriteResult:
        delivery = self.deliveries[operation.message_id, operation.delivery_id]
        changed = _OPERATIONS[type(operation)](delivery, operation, self.mutants)
        if isinstance(operation, CommitDelivery) and operation.is_probe and "probe ignores cancel" not in self.mutants:
            is_wanted = self.messages[operation.message_id].status is M.PUBLISHING
            changed = changed if is_wanted else None
        if isinstance(operation, CommitDelivery) and changed is not None:
            attempt = (delivery.message_id, delivery.id, operation.attempt.fence)
            if attempt in self.attempts:
                raise BrokenError("O20: two attempts with one fence")
            self.attempts.add(attempt)
        if changed is None:
            return self._recognise(operation, delivery)
        fields, timer = changed
        after = self.put_delivery(replace(delivery, **fields), operation.now, timer=timer)
        is_transaction = isinstance(operation, CommitDelivery)
        return Applied(delivery=None if is_transaction else after)

    def _recognise(self, operation: DeliveryOperation, delivery: Delivery) -> WriteResult:
        if isinstance(operation, RecordPublished):
            same = delivery.publication is not None and delivery.publication.id == operation.publication.id
            if delivery.state is S.PUBLISHED and not same:
                self.doubled.append(operation.publication.id)
            is_ours = delivery.state is S.PUBLISHED and same
        else:
            state = operation.state if isinstance(operation, SettleAbsent) else _LEADS_TO[type(operation)]
            is_ours = delivery.owner == operation.owner and delivery.state is state
        return Applied(delivery=delivery) if is_ours else NotApplied(delivery=delivery)


#: The changed fields and the timer, or None when the condition does not hold.
Change = tuple[dict[str, Any], datetime | None] | None
_ENDS: dict[str, Any] = {"leased_until": None, "next_at": None, "parked_since": None}


def _claim(d: Delivery, o: ClaimDelivery, _: frozenset[str]) -> Change:
    is_due = d.state is S.RETRY and d.next_at is not None and d.next_at <= o.now
    lease_ran_out = d.state is S.SENDING and d.leased_until is not None and d.leased_until < o.now
    if d.gen != o.gen or not (d.state is S.PENDING or is_due or lease_ran_out):
        return None
    fields = {"state": S.SENDING, "fence": d.fence + 1, "claims": d.claims + 1, "owner": o.owner}
    return {**fields, "leased_until": o.leased_until}, None


def _save_handle(d: Delivery, o: SaveHandle, _: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.SENDING:
        return None
    return {"handle": o.handle}, None


def _commit(d: Delivery, o: CommitDelivery, mutants: frozenset[str]) -> Change:
    if "no commit mark" in mutants:
        return {}, None
    if d.state is not S.SENDING or d.fence != o.attempt.fence:
        return None
    first = d.first_commit_at or o.now
    probed = (d.probed or o.is_probe) and "probe again" not in mutants
    return {"state": S.COMMITTING, "maybe_before": d.maybe_sent, "maybe_sent": True, "commit_at": o.now,
            "first_commit_at": first, "payload_sha": o.attempt.payload_sha, "probed": probed}, None  # fmt: skip


def _published(d: Delivery, o: RecordPublished, _: frozenset[str]) -> Change:
    if d.gen != o.gen or d.state in {S.PUBLISHED, S.FAILED, S.CANCELLED}:
        return None
    counted = d.attempts + (0 if o.fence is None else 1)
    return {**_ENDS, "state": S.PUBLISHED, "attempts": counted, "publication": o.publication, "published_at": o.now,
            "problem": None, "last": None}, None  # fmt: skip


def _deferred(d: Delivery, o: RecordDeferred, mutants: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not (S.COMMITTING if o.is_committed else S.SENDING):
        return None
    counter = "attempts" if o.reason.counts else "waits"
    fields: dict[str, Any] = {"state": S.RETRY, counter: getattr(d, counter) + 1, "last": o.reason,
                              "problem": o.problem, "next_at": o.next_at, "parked_since": o.parked_since}  # fmt: skip
    if o.is_committed:
        fields["maybe_sent"] = False if "doubt forgotten" in mutants else d.maybe_before
        fields["probed"] = d.probed and not o.is_probe
    return fields, o.next_at


def _unknown(d: Delivery, o: RecordUnknown, mutants: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.COMMITTING:
        return None
    fields = {"attempts": d.attempts + 1, "last": o.reason, "problem": o.problem, "next_at": o.next_at}
    if "doubt is a retry" in mutants:
        return {**fields, "state": S.RETRY, "maybe_sent": False}, o.next_at
    return {**fields, "state": S.UNKNOWN}, o.next_at


def _rejected(d: Delivery, o: RecordRejected, mutants: frozenset[str]) -> Change:
    doubted = d.maybe_before if o.is_committed else d.maybe_sent
    if "doubt forgotten" in mutants:
        doubted = False
    if d.fence != o.fence or d.state is not (S.COMMITTING if o.is_committed else S.SENDING) or doubted:
        return None
    return {**_ENDS, "state": S.FAILED, "owner": o.owner, "last": o.reason, "problem": o.problem,
            "attempts": d.attempts + 1, "maybe_sent": False}, None  # fmt: skip


def _doubt(d: Delivery, o: TakeOver | EnterDoubt, reason: Reason) -> dict[str, Any]:
    return {"state": S.UNKNOWN, "fence": d.fence + 1, "owner": o.owner, "last": reason, "problem": o.problem,
            "next_at": o.now, "leased_until": None}  # fmt: skip


def _take_over(d: Delivery, o: TakeOver, mutants: frozenset[str]) -> Change:
    lease_ran_out = d.leased_until is not None and d.leased_until < o.now
    if d.gen != o.gen or d.state is not S.COMMITTING or not lease_ran_out:
        return None
    fields = {**_doubt(d, o, Reason.LOST_SIGHT), "attempts": d.attempts + 1}
    if "take-over resends" in mutants:
        fields |= {"state": S.RETRY, "maybe_sent": False}
    return fields, o.now


def _enter_doubt(d: Delivery, o: EnterDoubt, _: frozenset[str]) -> Change:
    lease_ran_out = d.state is S.SENDING and d.leased_until is not None and d.leased_until < o.now
    if d.gen != o.gen or not (d.state is S.RETRY or lease_ran_out) or not d.maybe_sent:
        return None
    return _doubt(d, o, o.reason), o.now


def _fail_unsent(d: Delivery, o: FailUnsent, _: frozenset[str]) -> Change:
    lease_ran_out = d.state is S.SENDING and d.leased_until is not None and d.leased_until < o.now
    if d.gen != o.gen or not (d.state in REST or lease_ran_out) or d.maybe_sent:
        return None
    return {**_ENDS, "state": S.FAILED, "owner": o.owner, "last": o.reason, "problem": o.problem}, None


def _cancel(d: Delivery, o: CancelUnsent, mutants: frozenset[str]) -> Change:
    doubted = d.maybe_sent and "cancel ignores doubt" not in mutants
    if d.gen != o.gen or d.state not in {*REST, S.SENDING} or doubted:
        return None
    return {**_ENDS, "state": S.CANCELLED, "owner": o.owner}, None


def _absent(d: Delivery, o: SettleAbsent, mutants: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.UNKNOWN:
        return None
    fields: dict[str, Any] = {"state": o.state, "owner": o.owner, "maybe_sent": False, "maybe_before": False,
                              "problem": o.problem, "doubted": "absence is final" not in mutants}  # fmt: skip
    return {**fields, **(_ENDS if o.next_at is None else {"next_at": o.next_at})}, o.next_at


def _resend(d: Delivery, o: SettleResend, _: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.UNKNOWN:
        return None
    return {"state": S.RETRY, "owner": o.owner, "next_at": o.next_at}, o.next_at


def _unconfirmed(d: Delivery, o: SettleUnconfirmed, _: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.UNKNOWN:
        return None
    return {**_ENDS, "state": S.UNCONFIRMED, "owner": o.owner, "problem": o.problem}, None


def _returned(d: Delivery, o: SettleReturned, _: frozenset[str]) -> Change:
    if d.gen != o.gen or d.state not in {S.UNKNOWN, S.UNCONFIRMED}:
        return None
    return {**_ENDS, "state": S.FAILED, "owner": o.owner, "last": o.reason, "problem": o.problem, "maybe_sent": False,
            "maybe_before": False}, None  # fmt: skip


def _again(d: Delivery, o: LookAgain, _: frozenset[str]) -> Change:
    if d.fence != o.fence or d.state is not S.UNKNOWN:
        return None
    return {"owner": o.owner, "next_at": o.next_at}, o.next_at


_OPERATIONS: dict[type[DeliveryOperation], Callable[[Delivery, Any, frozenset[str]], Change]] = {
    ClaimDelivery: _claim, CommitDelivery: _commit, RecordPublished: _published, RecordDeferred: _deferred,
    RecordUnknown: _unknown, RecordRejected: _rejected, TakeOver: _take_over, EnterDoubt: _enter_doubt,
    FailUnsent: _fail_unsent, CancelUnsent: _cancel, SettleAbsent: _absent, SettleResend: _resend,
    SettleUnconfirmed: _unconfirmed, SettleReturned: _returned, LookAgain: _again, SaveHandle: _save_handle,
}  # fmt: skip
_LEADS_TO: dict[type[DeliveryOperation], DeliveryState] = {
    ClaimDelivery: S.SENDING, SaveHandle: S.SENDING, CommitDelivery: S.COMMITTING, RecordDeferred: S.RETRY,
    RecordUnknown: S.UNKNOWN, RecordRejected: S.FAILED, TakeOver: S.UNKNOWN, EnterDoubt: S.UNKNOWN,
    FailUnsent: S.FAILED, CancelUnsent: S.CANCELLED, SettleResend: S.RETRY, SettleReturned: S.FAILED,
    SettleUnconfirmed: S.UNCONFIRMED, LookAgain: S.UNKNOWN,
}  # fmt: skip
