"""Lists of messages: by month for staff (GSI3), by owner for everybody (GSI1). The latest come first.

A cursor is the index's sort key (and month) of the last row that was looked at, as an exclusive bound. Filters run over
what the indexes project, within a bound on how much one request reads.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from publishing.domain.draft import MessageFilter, Page
from publishing.domain.message import MessageSummary
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.message import MessageItem
from publishing.store import rows
from publishing.store.reads import query

#: How many rows and months one request looks at, at most.
_ROWS: Final = 500
_MONTHS: Final = 26
#: Due times lie at most this far ahead; without a bound, a list looks this far ahead and as far back.
_SPAN: Final = timedelta(days=366)
#: Sorts behind everything that begins with a moment.
_LAST: Final = "\U0010ffff"


def list_by_month(*, wanted: MessageFilter, cursor: str | None, limit: int, now: datetime) -> Page[MessageSummary]:
    """Return a page of all messages by due (else made) time, month by month; one query a month."""
    until = wanted.until or now + _SPAN
    since = wanted.since or now - _SPAN
    upper = f"{write_instant(until)}#" if cursor is None else _checked(cursor)
    lower = write_instant(since)
    found: list[MessageSummary] = []
    looked, last = 0, upper
    if upper < lower:
        return Page(rows=())  # the table refuses a range that ends before it begins
    months = tuple(_months(upper[:7], lower[:7]))
    for month in months:
        condition = TableItem.GSI3SK.between(max(lower, month), min(upper, f"{month}{_LAST}"))
        partition = f"MONTH#MSG#{month}"
        for item in query(TableItem.by_month, partition, condition, scan_index_forward=False, page_size=limit + 1):
            if not isinstance(item, MessageItem) or cursor == item.GSI3SK:
                continue
            if len(found) == limit or looked >= _ROWS:
                return Page(rows=tuple(found), next_cursor=last)
            looked, last = looked + 1, item.GSI3SK
            found += _matching(item, wanted)
    if len(months) == _MONTHS and months[-1] > lower[:7]:
        # More months were asked for than one request looks at: the next page goes on before these.
        return Page(rows=tuple(found), next_cursor=f"{months[-1]}-01T00:00:00.000Z#")
    return Page(rows=tuple(found))


def list_owned(*, owner: str, wanted: MessageFilter, cursor: str | None, limit: int) -> Page[MessageSummary]:
    """Return a page of one user's messages, the newest first; one query."""
    if cursor is not None and not cursor.startswith("MSG#"):
        raise ValueError("The cursor is not of this list.")
    condition = TableItem.GSI1SK.startswith("MSG#") if cursor is None else TableItem.GSI1SK.between("MSG#", cursor)
    found: list[MessageSummary] = []
    looked, last = 0, ""
    owned = query(TableItem.by_owner, keys.user(owner), condition, scan_index_forward=False, page_size=limit + 1)
    for item in owned:
        if not isinstance(item, MessageItem) or cursor == item.GSI1SK:
            continue
        if len(found) == limit or looked >= _ROWS:
            return Page(rows=tuple(found), next_cursor=last)
        looked, last = looked + 1, item.GSI1SK
        found += _matching(item, wanted)
    return Page(rows=tuple(found))


def _matching(item: MessageItem, wanted: MessageFilter) -> Iterator[MessageSummary]:
    summary = rows.message_summary(item)
    at = summary.scheduled_at or summary.created_at
    matches = (
        (wanted.status is None or summary.status == wanted.status)
        and (wanted.channel is None or any(target.channel == wanted.channel for target in summary.targets))
        and (wanted.since is None or at >= wanted.since)
        and (wanted.until is None or at < wanted.until)
    )
    if matches:
        yield summary


def _months(latest: str, earliest: str) -> Iterator[str]:
    """Yield months (`2026-12`) from the latest back to the earliest, within the bound."""
    month = datetime(int(latest[:4]), int(latest[5:7]), 1, tzinfo=UTC)
    for _ in range(_MONTHS):
        text = f"{month:%Y-%m}"
        if text < earliest:
            return
        yield text
        month = (month - timedelta(days=1)).replace(day=1)


def _checked(cursor: str) -> str:
    try:
        datetime.fromisoformat(cursor.partition("#")[0])
    except ValueError:
        raise ValueError("The cursor is not of this list.") from None
    return cursor
