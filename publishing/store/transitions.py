"""The conditional writes of the delivery protocol: operations in, writes out. `docs/delivery.md` lists them as O7-O17.

Each condition is built from named parts that read as a sentence. `store.deliveries` carries the writes out.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import singledispatch
from typing import Final

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from publishing.domain.attempt import AttemptOutcome
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.operations import (
    CancelUnsent,
    ClaimDelivery,
    CommitDelivery,
    DeliveryOperation,
    EnterDoubt,
    FailUnsent,
    LookAgain,
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
)
from publishing.domain.outcome import Publication, Reason
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.message import AttemptItem, DeliveryItem, MessageItem
from publishing.store import rows, writes
from publishing.store.writes import Write

_S = DeliveryState
D = DeliveryItem

_REST: Final = (_S.PENDING.value, _S.RETRY.value)
_UNSENT: Final = (_S.PENDING.value, _S.RETRY.value, _S.SENDING.value)
_ENDED: Final = (_S.PUBLISHED.value, _S.FAILED.value, _S.CANCELLED.value)


@singledispatch
def build(operation: DeliveryOperation) -> tuple[Write, ...]:
    """Return the writes of an operation, the delivery's first; two of them go into one transaction."""
    raise TypeError(f"No writes are known for {type(operation).__name__}.")


@build.register
def _claim(operation: ClaimDelivery) -> tuple[Write, ...]:
    # A claim may race with another claim, a cancel and a re-arm:
    #   worker A: read (pending) ─────────── claim (fence 1) ── ...
    #   worker B: read (pending) ── claim ✗ because A's changed the state
    is_due = (D.state == _S.RETRY.value) & (D.next_at <= operation.now)
    lease_ran_out = (D.state == _S.SENDING.value) & (D.lease_until < operation.now)
    is_claimable = (D.state == _S.PENDING.value) | is_due | lease_ran_out
    actions = [
        D.state.set(_S.SENDING.value),
        D.fence.set(D.fence + 1),
        D.claims.set(D.claims + 1),
        D.owner.set(operation.owner),
        D.lease_until.set(operation.leased_until),
        *_NO_TIMER,
    ]
    return _one(operation, actions, _same_generation(operation.gen) & is_claimable)


@build.register
def _save_handle(operation: SaveHandle) -> tuple[Write, ...]:
    return _one(operation, [D.handle.set(operation.handle)], _holds(operation.fence, _S.SENDING))


@build.register
def _commit(operation: CommitDelivery) -> tuple[Write, ...]:
    # The right-hand sides see the values before this write, so `maybe_before` keeps what `maybe_sent` was.
    attempt = operation.attempt
    actions = [
        D.state.set(_S.COMMITTING.value),
        D.maybe_before.set(D.maybe_sent | False),
        D.maybe_sent.set(True),
        D.commit_at.set(operation.now),
        D.first_commit_at.set(D.first_commit_at | operation.now),
        D.payload_sha.set(attempt.payload_sha),
    ]
    opened = writes.put_new(rows.attempt_item(attempt, account_id=operation.account_id))
    if not operation.is_probe:
        return (*_one(operation, actions, _holds(attempt.fence, _S.SENDING)), opened)
    # What may have been sent cannot be cancelled on its own row (O17), so a probe's mark meets the cancel on the
    # message's: exactly one of the two wins.
    #   worker: read (publishing) ── claim ─────────────────────── mark ✗ because the message is cancelling
    #   person: ──────────────────────────── cancel the message
    actions.append(D.probed.set(True))
    is_wanted = writes.check(
        rows.message_key(operation.message_id), MessageItem.status == MessageStatus.PUBLISHING.value
    )
    return (*_one(operation, actions, _holds(attempt.fence, _S.SENDING)), opened, is_wanted)


@build.register
def _record_published(operation: RecordPublished) -> tuple[Write, ...]:
    # Success evidence dominates: no fence, and any state that has not ended otherwise.
    actions = [
        D.state.set(_S.PUBLISHED.value),
        D.attempts.set(D.attempts + (0 if operation.fence is None else 1)),
        D.published_at.set(operation.now),
        *_publication_actions(operation.publication),
        *([] if operation.quota is None else [D.quota.set(rows.quota_column(operation.quota))]),
        D.error.remove(),
        D.last.remove(),
        D.lease_until.remove(),
        D.next_at.remove(),
        D.parked_since.remove(),
        *_NO_TIMER,
    ]
    has_not_ended = ~D.state.is_in(*_ENDED)
    delivered = _one(operation, actions, _same_generation(operation.gen) & has_not_ended)
    if operation.fence is None:
        return delivered
    publication = operation.publication
    ends = [AttemptItem.post_id.set(publication.id)]
    ends += [] if publication.url is None else [AttemptItem.post_url.set(publication.url)]
    return (*delivered, _end(operation, operation.fence, AttemptOutcome.PUBLISHED, ends))


