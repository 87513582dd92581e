"""Reads for the desk's first page: at most three queries and one read of known keys, however much the table holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from publishing.domain.account import Account, Hold
from publishing.domain.delivery import Delivery
from publishing.domain.message import Message, MessageSummary
from publishing.items import keys
from publishing.items.account import AccountItem, RateItem
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.message import DeliveryItem, MessageItem
from publishing.items.records import StopSwitchItem
from publishing.store import account_rows, rows
from publishing.store.accounts import hold_of
from publishing.store.reads import batch_get, query

#: Rows of a month that are looked at.
ROWS: Final = 300
_LAST: Final = "\U0010ffff"
#: What one read of known keys may name.
KEYS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a read of known keys found."""

    messages: tuple[Message, ...]
    deliveries: tuple[Delivery, ...]
    holds: dict[str, Hold]
    is_stopped: bool


def list_account_summaries() -> tuple[Account, ...]:
    """Return all accounts as their list's index holds them, by channel, without settings and health; one query."""
    items = query(TableItem.by_month, keys.ACCOUNT_LIST)
    return tuple(account_rows.account(item) for item in items if isinstance(item, AccountItem))


def list_month(month: datetime, *, since: datetime, until: datetime, is_newest_first: bool) -> list[MessageSummary]:
    """Return messages of one month by due (else made) time, between two moments, at most `ROWS`; one query."""
    partition = keys.month(month)
    lower = write_instant(max(since, month.replace(day=1, hour=0, minute=0, second=0, microsecond=0)))
    upper = min(f"{write_instant(until)}{_LAST}", f"{month:%Y-%m}{_LAST}")
    if upper < lower:
        return []
    found = query(
        TableItem.by_month, partition, TableItem.GSI3SK.between(lower, upper),
        scan_index_forward=not is_newest_first, limit=ROWS,
    )  # fmt: skip
    return [rows.message_summary(item) for item in found if isinstance(item, MessageItem)]


def previous_month(now: datetime) -> datetime:
    """Return a moment in the month before."""
    return now.replace(day=1) - timedelta(days=1)


def read_details(*, message_ids: Sequence[str], accounts: Iterable[str], of: Iterable[MessageSummary]) -> Details:
    """Return messages, accounts' holds, the stop switch, and deliveries of messages, as many as one read can name."""
    wanted = [(keys.setting("dispatch"), keys.METADATA)]
    wanted += [(keys.message(each), keys.METADATA) for each in dict.fromkeys(message_ids)]
    wanted += [(keys.account(each), keys.RATE) for each in accounts]
    wanted += [(keys.message(row.id), keys.delivery(target.delivery_id)) for row in of for target in row.targets]
    items = [TableItem.from_raw_data(raw) for raw in batch_get(list(dict.fromkeys(wanted))[:KEYS])]
    return Details(
        messages=tuple(rows.message(item) for item in items if isinstance(item, MessageItem)),
        deliveries=tuple(rows.delivery(item) for item in items if isinstance(item, DeliveryItem)),
        holds={item.PK.removeprefix(keys.account("")): hold_of(item) for item in items if isinstance(item, RateItem)},
        is_stopped=any(isinstance(item, StopSwitchItem) and item.is_stopped for item in items),
    )
