"""The messages of series, made by schedulers that meet, across changes of clocks, ends of months and leap years."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publishing.domain.account import Account
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.domain.series import (
    Frequency,
    Occurrence,
    Series,
    SeriesStatus,
    Weekday,
    occurrence_id,
)
from publishing.services.making import make_occurrences
from publishing.store import accounts, messages, writes
from publishing.store import series as stored
from publishing.store.errors import ConditionFailedError
from tests.builders import build_message, build_rule, build_series

pytestmark = pytest.mark.usefixtures("table")

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LONG = timedelta(days=60)
BERLIN = "Europe/Berlin"
SUNDAYS = {"frequency": Frequency.WEEKLY, "weekdays": frozenset({Weekday.SUNDAY})}
SCHEDULERS = 4


def put_series(*, start: date, now: datetime, **rule: Any) -> Series:
    """Put a series that repeats a draft to one account, begun at a moment."""
    account = Account(
        id="HOOK", channel="webhook", name="Hook", base_url="https://hook.test/", created_at=now, updated_at=now
    )
    writes.run(accounts.put_account(account))
    model = build_message(
        id="MODEL", owner="alice", status=MessageStatus.DRAFT, text="Good morning", scheduled_at=None, variants={},
        targets=build_targets([(account.id, account.channel)]), created_at=now, updated_at=now,
    )  # fmt: skip
    series = build_series(
        id="SERIES", message_id=model.id, rule=build_rule(starts_on=start, **rule), created_at=now, updated_at=now
    )
    writes.run(messages.put_message(model))
    writes.run(stored.put_series(series, make_at=now))
    return series


def make(now: datetime, *, horizon: timedelta = LONG, review_on: bool = False) -> int:
    """Let the scheduler make what is due, tick by tick, until there is no more."""
    made = 0
    while fresh := make_occurrences(series_id="SERIES", now=now, horizon=horizon, review_on=review_on):
        made += fresh
    return made


def made_on(*days: date) -> list[Message]:
    """The messages of these dates, in their order."""
    ids = [occurrence_id("SERIES", Occurrence(on=day, at=datetime.now(UTC))) for day in days]
    found = messages.find_heads(ids)
    return [found[each] for each in ids if each in found]


def walls(made: list[Message]) -> list[str]:
    return [f"{each.scheduled_at.astimezone(ZoneInfo(BERLIN)):%d %H:%M}" for each in made if each.scheduled_at]


def utc(made: list[Message]) -> list[str]:
    return [f"{each.scheduled_at:%d %H:%M}" for each in made if each.scheduled_at]


class TestAcrossAChangeOfClocks:
    @pytest.mark.parametrize(
        ("sundays", "expected"),
        [
            ([date(2027, 3, 21), date(2027, 3, 28), date(2027, 4, 4)], ["21 08:00", "28 07:00", "04 07:00"]),
            ([date(2027, 10, 24), date(2027, 10, 31), date(2027, 11, 7)], ["24 07:00", "31 08:00", "07 08:00"]),
        ],
        ids=["forward", "back"],
    )
    def test_a_weekly_post_stays_at_nine(self, sundays: list[date], expected: list[str]):
        now = datetime.combine(sundays[0] - timedelta(days=1), time(), UTC)
        put_series(start=sundays[0], now=now, count=3, **SUNDAYS)

        make(now)

        made = made_on(*sundays)
        assert [wall[3:] for wall in walls(made)] == ["09:00"] * 3
        assert utc(made) == expected
        assert [each.wall_time for each in made] == [f"{day}T09:00:00" for day in sundays]

    def test_a_time_that_the_clock_jumps_over_goes_out_right_after_and_is_on_time_again_the_next_day(self):
        days = [date(2027, 3, day) for day in (27, 28, 29)]
        now = datetime(2027, 3, 26, tzinfo=UTC)
        put_series(start=days[0], now=now, at=time(2, 30), count=3)

        make(now)

        assert walls(made_on(*days)) == ["27 02:30", "28 03:00", "29 02:30"]

    def test_a_time_that_the_clock_shows_twice_goes_out_once(self):
        days = [date(2027, 10, day) for day in (30, 31)]
        now = datetime(2027, 10, 29, tzinfo=UTC)
        put_series(start=days[0], now=now, at=time(2, 30), count=2)

        assert make(now) == 2

        assert utc(made_on(*days)) == ["30 00:30", "31 00:30"]


class TestAMonthlyPost:
    def test_is_there_in_months_without_a_31st(self):
        days = [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
        now = datetime(2027, 1, 1, tzinfo=UTC)
        put_series(start=now.date(), now=now, frequency=Frequency.MONTHLY, month_day=31, count=4)

        assert make(now, horizon=timedelta(days=200)) == 4

        assert walls(made_on(*days)) == ["31 09:00", "28 09:00", "31 09:00", "30 09:00"]

    @pytest.mark.parametrize(("year", "last"), [(2027, 28), (2028, 29)])
    @pytest.mark.parametrize("day", [29, 30, 31])
    def test_knows_leap_years(self, year: int, last: int, day: int):
        now = datetime(year, 2, 1, tzinfo=UTC)
        put_series(start=now.date(), now=now, frequency=Frequency.MONTHLY, month_day=day, count=1)

        assert make(now) == 1

        assert [each.wall_time for each in made_on(date(year, 2, last))] == [f"{year}-02-{last}T09:00:00"]

    def test_is_there_on_a_leap_day_of_a_daily_one(self):
        days = [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]
        now = datetime(2028, 2, 27, tzinfo=UTC)
        put_series(start=days[0], now=now, count=3)

        make(now)

        assert walls(made_on(*days)) == ["28 09:00", "29 09:00", "01 09:00"]


class TestTheEnd:
    @pytest.mark.parametrize("end", [{"count": 3}, {"ends_on": date(2027, 1, 3)}])
    def test_comes_after_the_last_date_and_nothing_is_made_then(self, end: dict[str, Any]):
        now = datetime(2026, 12, 31, tzinfo=UTC)
        put_series(start=date(2027, 1, 1), now=now, **end)

        assert make(now) == 3

        ended = stored.get_series("SERIES")
        assert (ended.status, ended.made_until) == (SeriesStatus.ENDED, date(2027, 1, 3))
        assert make(now + WEEK) == 0
        assert made_on(date(2027, 1, 4)) == []

    def test_by_hand_makes_nothing_more(self):
        now = datetime(2026, 12, 31, tzinfo=UTC)
        series = put_series(start=date(2027, 1, 1), now=now)
        ended = replace(series, status=SeriesStatus.ENDED, rev=2)
        writes.run(stored.change_series(ended, read=series, make_at=None))

        assert make(now) == 0


class TestSchedulersThatMeet:
    def test_make_each_message_once(self):
        now = datetime(2027, 1, 1, tzinfo=UTC)
        put_series(start=date(2027, 1, 2), now=now, ends_on=date(2027, 1, 8))
        days = [date(2027, 1, 2) + number * DAY for number in range(7)]

        counts = at_once(lambda: make_occurrences(series_id="SERIES", now=now, horizon=8 * DAY, review_on=False))

        made = made_on(*days)
        # Some made them, others found them; together they made each once, whoever was first.
        assert sum(counts) == len(made) == 7
        assert {each.rev for each in made} == {1}
        assert stored.get_series("SERIES").made_until == days[-1]
        assert make(now, horizon=8 * DAY) == 0

    def test_leave_one_that_is_ended_meanwhile_as_it_is(self):
        now = datetime(2027, 1, 1, tzinfo=UTC)
        series = put_series(start=date(2027, 1, 2), now=now)
        ended = replace(series, status=SeriesStatus.ENDED, rev=2)

        def end() -> int:
            writes.run(stored.change_series(ended, read=series, make_at=None))
            return 0

        try:
            at_once(end, lambda: make_occurrences(series_id="SERIES", now=now, horizon=8 * DAY, review_on=False))
        except ConditionFailedError:
            # The scheduler noted how far it got before the person ended it: they are told to look again.
            assert stored.get_series("SERIES").status is SeriesStatus.ACTIVE
        else:
            assert stored.get_series("SERIES").status is SeriesStatus.ENDED


class TestReview:
    def test_gets_every_message_and_none_has_a_timer(self):
        now = datetime(2027, 1, 1, tzinfo=UTC)
        put_series(start=date(2027, 1, 2), now=now, count=2)

        make(now, review_on=True)

        made = made_on(date(2027, 1, 2), date(2027, 1, 3))
        assert {each.status for each in made} == {MessageStatus.IN_REVIEW}
        assert {each.approved_rev for each in made} == {None}
        assert [messages.get_message(each.id).deliveries for each in made] == [(), ()]


def at_once(*writers: Callable[[], int]) -> list[int]:
    """Start writers at the same moment, one of a kind several times; return what each of them got."""
    every = writers * (SCHEDULERS if len(writers) == 1 else 1)
    start = threading.Barrier(len(every))

    def run(writer: Callable[[], int]) -> int:
        start.wait(timeout=30)
        return writer()

    with ThreadPoolExecutor(max_workers=len(every)) as threads:
        return list(threads.map(run, every))
