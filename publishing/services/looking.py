"""Look for evidence about a delivery in doubt, and record what it means."""

import logging
from datetime import timedelta
from typing import Final, assert_never

from publishing.channels.base.contract import Trace
from publishing.domain import decision
from publishing.domain.account import Destination
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import CredentialError
from publishing.domain.message import MessageStatus
from publishing.domain.operations import LookAgain, SettleAbsent, SettleUnconfirmed
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Problem, Reason, Undecidable
from publishing.domain.retry import next_try
from publishing.services.job import Done, Job, has_time, new_owner, open_credential, submission_of
from publishing.services.recording import succeed
from publishing.services.steps import (
    Apply,
    ListPublishedIds,
    LookUpPublication,
    NoteCredential,
    ReadClock,
    Reading,
    ReadLane,
    Steps,
)
from publishing.store.accounts import Lane

log = logging.getLogger(__name__)

#: Other deliveries can own a post that looks like ours when their last call began no earlier than this before our
#: first: longer than any platform may carry out a request late, and any clock may differ.
_OTHERS_BEFORE: Final = timedelta(minutes=10)


def look_up(job: Job, *, policy: decision.Policy) -> Steps[Done]:
    """Search the platform for evidence about a delivery in doubt, and record what it means."""
    lane: Lane = yield ReadLane(account_id=job.delivery.account_id)
    reading: Reading = yield ReadClock()
    if not has_time(job.timing, reading):
        return "no_time", False
    finding = yield from _search(job, lane)
    if isinstance(finding, LookupFailed) and finding.reason is Reason.CREDENTIAL and lane.account is not None:
        problem = Problem(code=finding.reason.value, detail=finding.detail, retryable=True)
        yield NoteCredential(account=lane.account, version=lane.credential_version, problem=problem)
    yield from _settle(job, finding, policy)
    return f"looked_up_{type(finding).__name__.lower()}", True


def _search(job: Job, lane: Lane) -> Steps[Finding]:
    if job.channel is None or lane.account is None:
        return Undecidable(detail="The account is no longer connected, so nobody can look. Look for it yourself.")
    if not job.channel.can_look_up(lane.account):
        detail = f"{job.channel_name} offers no way to find out. Look for it there, then say whether it is there."
        return Undecidable(detail=detail)
    try:
        credential = yield from open_credential(job.channel, lane)
    except CredentialError:
        return LookupFailed(reason=Reason.CREDENTIAL, detail="The account's credential cannot be opened.")
    delivery = job.delivery
    try:
        payload = job.channel.build(submission_of(job), lane.account)
    except Exception:
        # A fault of ours must not hide the doubt for ever: it counts as a look-up that failed, and reaches a person.
        log.exception("delivery.payload_broke")
        return LookupFailed(reason=Reason.INTERNAL, detail="What was sent could not be built again.")
    first = delivery.first_commit_at or job.due
    known: frozenset[str] = yield ListPublishedIds(delivery=delivery, since=first - _OTHERS_BEFORE)
    trace = Trace(payload=payload, first_commit_at=first, handle=delivery.handle, known_ids=known)
    destination = Destination(account=lane.account, credential=credential)
    finding: Finding = yield LookUpPublication(kind=delivery.channel, trace=trace, destination=destination)
    return finding


def _settle(job: Job, finding: Finding, policy: decision.Policy) -> Steps[None]:
    match finding:
        case Found(publication=publication):
            yield from succeed(job, publication, fence=None)
        case Absent():
            yield from _settle_absent(job)
        case Undecidable(detail=detail):
            yield from _leave_to_person(job, detail)
        case LookupFailed():
            reading: Reading = yield ReadClock()
            if decision.leaves_to_person(job.message, job.delivery, reading.now, policy=policy):
                detail = f"{finding.detail} It could not be found out whether it was published; look for it yourself."
                yield from _leave_to_person(job, detail)
            else:
                yield from _look_again(job, finding)
        case _:
            assert_never(finding)


def _settle_absent(job: Job) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    state, problem, next_at = DeliveryState.RETRY, delivery.problem, None
    if job.message.status is MessageStatus.CANCELLING:
        state, problem = DeliveryState.CANCELLED, None
    elif decision.ends_when_absent(delivery.last):
        state = DeliveryState.FAILED
    else:
        next_at = next_try(
            now=reading.now, due=job.due, attempts=delivery.attempts, not_before=None, timing=job.timing,
            random=job.random,
        )  # fmt: skip
    yield Apply(
        operation=SettleAbsent(
            message_id=delivery.message_id, delivery_id=delivery.id, owner=new_owner(job.random), now=reading.now,
            fence=delivery.fence, state=state, problem=problem, next_at=next_at,
        )
    )  # fmt: skip


def _leave_to_person(job: Job, detail: str) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    yield Apply(
        operation=SettleUnconfirmed(
            message_id=delivery.message_id, delivery_id=delivery.id, owner=new_owner(job.random), now=reading.now,
            fence=delivery.fence, problem=Problem(code="unconfirmed", detail=detail, retryable=False),
        )
    )  # fmt: skip


def _look_again(job: Job, finding: LookupFailed) -> Steps[None]:
    reading: Reading = yield ReadClock()
    delivery = job.delivery
    next_at = max(finding.not_before or reading.now, reading.now + job.timing.key_gap)
    yield Apply(
        operation=LookAgain(
            message_id=delivery.message_id, delivery_id=delivery.id, owner=new_owner(job.random), now=reading.now,
            fence=delivery.fence, next_at=next_at,
        )
    )  # fmt: skip
