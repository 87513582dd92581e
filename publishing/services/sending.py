"""Send one delivery: claim, prepare, commit mark, one visible call."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.contract import Channel, Payload, Prepared
from publishing.domain.account import Account, AccountStatus, Destination, Hold
from publishing.domain.attempt import Attempt
from publishing.domain.content import Severity
from publishing.domain.delivery import Delivery
from publishing.domain.errors import CredentialError, UnavailableError
from publishing.domain.media import MEDIA_LIMIT
from publishing.domain.operations import (
    Applied,
    ClaimDelivery,
    CommitDelivery,
    EnterDoubt,
    FailUnsent,
    NotApplied,
    SaveHandle,
    WriteResult,
)
from publishing.domain.outcome import Deferred, Outcome, Problem, Reason, Rejected
from publishing.services import sentences
from publishing.services.job import Done, Job, has_time, new_owner, open_credential, submission_of
from publishing.services.recording import record
from publishing.services.steps import Apply, HoldAccount, Prepare, Publish, ReadClock, Reading, ReadLane, Steps
from publishing.store.accounts import Lane

log = logging.getLogger(__name__)

#: How often the commit mark is tried while the table is out of reach. A mark that was set without our knowing would
#: leave doubt about a call that was never made.
_COMMIT_TRIES: Final = 3
#: More steps than any channel needs to prepare: two for each image of a full message, and some.
_PREPARE_LIMIT: Final = 2 * MEDIA_LIMIT + 5
#: Reasons that hold for all of an account's deliveries.
_LIMITED: Final = frozenset({Reason.RATE, Reason.QUOTA})


def send(job: Job) -> Steps[Done]:
    """Claim the delivery and make one attempt at it."""
    lane: Lane = yield ReadLane(account_id=job.delivery.account_id)
    if lane.is_stopped:
        return "stopped", True
    if job.channel is None or lane.account is None or lane.account.status is AccountStatus.DISCONNECTED:
        return (yield from _give_up(job, Reason.DESTINATION))
    if lane.account.status is AccountStatus.PAUSED:
        return "paused", True
    if lane.account.status is AccountStatus.BLOCKED:
        return (yield from _give_up(job, Reason.DESTINATION, problem=lane.account.problem))
    claimed = yield from _claim(job)
    if isinstance(claimed, str):
        return claimed, claimed != "no_time"
    job = replace(job, delivery=claimed[0], credential_version=lane.credential_version)
    return (yield from _attempt_or_wait(job, lane, lane.account, claimed[1])), True


def _attempt_or_wait(job: Job, lane: Lane, account: Account, claimed_at: datetime) -> Steps[str]:
    """Make an attempt, unless another delivery met the platform's limit: asking now would only meet it again."""
    hold = lane.hold
    if hold is None or claimed_at >= hold.until:
        return (yield from _attempt(job, lane, account, claimed_at))
    held = Deferred(reason=hold.reason, detail=hold.detail, not_before=hold.until)
    return (yield from record(job, account, held, is_committed=False))


def _give_up(job: Job, reason: Reason, *, problem: Problem | None = None) -> Steps[Done]:
    """End a delivery whose account is gone or blocked; one in doubt is looked up instead, as far as that goes."""
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    operation = EnterDoubt if delivery.maybe_sent else FailUnsent
    yield Apply(
        operation=operation(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=new_owner(job.random),
            now=reading.now,
            gen=delivery.gen,
            reason=reason,
            problem=problem or sentences.problem(reason, channel=job.channel_name, retryable=True),
        )
    )
    return "gave_up", True


def _claim(job: Job) -> Steps[tuple[Delivery, datetime] | str]:
    reading: Reading = yield ReadClock()
    if not has_time(job.timing, reading):
        return "no_time"
    lease = min(reading.remaining, job.timing.lease_cap) + job.timing.lease_margin
    delivery = job.delivery
    result: WriteResult = yield Apply(
        operation=ClaimDelivery(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=new_owner(job.random),
            now=reading.now,
            gen=delivery.gen,
            leased_until=reading.now + lease,
        )
    )
    if isinstance(result, NotApplied) or result.delivery is None:
        return "claim_lost"
    return result.delivery, reading.now


def _attempt(job: Job, lane: Lane, account: Account, claimed_at: datetime) -> Steps[str]:
    """Prepare, set the commit mark, make the visible call, record what came of it."""
    prepared = yield from _prepare(job, lane, account)
    if not isinstance(prepared, tuple):
        return (yield from record(job, account, prepared, is_committed=False))
    payload, destination = prepared
    if job.channel is not None and job.channel.needs_preparing(payload):
        ready = yield from _put_in_place(job, payload, destination)
        if ready is None:
            return "prepare_lost"
        if isinstance(ready, (Deferred, Rejected)):
            what = yield from record(job, account, ready, is_committed=False)
            yield from _hold(job, ready)
            return what
        payload = ready
    reading: Reading = yield ReadClock()
    if not has_time(job.timing, reading):
        return (yield from record(job, account, _deferred(Reason.NO_TIME, job), is_committed=False))
    committed = yield from _commit(job, payload, claimed_at, reading.now)
    if not isinstance(committed, Applied):
        # Cancelled, or taken over: whoever won goes on from here.
        return "commit_lost"
    _log_lateness(job, reading.now)
    job = replace(job, delivery=replace(job.delivery, commit_at=reading.now, maybe_before=job.delivery.maybe_sent))
    outcome = yield from _call(job, payload, destination)
    what = yield from record(job, account, outcome, is_committed=True)
    yield from _hold(job, outcome)
    return what