@build.register
def _record_deferred(operation: RecordDeferred) -> tuple[Write, ...]:
    counter = D.attempts if operation.reason.counts else D.waits
    actions = [
        D.state.set(_S.RETRY.value),
        counter.set(counter + 1),
        D.last.set(operation.reason.value),
        D.error.set(rows.problem_column(operation.problem)),
        D.next_at.set(operation.next_at),
        D.parked_since.remove() if operation.parked_since is None else D.parked_since.set(operation.parked_since),
        *_timer(operation, operation.next_at),
    ]
    if not operation.is_committed:
        return _one(operation, actions, _holds(operation.fence, _S.SENDING))
    actions.append(D.maybe_sent.set(D.maybe_before))
    if operation.is_probe:
        actions.append(D.probed.remove())
    deferred = _one(operation, actions, _holds(operation.fence, _S.COMMITTING))
    ended = _end_badly(operation, AttemptOutcome.DEFERRED)
    return (*deferred, ended)


@build.register
def _record_unknown(operation: RecordUnknown) -> tuple[Write, ...]:
    actions = [
        D.state.set(_S.UNKNOWN.value),
        D.attempts.set(D.attempts + 1),
        D.last.set(operation.reason.value),
        D.error.set(rows.problem_column(operation.problem)),
        D.next_at.set(operation.next_at),
        *_timer(operation, operation.next_at),
    ]
    doubted = _one(operation, actions, _holds(operation.fence, _S.COMMITTING))
    return (
        *doubted,
        _end_badly(operation, AttemptOutcome.UNKNOWN),
    )


@build.register
def _record_rejected(operation: RecordRejected) -> tuple[Write, ...]:
    actions = [*_fail(operation.reason, operation), D.attempts.set(D.attempts + 1), D.maybe_sent.set(False)]
    if not operation.is_committed:
        return _one(operation, actions, _holds(operation.fence, _S.SENDING) & _never_sent())
    no_earlier_doubt = D.maybe_before == False  # noqa: E712 - builds a condition
    rejected = _one(operation, actions, _holds(operation.fence, _S.COMMITTING) & no_earlier_doubt)
    ended = _end_badly(operation, AttemptOutcome.REJECTED)
    return (*rejected, ended)


@build.register
def _take_over(operation: TakeOver) -> tuple[Write, ...]:
    lease_ran_out = (D.state == _S.COMMITTING.value) & (D.lease_until < operation.now)
    actions = [*_doubt(Reason.LOST_SIGHT, operation), D.attempts.set(D.attempts + 1)]
    return _one(operation, actions, _same_generation(operation.gen) & lease_ran_out)


@build.register
def _enter_doubt(operation: EnterDoubt) -> tuple[Write, ...]:
    waits = D.state == _S.RETRY.value
    lease_ran_out = (D.state == _S.SENDING.value) & (D.lease_until < operation.now)
    may_be_out = D.maybe_sent == True  # noqa: E712 - builds a condition
    condition = _same_generation(operation.gen) & (waits | lease_ran_out) & may_be_out
    return _one(operation, _doubt(operation.reason, operation), condition)


@build.register
def _fail_unsent(operation: FailUnsent) -> tuple[Write, ...]:
    lease_ran_out = (D.state == _S.SENDING.value) & (D.lease_until < operation.now)
    condition = _same_generation(operation.gen) & (D.state.is_in(*_REST) | lease_ran_out) & _never_sent()
    return _one(operation, _fail(operation.reason, operation), condition)


@build.register
def _cancel_unsent(operation: CancelUnsent) -> tuple[Write, ...]:
    # A cancel that was held up must not end what somebody scheduled anew meanwhile.
    actions = [D.state.set(_S.CANCELLED.value), D.owner.set(operation.owner), *_ENDS]
    return _one(operation, actions, _same_generation(operation.gen) & D.state.is_in(*_UNSENT) & _never_sent())


@build.register
def _settle_absent(operation: SettleAbsent) -> tuple[Write, ...]:
    actions = [
        D.state.set(operation.state.value),
        D.owner.set(operation.owner),
        D.maybe_sent.set(False),
        D.maybe_before.set(False),
        D.doubted.set(True),
        D.error.remove() if operation.problem is None else D.error.set(rows.problem_column(operation.problem)),
        *(_ENDS if operation.next_at is None else (D.next_at.set(operation.next_at),)),
        *(() if operation.next_at is None else _timer(operation, operation.next_at)),
    ]
    return _one(operation, actions, _holds(operation.fence, _S.UNKNOWN))


