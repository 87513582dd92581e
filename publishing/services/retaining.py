"""Retention: remove messages that ended long ago, and old days of the audit log, where the operator configured it.

Evidence has no `ttl` from the start: a message that ended can be taken up again, and a row that the table deletes by
itself would be missing then. So it is removed by command, whole or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from publishing.adapters.audit_heads import HeadBucket
from publishing.domain.draft import MessageFilter
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import Action, Actor, demand
from publishing.services import auditing
from publishing.store import audit, lists, messages, retention
from publishing.store.audit import AuditRecord, Head

_PAGE: Final = 100
#: How far back is looked, with one small query a month.
_REACH: Final = timedelta(days=20 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedDay:
    """What became of a day of the audit log whose time is over."""

    day: str
    size: int
    #: Why it is kept all the same; None when it was removed, or would be.
    refusal: str | None = None


def is_over(status: MessageStatus, ended_at: datetime, *, before: datetime) -> bool:
    """Tell whether a message ended before a moment, with nothing left for anybody to do."""
    return status.is_final and status is not MessageStatus.NEEDS_ATTENTION and ended_at < before


def remove_messages(
    *, actor: Actor, kept_for: timedelta, limit: int, now: datetime, is_dry: bool = False
) -> Iterator[str]:
    """Remove messages that ended longer ago than this, with their evidence, at most `limit`; yield their ids.

    Drafts, what is scheduled or under way, and what needs somebody's attention are kept. One that is taken up again
    meanwhile is kept too. Raises UnavailableError; run it again then.
    """
    demand(actor, Action.STOP_DISPATCH)
    before = now - kept_for
    removed = 0
    for message_id in _candidates(before, now):
        if removed == limit:
            return
        found = messages.find_message(message_id)
        # The list is an index, which may be behind: what counts is the row.
        if found is None or not is_over(found.message.status, found.message.updated_at, before=before):
            continue
        facts = {"status": found.message.status.value, "ended": f"{found.message.updated_at:%Y-%m-%d}"}
        record = AuditRecord(
            actor=actor.recorded_as, action="message.expire", target=f"message:{message_id}", at=now, facts=facts
        )
        if is_dry or retention.remove_message(found, record):
            removed += 1
            yield message_id


def remove_days(
    *, actor: Actor, bucket: HeadBucket, kept_for: timedelta, now: datetime, is_dry: bool = False
) -> Iterator[RemovedDay]:
    """Remove days of the audit log that are older than this, each as a whole; tell of each what became of it.

    Only a day that is whole, and whose last head is in the bucket where nobody deletes it, is removed; that it was is
    entered among the days first. What a try that broke off left is removed by the next. Raises UnavailableError.
    """
    demand(actor, Action.STOP_DISPATCH)
    last = f"{(now - kept_for).astimezone(UTC):%Y-%m-%d}"
    gone = auditing.list_removed(actor=actor)
    for day in auditing.list_days(actor=actor):
        if day >= last:
            return
        if day in gone:
            if not is_dry:
                retention.remove_records(day)
            continue
        yield _remove_day(actor, bucket, day, now, is_dry=is_dry)


def _candidates(before: datetime, now: datetime) -> Iterator[str]:
    """Yield the ids of messages that lists show as over, the latest due first."""
    wanted = MessageFilter(since=before - _REACH, until=before)
    cursor: str | None = None
    while True:
        page = lists.list_by_month(wanted=wanted, cursor=cursor, limit=_PAGE, now=now)
        yield from (row.id for row in page.rows if is_over(row.status, row.updated_at, before=before))
        cursor = page.next_cursor
        if cursor is None:
            return


def _remove_day(actor: Actor, bucket: HeadBucket, day: str, now: datetime, *, is_dry: bool) -> RemovedDay:
    (verdict,) = auditing.verify(actor=actor, day=day)
    if verdict.problem is not None or not verdict.size:
        return RemovedDay(day=day, size=verdict.size, refusal=verdict.problem or "Its records are gone already.")
    head = Head(hash=verdict.head, size=verdict.size)
    if not any((kept.size, kept.hash) == (head.size, head.hash) for kept in bucket.heads(day)):
        return RemovedDay(day=day, size=head.size, refusal="Its last head is not in the bucket of audit heads.")
    facts: dict[str, str | int | bool] = {"head": head.hash, "size": head.size}
    record = AuditRecord(actor=actor.recorded_as, action=audit.REMOVED, target=f"day:{day}", at=now, facts=facts)
    if not is_dry:
        if not retention.mark_day_removed(day, head, record):
            return RemovedDay(day=day, size=head.size, refusal="It was changed just now.")
        retention.remove_records(day)
    return RemovedDay(day=day, size=head.size)
