"""What is due: GSI2, asked through the low-level client because it holds keys only.

The index lags behind the table; its rows are suggestions, and the kick's condition on the base item decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from publishing import table
from publishing.items import keys
from publishing.items.attributes import read_instant, write_instant
from publishing.items.base import TableItem
from publishing.store.writes import dispatch

#: Sorts behind every moment.
_END: Final = "~"

#: Later than any moment that is stored.
_ALWAYS: Final = datetime(9999, 12, 31, tzinfo=UTC)
_PARTITION, _SORT = table.index_keys(table.TIMERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One row of the timers' index."""

    message_id: str
    #: None for a message's own timer.
    delivery_id: str | None
    at: datetime
    #: Of a series' timer, which names no message.
    series_id: str | None = None


def list_scheduled(until: datetime, *, limit: int) -> tuple[Timer, ...]:
    """Return messages that are due by then, and series whose next message is to be made, the earliest first."""
    return _due(keys.SCHEDULED, until, limit)


def list_stalled(until: datetime, *, limit: int) -> tuple[Timer, ...]:
    """Return messages under way whose watchdog has run out by then."""
    return _due(keys.PUBLISHING, until, limit)


def list_waiting(until: datetime, *, limit: int) -> tuple[Timer, ...]:
    """Return deliveries whose waiting time is over by then."""
    return _due(keys.WAITING, until, limit)


def iterate_all() -> Iterator[Timer]:
    """Yield every timer there is, whenever it is due, partition by partition."""
    for status in (keys.SCHEDULED, keys.PUBLISHING, keys.WAITING):
        for partition in keys.timers(status, TableItem.Meta.timer_shards):
            start: dict[str, object] = {}
            while True:
                answer = dispatch("Query", {**_asked(partition, _END), **start})
                yield from _timers(answer)
                if "LastEvaluatedKey" not in answer:
                    break
                start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def list_in_review(*, limit: int) -> tuple[Timer, ...]:
    """Return messages that wait for an approver, the longest waiting first."""
    return _due(keys.IN_REVIEW, _ALWAYS, limit)


def _due(status: str, until: datetime, limit: int) -> tuple[Timer, ...]:
    found: list[Timer] = []
    for partition in keys.timers(status, TableItem.Meta.timer_shards):
        found.extend(_partition(partition, until, limit))
    return tuple(sorted(found, key=lambda timer: timer.at)[:limit])


def _partition(partition: str, until: datetime, limit: int) -> Iterator[Timer]:
    return _timers(dispatch("Query", {**_asked(partition, write_instant(until)), "Limit": limit}))


def _asked(partition: str, until: str) -> dict[str, object]:
    return {
        "TableName": TableItem.Meta.table_name,
        "IndexName": table.TIMERS,
        "KeyConditionExpression": "#partition = :partition AND #sort <= :until",
        "ExpressionAttributeNames": {"#partition": _PARTITION, "#sort": _SORT},
        "ExpressionAttributeValues": {":partition": {"S": partition}, ":until": {"S": until}},
    }


def _timers(answer: Mapping[str, Any]) -> Iterator[Timer]:
    for row in answer.get("Items", ()):
        sort = row[table.SORT_KEY]["S"]
        partition_key = row[table.PARTITION_KEY]["S"]
        is_series = partition_key.startswith(keys.SERIES_PREFIX)
        yield Timer(
            message_id="" if is_series else keys.message_id_of(partition_key),
            series_id=partition_key.removeprefix(keys.SERIES_PREFIX) if is_series else None,
            delivery_id=None if sort == keys.METADATA else keys.delivery_id_of(sort),
            at=read_instant(row[_SORT]["S"]),
        )
