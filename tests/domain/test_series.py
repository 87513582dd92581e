"""Series: dates by the calendar, moments by the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.ids import is_id
from publishing.domain.series import (
    Frequency,
    Occurrence,
    Rule,
    SeriesStatus,
    WallClock,
    Weekday,
    moment_of,
    occurrence_id,
    occurrences,
    series_problems,
    shown_by_clocks,
)
from tests.builders import NOW, build_rule, build_series

MANY_DATES = frozenset(date(2027, 1, 1) + timedelta(days=number) for number in range(101))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/Santiago",
     "Africa/Casablanca", "Pacific/Apia"]
)  # fmt: skip
DATES = st.dates(date(2005, 1, 1), date(2035, 12, 31))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def dates(rule: Rule, number: int = 6) -> list[str]:
    return [each.on.isoformat() for each in islice(occurrences(rule, after=LONG_AGO), number)]


def local(each: Occurrence, zone: str) -> str:
    return each.at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


class TestARule:
    def test_names_every_day(self):
        assert dates(build_rule(), 3) == ["2026-12-01", "2026-12-02", "2026-12-03"]

    def test_names_weekdays_from_its_first_date_on(self):
        weekly = build_rule(frequency=Frequency.WEEKLY, weekdays=frozenset({Weekday.MONDAY, Weekday.THURSDAY}))

        assert dates(weekly, 4) == ["2026-12-03", "2026-12-07", "2026-12-10", "2026-12-14"]

    def test_names_the_last_day_where_a_month_is_shorter(self):
        monthly = build_rule(frequency=Frequency.MONTHLY, month_day=31)

        assert dates(monthly, 4) == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]

    def test_does_not_name_a_day_of_its_first_month_that_is_past(self):
        assert dates(build_rule(frequency=Frequency.MONTHLY, month_day=1, starts_on=date(2026, 12, 2)), 1) == [
            "2027-01-01"
        ]

    @pytest.mark.parametrize(
        ("day", "expected"),
        [(29, ["2028-02-29", "2028-03-29"]), (30, ["2028-02-29", "2028-03-30"]), (31, ["2028-02-29", "2028-03-31"])],
    )
    def test_knows_the_29th_of_february(self, day: int, expected: list[str]):
        monthly = build_rule(frequency=Frequency.MONTHLY, month_day=day, starts_on=date(2028, 2, 1))

        assert dates(monthly, 2) == expected
        assert dates(build_rule(starts_on=date(2028, 2, 29)), 2) == ["2028-02-29", "2028-03-01"]

    def test_ends_after_its_last_date_or_its_count(self):
        assert dates(build_rule(ends_on=date(2026, 12, 2))) == ["2026-12-01", "2026-12-02"]
        assert dates(build_rule(count=3)) == ["2026-12-01", "2026-12-02", "2026-12-03"]

    def test_counts_exceptions_and_has_no_occurrence_there(self):
        assert dates(build_rule(count=3, exceptions=frozenset({date(2026, 12, 2)}))) == ["2026-12-01", "2026-12-03"]

    def test_is_looked_at_between_two_moments(self):
        after = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
        found = list(occurrences(build_rule(), after=after, until=after + timedelta(days=2)))

        assert [each.on.day for each in found] == [3, 4]


class TestAWallTime:
    def test_stays_when_clocks_change(self):
        weekly = build_rule(
            frequency=Frequency.WEEKLY, weekdays=frozenset({Weekday.SUNDAY}), starts_on=date(2027, 3, 21)
        )

        found = list(islice(occurrences(weekly, after=LONG_AGO), 3))

        assert [local(each, "Europe/Berlin") for each in found] == ["09:00"] * 3
        assert [each.at.hour for each in found] == [8, 7, 7]

    def test_stays_when_clocks_change_back(self):
        weekly = build_rule(
            frequency=Frequency.WEEKLY, weekdays=frozenset({Weekday.SUNDAY}), starts_on=date(2027, 10, 24)
        )

        found = list(islice(occurrences(weekly, after=LONG_AGO), 3))

        assert [local(each, "Europe/Berlin") for each in found] == ["09:00"] * 3
        assert [each.at.hour for each in found] == [7, 8, 8]

    @pytest.mark.parametrize(
        ("starts_on", "at", "expected"),
        [
            (date(2027, 3, 27), time(2, 30), [WallClock.ONCE, WallClock.NEVER, WallClock.ONCE]),
            (date(2027, 10, 30), time(2, 30), [WallClock.ONCE, WallClock.TWICE, WallClock.ONCE]),
            (date(2027, 3, 27), time(9), [WallClock.ONCE] * 3),
            # The first moment after the gap is on the wall.
            (date(2027, 3, 27), time(3), [WallClock.ONCE] * 3),
        ],
    )
    def test_is_shown_once_never_or_twice(self, starts_on: date, at: time, expected: list[WallClock]):
        rule = build_rule(starts_on=starts_on, at=at, count=3)

        assert [shown_by_clocks(each, rule) for each in occurrences(rule, after=LONG_AGO)] == expected

    def test_in_a_gap_is_the_first_moment_after_it(self):
        moment = moment_of(date(2027, 3, 28), time(2, 30), "Europe/Berlin")

        assert moment == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
        assert moment.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") == "03:00"

    def test_in_a_gap_of_half_an_hour_too(self):
        moment = moment_of(date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe")

        assert moment.astimezone(ZoneInfo("Australia/Lord_Howe")).strftime("%H:%M") == "02:30"

    def test_that_happens_twice_is_the_first_one(self):
        assert moment_of(date(2026, 10, 25), time(2, 30), "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    @given(on=DATES, at=TIMES, zone=ZONES)
    def test_is_on_the_wall_unless_it_is_in_a_gap(self, on: date, at: time, zone: str):
        wall = datetime.combine(on, at)

        shown = moment_of(on, at, zone).astimezone(ZoneInfo(zone))

        if shown.replace(tzinfo=None) != wall:
            # Nothing that the wall shows lies between: a second earlier, it shows a time before the one that was given.
            before = (shown.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
            assert before.replace(tzinfo=None) < wall < shown.replace(tzinfo=None)

    @given(on=DATES, at=TIMES, zone=ZONES)
    def test_is_never_later_than_its_other_reading(self, on: date, at: time, zone: str):
        other = datetime.combine(on, at).replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)

        moment = moment_of(on, at, zone)

        assert moment <= other or moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != datetime.combine(on, at)

    @given(start=DATES, at=TIMES, zone=ZONES, days=st.sets(st.sampled_from(Weekday), min_size=1))
    def test_of_a_weekly_series_is_on_its_weekdays_and_in_order(self, start: date, at: time, zone: str, days: Any):
        rule = build_rule(frequency=Frequency.WEEKLY, weekdays=frozenset(days), starts_on=start, at=at, zone=zone)

        found = list(islice(occurrences(rule, after=datetime(1990, 1, 1, tzinfo=UTC)), 20))

        assert len(found) == 20
        assert all(tuple(Weekday)[each.on.weekday()] in days and each.on >= start for each in found)
        assert all(one.at < other.at and one.index < other.index for one, other in pairwise(found))


class TestAnId:
    def test_follows_from_series_and_date_and_not_from_the_time(self):
        on = date(2026, 12, 1)
        morning, evening = (Occurrence(on=on, at=datetime(2026, 12, 1, hour, tzinfo=UTC)) for hour in (8, 20))
        next_day = Occurrence(on=date(2026, 12, 2), at=NOW)

        assert occurrence_id("S", morning) == occurrence_id("S", evening)
        assert is_id(occurrence_id("S", morning))
        assert len({occurrence_id(series, each) for series in "ST" for each in (morning, next_day)}) == 4


class TestASeries:
    def test_makes_its_next_message_a_while_before(self):
        series = build_series(rule=build_rule(starts_on=date(2026, 12, 20)))
        week = timedelta(days=7)

        assert series.make_at(NOW, week) == datetime(2026, 12, 13, 8, 0, tzinfo=UTC)
        assert series.make_at(NOW + timedelta(days=15), week) == NOW + timedelta(days=15)

    @pytest.mark.parametrize("status", sorted(set(SeriesStatus) - {SeriesStatus.ACTIVE}))
    def test_that_rests_makes_none(self, status: SeriesStatus):
        assert build_series(status=status).make_at(NOW, timedelta(days=7)) is None

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"name": " "}, "/name"),
            ({"name": "n" * 101}, "/name"),
            ({"rule": build_rule(zone="Mars/Base")}, "/rule/zone"),
            ({"rule": build_rule(zone="../etc/passwd")}, "/rule/zone"),
            ({"rule": build_rule(frequency=Frequency.WEEKLY)}, "/rule/weekdays"),
            ({"rule": build_rule(weekdays=frozenset({Weekday.MONDAY}))}, "/rule/weekdays"),
            ({"rule": build_rule(frequency=Frequency.MONTHLY)}, "/rule/month_day"),
            ({"rule": build_rule(month_day=3)}, "/rule/month_day"),
            ({"rule": build_rule(frequency=Frequency.MONTHLY, month_day=32)}, "/rule/month_day"),
            ({"rule": build_rule(count=1_001)}, "/rule/count"),
            ({"rule": build_rule(starts_on=date(1999, 1, 1))}, "/rule/starts_on"),
            ({"rule": build_rule(ends_on=date(2026, 11, 30))}, "/rule/ends_on"),
            ({"rule": build_rule(starts_on=date(2026, 1, 1), ends_on=date(2026, 11, 30))}, "/rule"),
            ({"rule": build_rule(exceptions=MANY_DATES)}, "/rule/exceptions"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong_with_it(self, fields: dict[str, Any], pointer: str):
        problems = list(series_problems(build_series(**fields), now=NOW))

        assert [problem.pointer for problem in problems] == [pointer]
        assert all(problem.detail.endswith(".") for problem in problems)

    def test_may_be_right(self):
        assert not list(series_problems(build_series(), now=NOW))
