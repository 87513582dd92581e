"""What Django's admin, its model forms and its formsets ask of a queryset, and nothing else.

It is no `QuerySet`: what they do not use does not exist here and raises AttributeError, so that no path can reach for
SQL unseen. Reading is one or a few queries of the table by a declared `Access`, or point reads by primary key.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.manager import BaseManager
from django.utils import timezone

from publishing.dynadmin.access import Access, Budget, Plan, UnsupportedLookupError, bounds, partitions

#: A lookup: the field's attribute name, the operator, the value.
Lookup = tuple[str, str, Any]

#: Queries that something other than a list may make: a choice among rows, an inline.
_QUERIES: Final = 3
#: Rows that something other than a list gets at most.
_ROWS: Final = 500


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda have, want: have is not None and compare(have, want)


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "exact": lambda have, want: have == want,
    "in": lambda have, want: have in want,
    "gt": _ordered(lambda have, want: have > want),
    "gte": _ordered(lambda have, want: have >= want),
    "lt": _ordered(lambda have, want: have < want),
    "lte": _ordered(lambda have, want: have <= want),
    "startswith": lambda have, want: str(have or "").startswith(want),
    "istartswith": lambda have, want: str(have or "").casefold().startswith(want.casefold()),
    "contains": lambda have, want: want in str(have or ""),
    "icontains": lambda have, want: want.casefold() in str(have or "").casefold(),
    "iexact": lambda have, want: str(have or "").casefold() == want.casefold(),
    "isnull": lambda have, want: (have is None) is want,
}


class DynamoQuerySet:
    """Rows of a model by lookups that are ANDed, in the order of an access pattern."""

    #: What the change list looks into.
    query = SimpleNamespace(select_related=False, order_by=(), distinct=False)
    db = "default"
    ordered = True
    totally_ordered = True
    _prefetch_related_lookups = ()

    def __init__(self, model: Any = None, query: Any = None, using: str | None = None, hints: Any = None) -> None:
        """Begin with all rows of a model."""
        self.model = model
        self.lookups: tuple[Lookup, ...] = ()
        self.anywhere: tuple[tuple[Lookup, ...], ...] = ()
        self.order: tuple[str, bool] | None = None
        self._is_none = False
        self._window = slice(None)
        self._rows: list[Any] | None = None

    # --- refining ----------------------------------------------------------------------------------------------------

    def all(self) -> "DynamoQuerySet":
        """Return a copy that reads anew."""
        made = copy.copy(self)
        made._rows = None
        return made

    def _clone(self) -> "DynamoQuerySet":
        return self.all()

    def using(self, alias: str | None) -> "DynamoQuerySet":
        """Return itself: there is one table."""
        del alias
        return self

    def select_related(self, *fields: str) -> "DynamoQuerySet":
        """Return itself: lists read what their rows refer to at once (`DynamoChangeList`)."""
        del fields
        return self

    def distinct(self, *fields: str) -> "DynamoQuerySet":
        """Return itself: no row comes twice."""
        del fields
        return self

    def none(self) -> "DynamoQuerySet":
        """Return nothing."""
        made = self.all()
        made._is_none = True
        return made

    def order_by(self, *fields: str) -> "DynamoQuerySet":
        """Prefer an order; which ones there are depends on the access patterns."""
        made = self.all()
        wanted = [name for name in fields if name.lstrip("-") not in {"pk", self.model._meta.pk.name}]
        made.order = (wanted[0].lstrip("-"), wanted[0].startswith("-")) if wanted else None
        return made

    def complex_filter(self, wanted: Any) -> "DynamoQuerySet":
        """Filter by a Q or by a dictionary of lookups."""
        return self.filter(wanted) if isinstance(wanted, Q) else self.filter(**wanted)

    def filter(self, *wanted: Q, **lookups: Any) -> "DynamoQuerySet":
        """Keep the rows for which every lookup holds. Raises UnsupportedLookupError, a ValueError."""
        made = self.all()
        for each in wanted:
            made = made._with(each)
        made.lookups += tuple(self._lookup(name, value) for name, value in lookups.items())
        return made

    def containing(self, names: Sequence[str], text: str) -> "DynamoQuerySet":
        """Keep the rows of which any of these lookups holds for a text: what a search does."""
        made = self.all()
        made.anywhere += (tuple(self._lookup(name, text) for name in names),)
        return made

    def _with(self, wanted: Q) -> "DynamoQuerySet":
        if wanted.negated or (wanted.connector != Q.AND and len(wanted.children) > 1):
            raise UnsupportedLookupError("Only lookups that are ANDed can be answered.")
        made = self
        for child in wanted.children:
            pair: Any = child
            made = made._with(child) if isinstance(child, Q) else made.filter(**{pair[0]: pair[1]})
        return made

    def _lookup(self, name: str, value: Any) -> Lookup:
        head, *rest = name.split(LOOKUP_SEP)
        try:
            found = self.model._meta.pk if head == "pk" else self.model._meta.get_field(head)
        except FieldDoesNotExist as error:
            raise UnsupportedLookupError(f"There is no field {head!r}.") from error
        if rest and found.remote_field and rest[0] in {"pk", found.target_field.name}:
            rest = rest[1:]
        op = rest[0] if rest else "exact"
        if len(rest) > 1 or op not in _OPERATORS:
            raise UnsupportedLookupError(f"The lookup {name!r} is not supported.")
        return found.attname, op, _value(found, op, value)

    # --- reading -----------------------------------------------------------------------------------------------------

    def ids(self) -> list[Any] | None:
        """Return the primary keys when these are what is asked for; the other lookups are checked on the rows."""
        name = self.model._meta.pk.attname
        for attname, op, value in self.lookups:
            if attname == name and op in {"exact", "in"}:
                return [value] if op == "exact" else list(dict.fromkeys(value))
        return [] if self._is_none else None

    def matches(self, row: Any) -> bool:
        """Tell whether every lookup holds for an instance."""
        return all(_holds(row, lookup) for lookup in self.lookups) and all(
            any(_holds(row, lookup) for lookup in group) for group in self.anywhere
        )

    def plan(self, *, strict: bool = False) -> Plan:
        """Return how to read the list. Strict: the order must be had. Raises UnsupportedLookupError."""
        model = self.model
        equal, is_possible = self._equal()
        access = self._choose(equal, strict=strict)
        # No key is empty, so that what belongs to an object without a key yet is nothing.
        is_possible = is_possible and all(equal[name] not in {None, ""} for name in access.needs)
        descending = self.order[1] if self.order and self.order[0] == access.sort else access.descending
        names, front = partitions(access, equal, self.lookups) if is_possible else ([], 0)
        low, high = bounds(access, equal, self.lookups)
        answered = {name for name, op, _ in self.lookups if op == "exact" and name in access.needs}
        is_filtered = bool(self.anywhere) or any(name not in answered | {access.sort} for name, _, _ in self.lookups)
        return Plan(
            item=model.item_class, access=access, partitions=names, front=front, low=low, high=high,
            descending=descending, complete=model.complete,
            matches=(lambda item: self.matches(model.from_item(item))) if is_filtered else None,
        )  # fmt: skip

    def _equal(self) -> tuple[dict[str, Any], bool]:
        """Return the values of fields that are given by equality, and whether they can all hold.

        A list that is limited to one owner stays so whatever a query string says: two owners at once have no rows.
        """
        equal: dict[str, Any] = {}
        is_possible = not self._is_none
        for name, op, value in self.lookups:
            if op == "exact":
                is_possible = is_possible and equal.setdefault(name, value) == value
        return equal, is_possible

    def _choose(self, equal: dict[str, Any], *, strict: bool) -> Access:
        patterns: tuple[Access, ...] = self.model.access_patterns
        possible = [access for access in patterns if access.needs <= equal.keys()]
        if not possible:
            raise UnsupportedLookupError(f"No access pattern of {self.model._meta.label} answers this.")
        # The one that answers most by its key; then the first that was declared.
        possible.sort(key=lambda access: -len(access.needs))
        ordered = [access for access in possible if self.order and access.sort == self.order[0]]
        if strict and self.order and not ordered:
            raise UnsupportedLookupError(f"{self.model._meta.label} has no list in this order.")
        return ordered[0] if strict and ordered else possible[0]

    def __iter__(self) -> Iterator[Any]:
        """Read at most once."""
        if self._rows is None:
            self._rows = list(islice(self._read(), self._window.start, self._window.stop))
        return iter(self._rows)

    def _read(self) -> Iterator[Any]:
        ids = self.ids()
        if self._is_none or ids == []:
            return
        with self.model.reading():
            if ids is not None:
                yield from (row for row in self.model.read(ids) if self.matches(row))
                return
            wanted = _ROWS if self._window.stop is None else min(_ROWS, self._window.stop)
            plan = self.plan()
            found = plan.walk(plan.beginning, wanted=wanted, budget=Budget(queries=_QUERIES))
            yield from map(self.model.from_item, found.items)

    def iterator(self, chunk_size: int | None = None) -> Iterator[Any]:
        """Iterate, as anything does."""
        del chunk_size
        return iter(self)

    def __len__(self) -> int:
        """Return how many rows were read."""
        return len(list(iter(self)))

    def __bool__(self) -> bool:
        """Tell whether there is any row."""
        return self.exists()

    def __getitem__(self, key: int | slice) -> Any:
        """Return a row, or the rows of a slice."""
        if isinstance(key, int):
            return list(iter(self))[key]
        if self._rows is not None:
            return self._rows[key]
        made = self.all()
        made._window = key
        return made

    def exists(self) -> bool:
        """Tell whether there is any row."""
        return self.first() is not None

    def first(self) -> Any:
        """Return the first row, or None."""
        rows = self if self._rows is not None else self[:1]
        return next(iter(rows), None)

    def count(self) -> int:
        """Return how many rows there are, within what may be read at once. No list asks."""
        return len(self)

    def get(self, *wanted: Q, **lookups: Any) -> Any:
        """Return the one row. Raises the model's DoesNotExist or MultipleObjectsReturned."""
        rows = list(self.filter(*wanted, **lookups)[:2])
        if not rows:
            raise self.model.DoesNotExist("There is no such object.")
        if len(rows) > 1:
            raise self.model.MultipleObjectsReturned("There is more than one such object.")
        return rows[0]

    # --- date_hierarchy: from the declared parts, without a query ----------------------------------------------------

    def aggregate(self, **wanted: Any) -> dict[str, datetime | None]:
        """Return the earliest and the latest moment that a list can hold, as `date_hierarchy` asks for them."""
        name = next(iter(wanted.values())).source_expressions[0].name
        span = self._span(name)
        return {"first": span[0], "last": span[1]} if span else {"first": None, "last": None}

    def datetimes(self, name: str, kind: str) -> list[datetime]:
        """Return the years, months or days that a list can be drilled down to."""
        span = self._span(name)
        if span is None:
            return []
        low, high = _within(name, span, self.lookups)
        at = _floor(low, kind)
        found = []
        while at <= high:
            found.append(at)
            at = _next(at, kind)
        return found

    dates = datetimes

    def _span(self, name: str) -> tuple[datetime, datetime] | None:
        for access in self.model.access_patterns:
            if access.sort == name and access.parts is not None:
                names = access.parts().names
                return (_moment(names[0]), _end(names[-1])) if names else None
        return None


