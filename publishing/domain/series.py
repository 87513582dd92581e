"""Series: messages that recur by the clock on the wall of some place. Pure; services make the messages.

A weekly post stays at 09:00 when clocks change. A wall time that clocks are put forward over becomes the first moment
after it; one that happens twice is taken the first time. There is at most one occurrence on a date, and its date is its
index: changing the time of a series never makes a second message for a day that has one.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count as numbers
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publishing.domain.content import has_lone_surrogate, is_blank
from publishing.domain.errors import FieldProblem
from publishing.domain.ids import derived_id
from publishing.domain.outcome import Problem
from publishing.domain.roles import Role

#: How long before it is due a message is made, unless told.
HORIZON: Final = timedelta(days=7)
NAME_LIMIT: Final = 100
COUNT_LIMIT: Final = 1_000
EXCEPTION_LIMIT: Final = 100
#: How many series there are at most, so that a list is one page.
SERIES_LIMIT: Final = 200


class Frequency(StrEnum):
    """How often a series recurs."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK: Final = tuple(Weekday)


class SeriesStatus(StrEnum):
    """Whether a series makes messages."""

    ACTIVE = "active"
    #: A person paused it.
    PAUSED = "paused"
    #: It cannot go on; its problem says why.
    STOPPED = "stopped"
    #: Its last occurrence was made.
    ENDED = "ended"


class WallClock(StrEnum):
    """How often the clock on the wall shows the time of a series on a date."""

    ONCE = "once"
    #: Clocks are put forward over it.
    NEVER = "never"
    #: Clocks are put back over it.
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a series recurs."""

    frequency: Frequency
    #: The time on the wall, without a zone.
    at: time
    #: An IANA zone.
    zone: str
    starts_on: date
    #: The last date, inclusive.
    ends_on: date | None = None
    #: How many dates the rule names, exceptions included.
    count: int | None = None
    #: Of a weekly series.
    weekdays: frozenset[Weekday] = frozenset()
    #: Of a monthly series; a shorter month has its last day instead.
    month_day: int | None = None
    #: Dates without an occurrence.
    exceptions: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One date of a series, and the moment that its wall time is there."""

    on: date
    at: datetime

    @property
    def index(self) -> int:
        """Its number, the same whatever else becomes of the rule."""
        return self.on.toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A message that recurs."""

    id: str
    #: Id of the user in whose name messages are made, and what they may.
    owner: str
    roles: frozenset[Role]
    name: str
    #: Id of the message whose words each occurrence takes over when it is made.
    message_id: str
    rule: Rule
    status: SeriesStatus = SeriesStatus.ACTIVE
    problem: Problem | None = None
    #: Index of the latest occurrence that was made or passed over; 0 for none.
    last_index: int = 0
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    def make_at(self, now: datetime, horizon: timedelta) -> datetime | None:
        """Return when its next message is to be made; None for a series that makes none."""
        if self.status is not SeriesStatus.ACTIVE:
            return None
        following = next(self.upcoming(now), None)
        return None if following is None else max(following.at - horizon, now)

    @property
    def made_until(self) -> date | None:
        """The latest date that a message was made for, or that was passed over; None before the first."""
        return date.fromordinal(self.last_index) if self.last_index else None

    def upcoming(self, now: datetime, *, until: datetime | None = None) -> Iterator[Occurrence]:
        """Yield what is still to be made: later than the latest that was, and than now."""
        return (each for each in occurrences(self.rule, after=now, until=until) if each.index > self.last_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDraft:
    """A series as somebody wants it; a change leaves alone what is None."""

    name: str | None = None
    message_id: str | None = None
    rule: Rule | None = None


def occurrences(rule: Rule, *, after: datetime, until: datetime | None = None) -> Iterator[Occurrence]:
    """Yield the occurrences after a moment and up to another one, in their order."""
    # No wall time is further from UTC than this; what is long past is not worth a look at the clock.
    earliest = after.date() - timedelta(days=2)
    for on in _dates(rule):
        if on < earliest:
            continue
        moment = moment_of(on, rule.at, rule.zone)
        if until is not None and moment > until:
            return
        if moment > after and on not in rule.exceptions:
            yield Occurrence(on=on, at=moment)


def moment_of(on: date, at: time, zone: str) -> datetime:
    """Return the moment of a wall time: the first of two, and after a gap the first that there is."""
    info = ZoneInfo(zone)
    wall = datetime.combine(on, at)
    first = wall.replace(tzinfo=info, fold=0).astimezone(UTC)
    if first.astimezone(info).replace(tzinfo=None) == wall:
        return first
    # In a gap. By the clock before it the moment lies after the change, by the clock after it before the change.
    early, late = wall.replace(tzinfo=info, fold=1).astimezone(UTC), first
    offset = late.astimezone(info).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(info).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


def shown_by_clocks(occurrence: Occurrence, rule: Rule) -> WallClock:
    """Return how often clocks show the rule's time on that date."""
    wall, info = datetime.combine(occurrence.on, rule.at), ZoneInfo(rule.zone)
    if occurrence.at.astimezone(info).replace(tzinfo=None) != wall:
        return WallClock.NEVER
    both = {wall.replace(tzinfo=info, fold=fold).utcoffset() for fold in (0, 1)}
    return WallClock.ONCE if len(both) == 1 else WallClock.TWICE


