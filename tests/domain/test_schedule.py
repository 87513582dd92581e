"""Due times: clock changes are answered, not guessed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.errors import InvalidError
from publishing.domain.schedule import Due, due_now, resolve_due
from tests.builders import NOW

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
    "Africa/Casablanca",
]

#: Wall times have no zone; that is what they are.
WALL_TIMES = st.datetimes(
    min_value=datetime.fromisoformat("2026-12-02"), max_value=datetime.fromisoformat("2027-11-29")
)


def resolve(at: str, zone: str | None = None, now: datetime = NOW) -> Due:
    return resolve_due(at=at, zone=zone, now=now)


def refusal(at: str, zone: str | None = None, now: datetime = NOW) -> tuple[str, str, str]:
    with pytest.raises(InvalidError) as error:
        resolve(at, zone, now)
    (problem,) = error.value.problems
    return problem.code, problem.pointer, problem.detail


class TestADueTime:
    @pytest.mark.parametrize(
        "at",
        ["2026-12-24T18:00:00Z", "2026-12-24T19:00:00+01:00", "2026-12-24T13:00:00-05:00", "2026-12-24T23:45+05:45"],
    )
    def test_with_an_offset_is_that_moment(self, at):
        assert resolve(at) == Due(at=datetime(2026, 12, 24, 18, tzinfo=UTC))

    def test_with_an_offset_and_a_zone_keeps_the_zone_to_be_shown_in(self):
        due = resolve("2026-12-24T18:00:00Z", "Europe/Berlin")

        assert (due.at.hour, due.zone, due.wall_time) == (18, "Europe/Berlin", None)

    def test_as_wall_time_keeps_what_was_typed(self):
        due = resolve("2026-12-24T19:00", "Europe/Berlin")

        assert due == Due(
            at=datetime(2026, 12, 24, 18, tzinfo=UTC), zone="Europe/Berlin", wall_time="2026-12-24T19:00:00"
        )

    def test_is_cut_to_milliseconds(self):
        assert resolve("2026-12-24T18:00:00.123987Z").at.microsecond == 123_000
        assert due_now(NOW.replace(microsecond=123_987)).at == NOW.replace(microsecond=123_000)

    @given(
        WALL_TIMES,
        st.sampled_from(ZONES),
    )
    def test_as_wall_time_shows_as_typed_in_its_zone(self, wall, zone):
        with suppress(InvalidError):  # around a clock change
            shown = resolve(wall.isoformat(), zone).at.astimezone(ZoneInfo(zone))

            assert shown.replace(tzinfo=None) == wall.replace(microsecond=wall.microsecond // 1000 * 1000)

    @given(WALL_TIMES, st.sampled_from(ZONES))
    def test_with_the_offset_of_its_zone_is_always_taken(self, moment, zone):
        at = moment.replace(tzinfo=UTC, microsecond=0)

        assert resolve(at.astimezone(ZoneInfo(zone)).isoformat()).at == at

    @given(st.text(max_size=40), st.none() | st.text(max_size=20))
    def test_of_any_text_is_refused_in_words(self, at, zone):
        with pytest.raises(InvalidError):
            resolve(at, zone)


class TestAClockChange:
    def test_forward_is_answered_with_the_times_around_the_gap(self):
        code, pointer, detail = refusal("2027-03-28T02:30:00", "Europe/Berlin")

        assert (code, pointer) == ("gap", "/schedule/at")
        assert detail.endswith("Choose 01:30 or 03:30.")

    def test_back_is_answered_with_both_offsets(self):
        code, pointer, detail = refusal("2027-10-31T02:30:00", "Europe/Berlin")

        assert (code, pointer) == ("fold", "/schedule/at")
        assert "2027-10-31T02:30:00+02:00 or 2027-10-31T02:30:00+01:00" in detail

    @pytest.mark.parametrize(("at", "hour"), [("2027-10-31T02:30:00+02:00", 0), ("2027-10-31T02:30:00+01:00", 1)])
    def test_back_is_settled_by_an_offset(self, at, hour):
        assert resolve(at, "Europe/Berlin").at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)

    def test_of_half_an_hour_is_noticed(self):
        assert refusal("2027-10-03T02:15:00", "Australia/Lord_Howe")[0] == "gap"
        assert refusal("2027-04-04T01:45:00", "Australia/Lord_Howe")[0] == "fold"

    def test_leaves_the_minutes_around_it_alone(self):
        assert resolve("2027-03-28T01:59:59", "Europe/Berlin").at.hour == 0
        assert resolve("2027-03-28T03:00:00", "Europe/Berlin").at.hour == 1


class TestARefusal:
    @pytest.mark.parametrize(
        "at",
        [
            "", "soon", "2026-13-01T00:00Z", "2026-12-01T25:00Z", "12/24/2026",
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        ],
    )  # fmt: skip
    def test_of_what_is_no_time(self, at):
        assert refusal(at)[:2] == ("unreadable", "/schedule/at")

    @pytest.mark.parametrize(("at", "zone"), [("0001-01-01T00:00", "Asia/Tokyo"), ("9999-12-31T23:59", "America/Lima")])
    def test_of_wall_time_beyond_the_calendar(self, at, zone):
        assert refusal(at, zone)[0] == "unreadable"

    def test_of_a_time_without_zone(self):
        assert refusal("2026-12-24T18:00:00")[:2] == ("no_zone", "/schedule/zone")

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "a" * 500, "CET\x00", "\ud800"])
    def test_of_a_zone_that_is_none(self, zone):
        assert refusal("2026-12-24T18:00:00", zone)[:2] == ("unknown_zone", "/schedule/zone")
        assert refusal("2026-12-24T18:00:00Z", zone)[0] == "unknown_zone"

    def test_of_the_past_beyond_a_minute(self):
        minute_ago = NOW - timedelta(seconds=60)

        assert resolve(minute_ago.isoformat()).at == minute_ago
        assert refusal((minute_ago - timedelta(seconds=1)).isoformat())[:2] == ("past", "/schedule/at")

    def test_of_more_than_365_days_ahead(self):
        year_ahead = NOW + timedelta(days=365)

        assert resolve(year_ahead.isoformat()).at == year_ahead
        assert refusal((year_ahead + timedelta(seconds=1)).isoformat())[:2] == ("too_far", "/schedule/at")
        assert refusal((NOW + timedelta(days=366)).isoformat())[0] == "too_far"

    def test_names_the_field_where_the_caller_keeps_it(self):
        with pytest.raises(InvalidError) as error:
            resolve_due(at="soon", zone=None, now=NOW, pointer="/due")

        assert error.value.problems[0].pointer == "/due/at"
