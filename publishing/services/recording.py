"""Record what came of an attempt: each outcome has its operation, and doubt is never forgotten."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from publishing.domain import decision
from publishing.domain.account import Account, AccountStatus
from publishing.domain.errors import UnavailableError
from publishing.domain.operations import (
    DeliveryOperation,
    NotApplied,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    RecordUnknown,
    WriteResult,
)
from publishing.domain.outcome import Deferred, Outcome, Problem, Publication, Published, Reason, Rejected, Unknown
from publishing.domain.quota import Quota
from publishing.domain.retry import next_try
from publishing.services.job import Job
from publishing.services.steps import Apply, NoteCredential, ReadClock, Reading, Sleep, Steps

#: How often a result is recorded anew while the table is out of reach. A result that is not recorded becomes doubt,
#: and evidence of success cannot be made again.
_TRIES: Final = 5


def record(job: Job, account: Account, outcome: Outcome, *, is_committed: bool) -> Steps[str]:
    """Record the outcome of an attempt, before or after its commit mark; return a word for the log."""
    match outcome:
        case Published(publication=publication, quota=quota):
            yield from succeed(job, publication, fence=job.delivery.fence, quota=quota)
            if account.status is AccountStatus.NEEDS_REAUTH or account.problem is not None:
                yield NoteCredential(account=account, version=job.credential_version, problem=None)
            return "published"
        case Deferred():
            yield from _defer(job, account, outcome, is_committed=is_committed)
            return f"deferred_{outcome.reason.value}"
        case Rejected():
            if is_committed and _may_be_ours(job, outcome):
                return (yield from _recognise(job, account, outcome))
            yield from _reject(job, account, outcome, is_committed=is_committed)
            return f"rejected_{outcome.reason.value}"
        case Unknown():
            yield from _doubt(job, account, outcome.reason, outcome.detail)
            return f"unknown_{outcome.reason.value}"
        case _:
            assert_never(outcome)


def succeed(job: Job, publication: Publication, *, fence: int | None, quota: Quota | None = None) -> Steps[WriteResult]:
    """Record success."""
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    return (
        yield from _insist(
            RecordPublished(
                message_id=delivery.message_id,
                delivery_id=delivery.id,
                owner=delivery.owner or "",
                now=reading.now,
                gen=delivery.gen,
                publication=publication,
                fence=fence,
                quota=quota,
            )
        )
    )


def _insist(operation: DeliveryOperation) -> Steps[WriteResult]:
    """Record a result, again and again for some seconds while the table is out of reach; then UnavailableError."""
    for turn in range(_TRIES - 1):
        try:
            result: WriteResult = yield Apply(operation=operation)
        except UnavailableError:
            yield Sleep(duration=timedelta(seconds=0.5 * (turn + 1)))
        else:
            return result
    result = yield Apply(operation=operation)
    return result


def _defer(job: Job, account: Account, outcome: Deferred, *, is_committed: bool) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery, now = job.delivery, reading.now
    problem = Problem(code=outcome.reason.value, detail=outcome.detail, retryable=True)
    yield from _insist(
        RecordDeferred(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=delivery.owner or "",
            now=now,
            fence=delivery.fence,
            is_committed=is_committed,
            is_probe=is_committed and job.is_probe,
            reason=outcome.reason,
            problem=problem,
            next_at=_when(job, outcome, now),
            # Once parked, it has its own limit: the time that it waited must not make it expire when it goes on.
            parked_since=delivery.parked_since or (now if outcome.reason.is_parking else None),
        )
    )
    if outcome.reason is Reason.CREDENTIAL:
        yield NoteCredential(account=account, version=job.credential_version, problem=problem)


def _when(job: Job, outcome: Deferred, now: datetime) -> datetime:
    if outcome.reason is Reason.NO_TIME:
        return now
    if outcome.reason.is_parking:
        return max(outcome.not_before or now, now + job.timing.park_again)
    # A platform that names a time is asked again soon after it, however often it did so.
    names_time = outcome.reason is Reason.RATE and outcome.not_before is not None
    attempts = 0 if names_time else job.delivery.attempts + 1
    return next_try(
        now=now,
        due=job.due,
        attempts=attempts,
        not_before=outcome.not_before,
        timing=job.timing,
        random=job.random,
    )


def _may_be_ours(job: Job, outcome: Rejected) -> bool:
    """Tell whether what a platform has already may be of an earlier attempt: one in doubt, or thought absent."""
    return outcome.reason is Reason.DUPLICATE and (job.delivery.maybe_before or job.delivery.doubted)


def _recognise(job: Job, account: Account, outcome: Rejected) -> Steps[str]:
    """Take the refusal of a duplicate for evidence: of what it names, unless that can be looked up.

    Looking is better where it is possible: platforms also name posts that were deleted, or that a person made before.
    """
    can_look_up = job.channel is not None and job.channel.can_look_up(account)
    if outcome.publication is None or can_look_up:
        yield from _doubt(job, account, outcome.reason, outcome.detail)
        return "unknown_duplicate"
    yield from succeed(job, outcome.publication, fence=job.delivery.fence)
    return "published_before"


def _reject(job: Job, account: Account, outcome: Rejected, *, is_committed: bool) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    result = yield from _insist(
        RecordRejected(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=delivery.owner or "",
            now=reading.now,
            fence=delivery.fence,
            is_committed=is_committed,
            reason=outcome.reason,
            problem=Problem(code=outcome.reason.value, detail=outcome.detail, retryable=True),
        )
    )
    if not isinstance(result, NotApplied):
        return
    # A refusal now says nothing about an earlier attempt in doubt: look for that one, at once after a call, and before
    # one when the key's window is over. Until then the delivery waits instead of holding its lease to the end.
    if is_committed:
        yield from _doubt(job, account, outcome.reason, outcome.detail)
    elif delivery.maybe_sent:
        yield from _defer(job, account, Deferred(reason=outcome.reason, detail=outcome.detail), is_committed=False)


def _doubt(job: Job, account: Account, reason: Reason, detail: str) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    has_key = job.channel is not None and job.channel.key_window(account) is not None
    wait = job.timing.key_gap if has_key and not decision.ends_when_absent(reason) else job.timing.settle
    yield from _insist(
        RecordUnknown(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=delivery.owner or "",
            now=reading.now,
            fence=delivery.fence,
            reason=reason,
            problem=Problem(code=reason.value, detail=detail, retryable=False),
            next_at=(delivery.commit_at or reading.now) + wait,
        )
    )
