"""Access patterns: which query of the table answers which list, and how far one page may look. Never a scan."""

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

#: Sorts behind every other character, in UTF-8 too.
HIGH: Final = "\U0010ffff"
#: Rows that one request examines where not every row is shown; a request ends at 1 MB in any case.
_EXAMINED: Final = 500
#: Rows that are read in full at once: what one BatchGetItem takes.
_COMPLETED: Final = 100


class UnsupportedLookupError(ValueError):
    """No access pattern answers this. The list begins anew without it; nothing falls back to a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The partitions that a list is spread over, in the order of their sort keys: one for each month, say."""

    names: Sequence[str]
    #: Position of the one where a list without bounds begins, when the last ones come first.
    front: int = -1

    def first(self) -> int:
        """Return the front's position, counted from the beginning."""
        return self.front if self.front >= 0 else len(self.names) + self.front


@dataclass(frozen=True, kw_only=True)
class Access:
    """One query by which a model can be listed.

    Sort keys must be unique in a partition (end them with the id), for they are what pages continue at.
    """

    #: The partition's key, with the fields that a lookup must give by equality: `USER#{owner_id}`. `{part}` stands for
    #: one of `parts`.
    partition: str
    #: Name of the index; None for the table itself.
    index: str | None = None
    #: The model's field in whose order the sort key is.
    sort: str | None = None
    #: What every sort key of this list begins with; it may name fields as `partition` does.
    prefix: str = ""
    #: Whether the last come first unless somebody asks otherwise.
    descending: bool = True
    parts: Callable[[], Parts] | None = None
    #: The name of the part that a value of the sort field is in.
    part_of: Callable[[Any], str] = str
    #: A value of the sort field as sort keys have it.
    token: Callable[[Any], str] = str
    #: Whether the index lacks something that lists show: rows then are read in full, a hundred at once.
    complete: bool = False

    @cached_property
    def needs(self) -> frozenset[str]:
        """Names of the fields that must be given by equality."""
        names = {name for _, name, _, _ in string.Formatter().parse(self.partition + self.prefix) if name}
        return frozenset(names - {"part"})


@dataclass(slots=True)
class Budget:
    """How many queries one page may make."""

    queries: int = 3
    spent: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether there is none left."""
        return self.spent >= self.queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page begins: in which partition, and behind which sort key; None for the partition's beginning."""

    partition: str
    key: str | None = None
    #: Whether the row with the key belongs to the page.
    inclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What walking a list came to."""

    items: list[Any]
    #: Where it goes on; None when there is no more.
    end: Position | None = None
    #: Whether the budget ended the walk and not the page.
    is_cut: bool = False
    #: Where the first row is.
    begin: Position | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A list as it will be read: partitions in ascending order, bounds of the sort key, direction, filter."""

    item: Any
    access: Access
    partitions: Sequence[str]
    #: Position of the partition where a descending walk begins.
    front: int
    low: str
    high: str
    descending: bool
    #: Whether a row is one that was asked for; None when all of them are.
    matches: Callable[[Any], bool] | None = None
    #: Reads rows in full, in the order given.
    complete: Callable[[Sequence[Any]], list[Any]] = field(default=list)

    @property
    def sort_attribute(self) -> str:
        """Name of the sort key's attribute."""
        return str(self._range().attr_name)

    def key_of(self, item: Any) -> str:
        """Return the sort key of a row."""
        return str(getattr(item, self.sort_attribute))

    @property
    def beginning(self) -> Position | None:
        """Where the first page begins; None when there is no partition at all."""
        if not self.partitions:
            return None
        return Position(partition=self.partitions[self.front if self.descending else 0])

    @property
    def has_before(self) -> bool:
        """Whether there are partitions before the first page's."""
        return self.descending and self.front < len(self.partitions) - 1

    def walk(self, start: Position | None, *, wanted: int, budget: Budget, backwards: bool = False) -> Found:
        """Read so many rows from a position on, partition by partition, within the budget.

        Backwards means against the list's direction; rows come in the order of the walk. Raises UnsupportedLookupError
        for a position that is not in this list.
        """
        descending = self.descending is not backwards
        found: list[tuple[Any, Position]] = []
        for here in self._order(start, descending=descending):
            at: Position | None = here
            while at is not None:
                if len(found) == wanted or budget.is_spent:
                    # Whether there is more behind a full page is found out by who goes there.
                    return _found(found, end=at, is_cut=len(found) < wanted)
                rows, at = self._query(at, wanted=wanted - len(found), descending=descending, budget=budget)
                places = [Position(partition=here.partition, key=self.key_of(row)) for row in rows]
                found += zip(rows, places, strict=True)
                if len(found) > wanted:
                    return _found(found[:wanted], end=found[wanted - 1][1])
        return _found(found)

    def _order(self, start: Position | None, *, descending: bool) -> Iterator[Position]:
        """Yield where to begin in each partition of the walk."""
        if start is None:
            return
        if start.partition not in self.partitions:
            raise UnsupportedLookupError("The page does not belong to this list.")
        position = self.partitions.index(start.partition)
        rest = self.partitions[:position][::-1] if descending else self.partitions[position + 1 :]
        yield start
        yield from (Position(partition=partition) for partition in rest)

    def _query(
        self, at: Position, *, wanted: int, descending: bool, budget: Budget
    ) -> tuple[list[Any], Position | None]:
        """Make one query; return the rows that match, and where to go on in the same partition."""
        low, high = self._bounds(at, descending=descending)
        if low > high:
            return [], None
        budget.spent += 1
        condition = self._range().between(low, high)
        result = self.item.query(
            at.partition, condition, index_name=self.access.index, scan_index_forward=not descending,
            page_size=self._size(wanted),
        )  # fmt: skip
        page = next(result.page_iter)
        rows = [self.item.from_raw_data(raw) for raw in page["Items"]]
        if not at.inclusive:
            rows = [row for row in rows if self.key_of(row) != at.key]
        if self.access.complete:
            rows = self.complete(rows)
        last = result.page_iter.last_evaluated_key
        more = (
            None
            if last is None
            else Position(partition=at.partition, key=next(iter(last[self.sort_attribute].values())))
        )
        return [row for row in rows if self.matches is None or self.matches(row)], more

    def _range(self) -> Any:
        if self.access.index is None:
            attributes = self.item.get_attributes()
        else:
            attributes = self.item._indexes[self.access.index].Meta.attributes
        return next(attribute for attribute in attributes.values() if attribute.is_range_key)

    def _bounds(self, at: Position, *, descending: bool) -> tuple[str, str]:
        if at.key is None:
            return self.low, self.high
        return (self.low, min(self.high, at.key)) if descending else (max(self.low, at.key), self.high)

    def _size(self, wanted: int) -> int:
        if self.access.complete:
            return _COMPLETED
        # One more than is shown tells whether there are more, and one is the row that the page begins behind.
        return wanted + 2 if self.matches is None else _EXAMINED


