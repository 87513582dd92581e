"""Evolutions of the table: the one place that scans, the conditional changes, and how far each of them is.

Nobody else scans, and no function's role may: this runs with an operator's own rights.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.evolutions import EVOLUTIONS, Changes, Evolution
from publishing.items.evolutions.evolution import Row
from publishing.items.records import EvolutionItem, SegmentItem
from publishing.store import writes
from publishing.store.errors import ConditionFailedError, ContentionError
from publishing.store.reads import get_all, query
from publishing.store.writes import Write

__all__ = ["EVOLUTIONS", "Evolution", "Page", "Progress", "Segment", "evolve_row", "scan"]

#: Reads of one row that others keep changing, before it is left to the next run.
_TRIES: Final = 5
_KEYS: Final = ("PK", "SK", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """How far one part of the table is."""

    number: int
    #: None before the first page, and after the last one.
    last_key: tuple[str, str] | None = None
    seen: int = 0
    changed: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an evolution is."""

    segments: tuple[Segment, ...]
    started_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of one request, where the next one begins, and the capacity units that it took."""

    rows: tuple[Row, ...]
    last_key: tuple[str, str] | None
    units: float


def scan(evolution: Evolution, segment: Segment, *, segments: int, limit: int) -> Page:
    """Return the next page of a segment's rows; most of them are filtered out by their kind."""
    names = (*_KEYS, *evolution.reads)
    arguments: dict[str, Any] = {
        "TableName": TableItem.Meta.table_name,
        "Segment": segment.number,
        "TotalSegments": segments,
        "Limit": limit,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
        "FilterExpression": "#kind = :kind",
        "ProjectionExpression": ", ".join(_place(name) for name in names),
        "ExpressionAttributeNames": {_place(name): name for name in names},
        "ExpressionAttributeValues": {":kind": {"S": evolution.kind}},
    }
    if segment.last_key is not None:
        arguments["ExclusiveStartKey"] = _key(segment.last_key)
    answer = writes.dispatch("Scan", arguments)
    last = answer.get("LastEvaluatedKey")
    return Page(
        rows=tuple(answer.get("Items", ())),
        last_key=None if last is None else (last["PK"]["S"], last["SK"]["S"]),
        units=_units(answer),
    )


def evolve_row(evolution: Evolution, row: Row, *, is_dry: bool) -> tuple[bool, float]:
    """Change one row unless it needs no change; return whether it was (or would be) changed, and the units used.

    A row that somebody changes meanwhile is read and judged again. One that never holds still raises ContentionError.
    """
    units = 0.0
    found: Row | None = row
    for _ in range(_TRIES):
        if found is None:
            return False, units
        changes = evolution.change(found, _companion(evolution, found))
        if changes is None or is_dry:
            return changes is not None, units
        try:
            return True, units + _units(writes.dispatch("UpdateItem", _update(evolution, found, changes)))
        except (ConditionFailedError, ContentionError):
            found, used = _read_again(evolution, found)
            units += used
    raise ContentionError


def _update(evolution: Evolution, row: Row, changes: Changes) -> dict[str, Any]:
    """Build an update that holds only while everything that was read is as it was."""
    values: dict[str, Any] = {}
    conditions = []
    for name in ("kind", *evolution.reads):
        if name in row:
            values[f":was_{name}"] = row[name]
            conditions.append(f"{_place(name)} = :was_{name}")
        else:
            conditions.append(f"attribute_not_exists({_place(name)})")
    parts = []
    if changes.sets:
        values |= {f":to_{name}": value for name, value in changes.sets.items()}
        parts.append("SET " + ", ".join(f"{_place(name)} = :to_{name}" for name in changes.sets))
    if changes.removes:
        parts.append("REMOVE " + ", ".join(_place(name) for name in changes.removes))
    return {
        "TableName": TableItem.Meta.table_name,
        "Key": {"PK": row["PK"], "SK": row["SK"]},
        "UpdateExpression": " ".join(parts),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {_place(name): name for name in ("kind", *evolution.reads)},
        "ExpressionAttributeValues": values,
        "ReturnConsumedCapacity": "TOTAL",
    }