def _hold(job: Job, outcome: Outcome) -> Steps[None]:
    """Make the account's other deliveries wait as well, when its platform named a time before which it takes nothing.

    After the outcome is recorded, which matters more: without the hold, another delivery meets the limit itself.
    """
    if not isinstance(outcome, Deferred) or outcome.not_before is None or outcome.reason not in _LIMITED:
        return
    reading: Reading = yield ReadClock()
    # A platform that names a time beyond all reason is asked again within the time that a delivery has.
    until = min(outcome.not_before, reading.now + job.timing.give_up)
    hold = Hold(until=until, reason=outcome.reason, detail=outcome.detail)
    if until <= reading.now:
        return
    try:
        yield HoldAccount(account_id=job.delivery.account_id, hold=hold)
    except UnavailableError:
        log.warning("account.not_held", exc_info=True)


def _log_lateness(job: Job, committed_at: datetime) -> None:
    """Log how long after its due time a delivery reached its first commit mark; an alarm reads `late_ms`.

    Not of later attempts, and not of what waited for a person or a quota: those are late by intention.
    """
    if job.delivery.first_commit_at is None and job.delivery.parked_since is None:
        late = max(committed_at - job.due, timedelta(0))
        log.info("delivery.committed", extra={"late_ms": late // timedelta(milliseconds=1)})


def _call(job: Job, payload: Payload, destination: Destination) -> Steps[Outcome]:
    """Make the visible call, unless setting the commit mark took long: it must end before anybody repeats or looks."""
    reading: Reading = yield ReadClock()
    committed = job.delivery.commit_at or reading.now
    is_late = reading.now > committed + job.timing.key_gap - job.timing.call
    if is_late or reading.remaining < job.timing.call:
        return _deferred(Reason.NO_TIME, job)
    outcome: Outcome = yield Publish(kind=job.delivery.channel, payload=payload, destination=destination)
    return outcome


def _prepare(job: Job, lane: Lane, account: Account) -> Steps[tuple[Payload, Destination] | Deferred | Rejected]:
    """Do what can be repeated: open the credential, check the content, build the payload."""
    if job.channel is None:
        return _deferred(Reason.INTERNAL, job)
    try:
        credential = yield from open_credential(job.channel, lane)
    except CredentialError:
        return _deferred(Reason.CREDENTIAL, job)
    refused = _refusal(job.channel, job, account)
    if refused is not None:
        return refused
    payload = job.channel.build(submission_of(job), account)
    if job.is_probe and payload.sha() != job.delivery.payload_sha:
        return _not_identical(job)
    return payload, Destination(account=account, credential=credential)


def _put_in_place(job: Job, payload: Payload, destination: Destination) -> Steps[Payload | Deferred | Rejected | None]:
    """Do, step by step, what has to be at the platform before the visible call; None when somebody took the delivery.

    What each step left is stored (O8) before the next one, so that another attempt goes on where this one stopped.
    """
    delivery = job.delivery
    payload = replace(payload, handle=delivery.handle)
    for _ in range(_PREPARE_LIMIT):
        reading: Reading = yield ReadClock()
        # What follows, commit mark and call, must still fit into the lease.
        ends = (delivery.leased_until or reading.now) - job.timing.lease_margin
        if reading.now + job.timing.call > ends or not has_time(job.timing, reading):
            return _deferred(Reason.NO_TIME, job)
        step: Prepared | Deferred | Rejected = yield Prepare(
            kind=delivery.channel, payload=payload, destination=destination
        )
        if isinstance(step, (Deferred, Rejected)):
            return step
        if step.handle != payload.handle:
            if job.is_probe:
                return _not_identical(job)
            reading = yield ReadClock()
            saved: WriteResult = yield Apply(
                operation=SaveHandle(
                    message_id=delivery.message_id, delivery_id=delivery.id, owner=delivery.owner or "",
                    now=reading.now, fence=delivery.fence, handle=step.handle,
                )
            )  # fmt: skip
            if not isinstance(saved, Applied):
                return None
        payload = replace(payload, handle=step.handle)
        if step.is_complete:
            return payload
    return _deferred(Reason.INTERNAL, job)


def _not_identical(job: Job) -> Rejected:
    """Refuse to probe with anything but the very request in doubt: the platform would take another for a new post."""
    detail = f"What {job.channel_name} would be sent now is not what it was sent before, so it was not sent again."
    return Rejected(reason=Reason.CONTENT, detail=detail)


def _deferred(reason: Reason, job: Job) -> Deferred:
    return Deferred(reason=reason, detail=sentences.problem(reason, channel=job.channel_name, retryable=True).detail)


def _refusal(channel: Channel, job: Job, account: Account) -> Rejected | None:
    """Return the refusal of a content that the platform would certainly not take, so that it is not asked."""
    problems = channel.problems(job.message.content_for(job.delivery.channel), account)
    severe = [problem.detail for problem in problems if problem.severity is Severity.PROBLEM]
    return Rejected(reason=Reason.CONTENT, detail=" ".join(severe)) if severe else None


def _commit(job: Job, payload: Payload, claimed_at: datetime, now: datetime) -> Steps[WriteResult | None]:
    delivery = job.delivery
    attempt = Attempt(
        message_id=delivery.message_id, delivery_id=delivery.id, gen=delivery.gen, fence=delivery.fence,
        started_at=now, text=payload.text, payload_sha=payload.sha(), claimed_at=claimed_at,
    )  # fmt: skip
    operation = CommitDelivery(
        message_id=delivery.message_id, delivery_id=delivery.id, owner=delivery.owner or "", now=now,
        account_id=delivery.account_id, attempt=attempt, is_probe=job.is_probe,
    )  # fmt: skip
    for turn in range(_COMMIT_TRIES):
        try:
            result: WriteResult = yield Apply(operation=operation)
        except UnavailableError:
            if turn == _COMMIT_TRIES - 1:
                raise
        else:
            return result
    return None