@build.register
def _settle_resend(operation: SettleResend) -> tuple[Write, ...]:
    actions = [
        D.state.set(_S.RETRY.value),
        D.owner.set(operation.owner),
        D.next_at.set(operation.next_at),
        *_timer(operation, operation.next_at),
    ]
    return _one(operation, actions, _holds(operation.fence, _S.UNKNOWN))


@build.register
def _settle_unconfirmed(operation: SettleUnconfirmed) -> tuple[Write, ...]:
    error = D.error.set(rows.problem_column(operation.problem))
    actions = [D.state.set(_S.UNCONFIRMED.value), D.owner.set(operation.owner), error, *_ENDS]
    return _one(operation, actions, _holds(operation.fence, _S.UNKNOWN))


@build.register
def _settle_returned(operation: SettleReturned) -> tuple[Write, ...]:
    # No fence: whoever looks at the doubt just now finds out no more than the platform said.
    #   worker: read (unknown) ───────────────── unconfirmed ✗ because the state changed
    #   hook:   read (unknown) ── returned: failed
    actions = [*_fail(operation.reason, operation), D.maybe_sent.set(False), D.maybe_before.set(False)]
    in_doubt = D.state.is_in(_S.UNKNOWN.value, _S.UNCONFIRMED.value)
    return _one(operation, actions, _same_generation(operation.gen) & in_doubt)


@build.register
def _look_again(operation: LookAgain) -> tuple[Write, ...]:
    at = operation.next_at
    actions = [D.owner.set(operation.owner), D.next_at.set(at), *_timer(operation, at)]
    return _one(operation, actions, _holds(operation.fence, _S.UNKNOWN))


_NO_TIMER: Final = (D.GSI2PK.remove(), D.GSI2SK.remove())
_ENDS: Final = (D.lease_until.remove(), D.next_at.remove(), D.parked_since.remove(), *_NO_TIMER)


def _one(operation: DeliveryOperation, actions: Sequence[Action], condition: Condition) -> tuple[Write, ...]:
    row = rows.delivery_key(operation.message_id, operation.delivery_id)
    return (writes.update(row, actions, condition),)


def _same_generation(gen: int) -> Condition:
    same: Condition = D.gen == gen
    return same


def _holds(fence: int, state: DeliveryState) -> Condition:
    holds: Condition = (D.fence == fence) & (D.state == state.value)
    return holds


def _never_sent() -> Condition:
    never: Condition = D.maybe_sent.does_not_exist() | (D.maybe_sent == False)  # noqa: E712 - builds a condition
    return never


def _timer(operation: DeliveryOperation, at: datetime) -> tuple[Action, ...]:
    partition = keys.timer(keys.WAITING, operation.message_id, TableItem.Meta.timer_shards)
    return D.GSI2PK.set(partition), D.GSI2SK.set(write_instant(at))


def _doubt(reason: Reason, operation: TakeOver | EnterDoubt) -> list[Action]:
    return [
        D.state.set(_S.UNKNOWN.value),
        D.fence.set(D.fence + 1),
        D.owner.set(operation.owner),
        D.last.set(reason.value),
        D.error.set(rows.problem_column(operation.problem)),
        D.next_at.set(operation.now),
        D.lease_until.remove(),
        *_timer(operation, operation.now),
    ]


def _fail(reason: Reason, operation: FailUnsent | RecordRejected | SettleReturned) -> list[Action]:
    return [
        D.state.set(_S.FAILED.value),
        D.owner.set(operation.owner),
        D.last.set(reason.value),
        D.error.set(rows.problem_column(operation.problem)),
        *_ENDS,
    ]


def _publication_actions(publication: Publication) -> tuple[Action, ...]:
    url = D.post_url.remove() if publication.url is None else D.post_url.set(publication.url)
    return D.post_id.set(publication.id), url


def _end_badly(operation: RecordDeferred | RecordUnknown | RecordRejected, outcome: AttemptOutcome) -> Write:
    """Build the end of an attempt that did not publish, or that nobody saw publish."""
    actions = [AttemptItem.reason.set(operation.reason.value), AttemptItem.detail.set(operation.problem.detail)]
    return _end(operation, operation.fence, outcome, actions)


def _end(operation: DeliveryOperation, fence: int, outcome: AttemptOutcome, actions: Sequence[Action]) -> Write:
    """Build the end of an attempt: once, and only of one that was begun."""
    ended = [AttemptItem.ended_at.set(operation.now), AttemptItem.outcome.set(outcome.value), *actions]
    row = rows.attempt_key(operation.message_id, operation.delivery_id, fence)
    return writes.update(row, ended, AttemptItem.PK.exists() & AttemptItem.ended_at.does_not_exist())