def _companion(evolution: Evolution, row: Row) -> Row | None:
    wanted = evolution.companion(row)
    return None if wanted is None else _get(wanted)[0]


def _read_again(evolution: Evolution, row: Row) -> tuple[Row | None, float]:
    found, units = _get((str(row["PK"]["S"]), str(row["SK"]["S"])))
    if found is None or found.get("kind") != row["kind"]:
        return None, units
    return {name: found[name] for name in (*_KEYS, *evolution.reads) if name in found}, units


def _get(key: tuple[str, str]) -> tuple[Row | None, float]:
    answer = writes.dispatch(
        "GetItem",
        {
            "TableName": TableItem.Meta.table_name,
            "Key": _key(key),
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        },
    )
    return answer.get("Item"), _units(answer)


def _place(name: str) -> str:
    return f"#{name}"


def _key(pair: tuple[str, str]) -> Mapping[str, Mapping[str, str]]:
    return {"PK": {"S": pair[0]}, "SK": {"S": pair[1]}}


def _units(answer: Mapping[str, Any]) -> float:
    return float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0))


# --- progress --------------------------------------------------------------------------------------------------------


def begin(evolution_id: str, *, segments: int, now: datetime) -> Progress:
    """Note that an evolution begins, or return how far an earlier run came, cut as that one cut the table."""
    head = EvolutionItem(keys.evolution(evolution_id), keys.METADATA)
    head.segments, head.started_at = segments, now
    try:
        writes.run(writes.put_new(head))
    except ConditionFailedError:
        found = find(evolution_id)
        assert found is not None  # noqa: S101 - the condition failed because it is there, and nobody deletes it
        return found
    return Progress(segments=tuple(Segment(number=number) for number in range(segments)), started_at=now)


def find(evolution_id: str) -> Progress | None:
    """Return how far an evolution is; None when it was never begun."""
    rows = list(query(TableItem, keys.evolution(evolution_id), consistent_read=True))
    head = next((row for row in rows if isinstance(row, EvolutionItem)), None)
    if head is None:
        return None
    noted = {row.SK: row for row in rows if isinstance(row, SegmentItem)}
    every = (_segment(number, noted.get(keys.segment(number))) for number in range(int(head.segments)))
    return Progress(segments=tuple(every), started_at=head.started_at, done_at=head.done_at)


def list_done(evolution_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these evolutions that are done; one request."""
    wanted = {(keys.evolution(each), keys.METADATA): each for each in evolution_ids}
    heads = get_all(EvolutionItem, sorted(wanted)) if wanted else ()
    return frozenset(wanted[head.PK, head.SK] for head in heads if head.done_at is not None)


def note(evolution_id: str, segment: Segment) -> None:
    """Keep how far a segment is. Two runs at once may set it back, which repeats work and changes nothing."""
    item = SegmentItem(keys.evolution(evolution_id), keys.segment(segment.number))
    item.last_key = None if segment.last_key is None else list(segment.last_key)
    item.seen, item.changed, item.is_done = segment.seen, segment.changed, segment.is_done
    writes.run(writes.put(item))


def finish(evolution_id: str, *, changed: int, now: datetime) -> Write:
    """Build the note that an evolution is done."""
    head = EvolutionItem(keys.evolution(evolution_id), keys.METADATA)
    actions = [EvolutionItem.done_at.set(now), EvolutionItem.changed.set(changed)]
    return writes.update(head, actions, EvolutionItem.PK.exists() & EvolutionItem.done_at.does_not_exist())


def _segment(number: int, item: SegmentItem | None) -> Segment:
    fresh = Segment(number=number)
    if item is None:
        return fresh
    last: list[str] | None = item.last_key
    return replace(
        fresh,
        last_key=None if last is None else (last[0], last[1]),
        seen=int(item.seen),
        changed=int(item.changed),
        is_done=bool(item.is_done),
    )