def _found(rows: Sequence[tuple[Any, Position]], *, end: Position | None = None, is_cut: bool = False) -> Found:
    begin = rows[0][1] if rows else None
    return Found(items=[row for row, _ in rows], end=end, is_cut=is_cut, begin=begin)


def bounds(access: Access, equal: Mapping[str, Any], lookups: Sequence[tuple[str, str, Any]]) -> tuple[str, str]:
    """Return the lowest and the highest sort key that lookups of the sort field allow."""
    prefix = access.prefix.format(**equal)
    low, high = prefix or " ", prefix + HIGH
    for name, op, value in lookups:
        if name != access.sort or op not in _BOUNDING:
            continue
        token = prefix + access.token(value)
        if op in {"gte", "exact", "startswith"}:
            low = max(low, token)
        if op == "gt":
            low = max(low, token + HIGH)
        if op == "lt":
            high = min(high, token)
        if op in {"lte", "exact", "startswith"}:
            high = min(high, token + HIGH)
    return low, high


_BOUNDING: Final = frozenset({"exact", "startswith", "gt", "gte", "lt", "lte"})


def partitions(
    access: Access, equal: Mapping[str, Any], lookups: Sequence[tuple[str, str, Any]]
) -> tuple[list[str], int]:
    """Return the keys of the partitions that a list is in, ascending, and the position of the front."""
    if access.parts is None:
        return [access.partition.format(**equal)], 0
    parts = access.parts()
    front = parts.names[parts.first()] if parts.names else ""
    limits = [(op, access.part_of(value)) for name, op, value in lookups if name == access.sort and op in _BOUNDING]
    names = [name for name in parts.names if all(_allows(op, limit, name) for op, limit in limits)]
    if not names:
        return [], 0
    # Who names an upper bound begins there, wherever the front is.
    bounded = any(op in {"lt", "lte", "exact", "startswith"} for op, _ in limits)
    at = len(names) - 1 if bounded or front not in names else names.index(front)
    return [access.partition.format(part=name, **equal) for name in names], at


def _allows(op: str, limit: str, name: str) -> bool:
    match op:
        case "gt" | "gte":
            return name >= limit
        case "lt" | "lte":
            return name <= limit
        case _:
            return name == limit
