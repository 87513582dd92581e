"""Series in the table, and the writes by which their messages are made."""

from datetime import date, datetime, time
from typing import Any

from publishing.domain.errors import NotFoundError
from publishing.domain.roles import Role
from publishing.domain.series import Frequency, Rule, Series, SeriesStatus, Weekday
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.series import SeriesItem
from publishing.store import reads, rows, writes
from publishing.store.writes import Write

S = SeriesItem


def find_series(series_id: str) -> Series | None:
    """Return a series, strongly consistent, or None."""
    return next(iter(_read([series_id])), None)


def get_series(series_id: str) -> Series:
    """Return a series; raise NotFoundError when there is none."""
    found = find_series(series_id)
    if found is None:
        raise NotFoundError("There is no such series.")
    return found


def list_series() -> tuple[Series, ...]:
    """Return all series, by name."""
    ids = [item.id for item in reads.query(TableItem.by_month, keys.SERIES_LIST) if isinstance(item, SeriesItem)]
    found = {each.id: each for start in range(0, len(ids), 100) for each in _read(ids[start : start + 100])}
    return tuple(found[each] for each in ids if each in found)


def put_series(series: Series, *, make_at: datetime | None) -> Write:
    """Build the put of a new series; at `make_at` the scheduler makes its next message."""
    return writes.put_new(_item(series, make_at))


def change_series(series: Series, *, read: Series, make_at: datetime | None) -> Write:
    """Build the change of a series that neither a person nor the scheduler changed since it was read."""
    unmoved = (S.rev == read.rev) & (S.last_index == read.last_index) & (S.status == read.status.value)
    return writes.put(_item(series, make_at), unmoved)


def delete_series(read: Series) -> Write:
    """Build the delete of a series that nobody changed since it was read."""
    return writes.delete(_item(read, None), S.rev == read.rev)


def _read(ids: list[str]) -> list[Series]:
    raws = reads.batch_get([(keys.series(each), keys.METADATA) for each in ids]) if ids else []
    items = [TableItem.from_raw_data(raw) for raw in raws]
    return [series_of(item) for item in items if isinstance(item, SeriesItem)]


def series_of(item: SeriesItem) -> Series:
    """Return the series of a row."""
    return Series(
        id=item.id,
        owner=item.user_id,
        roles=frozenset(Role(word) for word in item.roles),
        name=item.name,
        message_id=item.message_id,
        rule=_rule(item.rule),
        status=SeriesStatus(item.status),
        problem=rows.problem(item.problem),
        last_index=int(item.last_index),
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def _item(series: Series, make_at: datetime | None) -> SeriesItem:
    item = SeriesItem(keys.series(series.id), keys.METADATA)
    item.id, item.user_id, item.name, item.message_id = series.id, series.owner, series.name, series.message_id
    item.roles, item.rule = sorted(role.value for role in series.roles), _rule_column(series.rule)
    item.status, item.problem = series.status.value, rows.problem_column(series.problem)
    item.last_index, item.rev = series.last_index, series.rev
    item.created_at, item.updated_at = series.created_at, series.updated_at
    item.GSI3PK, item.GSI3SK = keys.SERIES_LIST, f"{series.name.casefold()[:100]}#{series.id}"
    if make_at is not None:
        item.GSI2PK = keys.timer(keys.SCHEDULED, series.id, TableItem.Meta.timer_shards)
        item.GSI2SK = write_instant(make_at)
    return item


def _rule_column(rule: Rule) -> dict[str, object]:
    return {
        "frequency": rule.frequency.value,
        "at": rule.at.isoformat(),
        "zone": rule.zone,
        "starts_on": rule.starts_on.isoformat(),
        "ends_on": rule.ends_on.isoformat() if rule.ends_on else None,
        "count": rule.count,
        "weekdays": sorted(day.value for day in rule.weekdays),
        "month_day": rule.month_day,
        "exceptions": sorted(on.isoformat() for on in rule.exceptions),
    }


def _rule(column: Any) -> Rule:  # noqa: ANN401 - JSON, as pynamodb types it
    return Rule(
        frequency=Frequency(column["frequency"]),
        at=time.fromisoformat(column["at"]),
        zone=column["zone"],
        starts_on=date.fromisoformat(column["starts_on"]),
        ends_on=date.fromisoformat(column["ends_on"]) if column["ends_on"] else None,
        count=column["count"],
        weekdays=frozenset(Weekday(day) for day in column["weekdays"]),
        month_day=column["month_day"],
        exceptions=frozenset(date.fromisoformat(on) for on in column["exceptions"]),
    )