def occurrence_id(series_id: str, occurrence: Occurrence) -> str:
    """Return the id of an occurrence's message: always the same, so that it is made once."""
    midnight = datetime.combine(occurrence.on, time(), UTC)
    return derived_id(midnight, "series", series_id, str(occurrence.index))


def series_problems(series: Series, *, now: datetime) -> Iterator[FieldProblem]:
    """Yield what is wrong with a series, every field at once."""
    if is_blank(series.name) or not series.name.isprintable() or has_lone_surrogate(series.name):
        detail = "The name is empty, or holds characters that cannot be seen. Write one line of text."
        yield FieldProblem(pointer="/name", code="bad_name", detail=detail)
    elif len(series.name) > NAME_LIMIT:
        detail = f"The name has {len(series.name):,} characters; at most {NAME_LIMIT} are possible. Shorten it."
        yield FieldProblem(pointer="/name", code="too_long", detail=detail)
    problems = [*_rule_problems(series.rule)]
    yield from problems
    if not problems and next(series.upcoming(now), None) is None:
        detail = "The rule names no date that is still to come. Choose a later end, or another start."
        yield FieldProblem(pointer="/rule", code="past", detail=detail)


def _rule_problems(rule: Rule) -> Iterator[FieldProblem]:
    try:
        ZoneInfo(rule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        detail = f"{rule.zone[:40]!r} is no time zone. Give an IANA name such as Europe/Berlin."
        yield FieldProblem(pointer="/rule/zone", code="unknown_zone", detail=detail)
    yield from _weekday_problems(rule)
    yield from _month_day_problems(rule)
    yield from _range_problems(rule)


def _weekday_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.frequency is Frequency.WEEKLY and not rule.weekdays:
        detail = "A weekly series has weekdays. Choose at least one."
        yield FieldProblem(pointer="/rule/weekdays", code="weekdays", detail=detail)
    if rule.frequency is not Frequency.WEEKLY and rule.weekdays:
        detail = "Only a weekly series has weekdays. Remove them."
        yield FieldProblem(pointer="/rule/weekdays", code="weekdays", detail=detail)


def _month_day_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.frequency is Frequency.MONTHLY and rule.month_day is None:
        detail = "A monthly series has a day of the month. Choose one from 1 to 31."
        yield FieldProblem(pointer="/rule/month_day", code="month_day", detail=detail)
    elif rule.frequency is not Frequency.MONTHLY and rule.month_day is not None:
        detail = "Only a monthly series has a day of the month. Remove it."
        yield FieldProblem(pointer="/rule/month_day", code="month_day", detail=detail)
    elif rule.month_day is not None and not 1 <= rule.month_day <= 31:
        detail = "The day of the month is from 1 to 31; a shorter month has its last day instead."
        yield FieldProblem(pointer="/rule/month_day", code="out_of_range", detail=detail)


def _range_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.count is not None and not 1 <= rule.count <= COUNT_LIMIT:
        detail = f"The count is from 1 to {COUNT_LIMIT:,}. Leave it out for a series without an end."
        yield FieldProblem(pointer="/rule/count", code="out_of_range", detail=detail)
    if not 2000 <= rule.starts_on.year <= 2200:
        detail = "The first date is too far away. Choose one of this century or the next."
        yield FieldProblem(pointer="/rule/starts_on", code="out_of_range", detail=detail)
    if rule.ends_on is not None and rule.ends_on < rule.starts_on:
        detail = "The last date is before the first one. Choose a later one."
        yield FieldProblem(pointer="/rule/ends_on", code="out_of_range", detail=detail)
    if len(rule.exceptions) > EXCEPTION_LIMIT:
        detail = (
            f"There are {len(rule.exceptions)} exceptions; at most {EXCEPTION_LIMIT} are possible. Remove past ones."
        )
        yield FieldProblem(pointer="/rule/exceptions", code="too_many", detail=detail)


def _dates(rule: Rule) -> Iterator[date]:
    """Yield the dates that a rule names, exceptions included."""
    named = (on for on in _candidates(rule) if on >= rule.starts_on)
    for on in named if rule.count is None else islice(named, rule.count):
        if rule.ends_on is not None and on > rule.ends_on:
            return
        yield on


def _candidates(rule: Rule) -> Iterator[date]:
    if rule.frequency is Frequency.MONTHLY:
        yield from _month_days(rule.starts_on, rule.month_day or 1)
        return
    for offset in numbers():
        try:
            on = rule.starts_on + timedelta(days=offset)
        except OverflowError:
            return
        if rule.frequency is Frequency.DAILY or _WEEK[on.weekday()] in rule.weekdays:
            yield on


def _month_days(start: date, day: int) -> Iterator[date]:
    for offset in numbers(start.month - 1):
        year, month = start.year + offset // 12, offset % 12 + 1
        if year > date.max.year - 1:
            return
        yield date(year, month, min(day, calendar.monthrange(year, month)[1]))