def _holds(row: Any, lookup: Lookup) -> bool:
    name, op, want = lookup
    return _OPERATORS[op](getattr(row, name), want)


def _value(found: Any, op: str, value: Any) -> Any:
    if op == "isnull":
        return value in {True, "1", "True", "true"}
    if op == "in":
        values = value.split(",") if isinstance(value, str) else value
        return [_clean(found, each) for each in values]
    if isinstance(value, (list, tuple)):
        value = value[-1]
    if isinstance(value, str) and op in {"contains", "icontains", "startswith", "istartswith", "iexact"}:
        return value
    return _clean(found, value)


def _clean(found: Any, value: Any) -> Any:
    if isinstance(value, Model):
        value = value.pk
    target = found.target_field if found.remote_field else found
    try:
        cleaned = target.to_python(value)
    except ValidationError as error:
        raise UnsupportedLookupError(f"{value!r} is no value of this field.") from error
    if isinstance(cleaned, datetime) and timezone.is_naive(cleaned):
        return timezone.make_aware(cleaned)
    return cleaned


def _moment(name: str) -> datetime:
    """Return the beginning of a part: `2026`, `2026-11` or `2026-11-22`."""
    year, month, day = (*(int(number) for number in name.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=timezone.get_current_timezone())


def _end(name: str) -> datetime:
    kind = ("year", "month", "day")[name.count("-")]
    return _next(_moment(name), kind) - timedelta(seconds=1)


def _floor(moment: datetime, kind: str) -> datetime:
    day: date = timezone.localtime(moment).date()
    day = day.replace(month=1, day=1) if kind == "year" else day.replace(day=1) if kind == "month" else day
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())


def _next(moment: datetime, kind: str) -> datetime:
    if kind == "year":
        return moment.replace(year=moment.year + 1)
    return _floor(moment + timedelta(days=32 if kind == "month" else 1), kind)


def _within(name: str, span: tuple[datetime, datetime], lookups: Sequence[Lookup]) -> tuple[datetime, datetime]:
    low, high = span
    for attname, op, value in lookups:
        if attname == name and op in {"gt", "gte"}:
            low = max(low, value)
        if attname == name and op in {"lt", "lte"}:
            high = min(high, value - timedelta(seconds=1))
    return low, high


#: Public methods of the queryset and those of every manager; `exclude`, `annotate`, `update` and others do not exist.
class DynamoManager(BaseManager.from_queryset(DynamoQuerySet)):  # type: ignore[misc]  # made at run time
    """The manager of every `DynamoModel`."""
