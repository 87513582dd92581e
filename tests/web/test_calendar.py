"""The calendar: which messages it shows where, in whose zone; and what moving one does or is refused for."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Problem
from publishing.domain.series import Frequency, Rule, Series, SeriesStatus
from publishing.store import messages
from tests.web.conftest import Browser, failure_of
from tests.web.desk import HOSTILE, counted, now, put_account, put_delivery, put_message
from tests.web.test_series_pages import put_series

S = MessageStatus
#: Some weeks ahead, so that moving there is possible.
THEN = (datetime.now(UTC) + timedelta(days=30)).replace(hour=9, minute=30, second=0, microsecond=0)


def span(start: datetime, days: int = 42) -> dict[str, str]:
    return {"start": f"{start:%Y-%m-%dT00:00:00}", "end": f"{start + timedelta(days=days):%Y-%m-%dT00:00:00}"}


def ask(browser: Browser, start: datetime = THEN - timedelta(days=20), days: int = 42) -> Any:
    return browser.get("/admin/calendar/events/", data=span(start, days))


def events(browser: Browser) -> dict[str, Any]:
    """The entries by their titles."""
    return {event["title"]: event for event in ask(browser).json()["events"]}


def move(browser: Browser, message: Message, at: str, **fields: str) -> Any:
    form = {"message": message.id, "at": at, "rev": str(message.rev), **fields}
    return browser.post("/admin/calendar/", "/admin/calendar/move/", **form)


def live_in(browser: Browser, zone: str) -> None:
    browser.client.cookies["omnipub-zone"] = zone


class TestEntries:
    def test_stand_at_their_due_times_in_the_readers_zone(self, browser: Browser):
        browser.sign_in()
        put_message(S.SCHEDULED, title="Ahead", scheduled_at=THEN)
        there = THEN.astimezone(ZoneInfo("Asia/Tokyo"))

        assert events(browser)["Ahead"]["start"] == f"{THEN:%Y-%m-%dT%H:%M:%S}"
        live_in(browser, "Asia/Tokyo")
        assert events(browser)["Ahead"]["start"] == f"{there:%Y-%m-%dT%H:%M:%S}"
        assert "Asia/Tokyo" in browser.get("/admin/calendar/").content.decode()

    @pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "x" * 200, "/etc/localtime", "Europe"])
    def test_stand_in_utc_where_the_zone_is_none(self, browser: Browser, zone: str):
        browser.sign_in()
        live_in(browser, zone)
        put_message(S.SCHEDULED, title="Ahead", scheduled_at=THEN)

        assert events(browser)["Ahead"]["start"] == f"{THEN:%Y-%m-%dT%H:%M:%S}"

    def test_can_be_moved_while_they_are_scheduled_and_by_whom_may(self, browser: Browser, other_browser: Browser):
        browser.sign_in()
        other_browser.sign_in(sub="victor", groups=["viewer"])
        put_message(S.SCHEDULED, title="Ahead", scheduled_at=THEN)
        put_message(S.CANCELLED, title="Off", scheduled_at=THEN)
        put_message(S.DRAFT, title="Planned", scheduled_at=THEN)
        put_message(S.DRAFT, title="Nowhere", scheduled_at=None)

        seen, viewed = events(browser), events(other_browser)

        assert (seen["Ahead"]["startEditable"], seen["Off"]["startEditable"]) == (True, False)
        assert (seen["Planned"]["startEditable"], seen["Planned"]["classNames"]) == (True, ["entry-draft"])
        assert {viewed["Ahead"]["startEditable"], viewed["Planned"]["startEditable"]} == {False}
        assert "Nowhere" not in seen

    def test_are_those_of_the_reader_for_members(self, browser: Browser):
        browser.sign_in(groups=["member"], sub="mallory")
        put_message(S.SCHEDULED, title="Own", scheduled_at=THEN, owner="mallory")
        put_message(S.SCHEDULED, title="Other", scheduled_at=THEN, owner="alice")

        assert list(events(browser)) == ["Own"]

    def test_hold_what_was_typed_as_data(self, browser: Browser):
        browser.sign_in()
        put_message(S.SCHEDULED, title=HOSTILE, scheduled_at=THEN)

        response = ask(browser)

        assert response["Content-Type"] == "application/json"
        assert HOSTILE in events(browser)

    @pytest.mark.parametrize(
        "wanted",
        [{}, {"start": "x", "end": "y"}, {"start": "2026-12-01", "end": "2026-11-01"},
         {"start": "2026-01-01", "end": "2027-01-01"}, {"start": "0001-01-01", "end": "0001-02-01"}],
    )  # fmt: skip
    def test_of_a_span_that_is_none_are_refused(self, browser: Browser, wanted: dict[str, str]):
        browser.sign_in()

        response = browser.get("/admin/calendar/events/", data=wanted)

        assert response.status_code == 400
        assert response.json()["reason"].endswith(".")

    def test_of_one_month_cost_one_query_and_of_six_weeks_three_at_most(self, browser: Browser):
        browser.sign_in()
        first = THEN.replace(day=1)
        for day in range(1, 28):
            put_message(S.SCHEDULED, scheduled_at=first.replace(day=day))

        with counted() as asked:
            assert len(ask(browser, first, 27).json()["events"]) == 27
        assert asked == {"Query": 1, "BatchGetItem": 1}
        with counted() as asked:
            ask(browser, first - timedelta(days=6), 42)
        assert asked["Query"] <= 3


class TestMoving:
    def test_is_a_reschedule_in_the_readers_zone(self, browser: Browser):
        browser.sign_in()
        live_in(browser, "Europe/Berlin")
        message = put_message(S.SCHEDULED, put_account(), scheduled_at=THEN)
        put_delivery(message, DeliveryState.PENDING)
        wall = f"{THEN + timedelta(days=1):%Y-%m-%d}T11:15:00"

        response = move(browser, message, wall)

        assert response.status_code == 200, response.content
        after = messages.get_message(message.id).message
        assert after.scheduled_at == datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        assert (after.zone, after.wall_time) == ("Europe/Berlin", wall)
        assert response.json() == {
            "rev": after.rev, "status": "scheduled", "start": wall,
            "end": f"{THEN + timedelta(days=1):%Y-%m-%d}T11:45:00",
        }  # fmt: skip

    @pytest.mark.parametrize("status", [S.PUBLISHING, S.PUBLISHED, S.CANCELLED, S.FAILED])
    def test_starts_nothing_that_is_not_scheduled(self, browser: Browser, status: MessageStatus):
        browser.sign_in()
        message = put_message(status, scheduled_at=THEN)
        put_delivery(message, DeliveryState.CANCELLED)

        response = move(browser, message, f"{THEN + timedelta(days=1):%Y-%m-%dT%H:%M:%S}")

        assert response.status_code == 409
        assert response.json()["reason"].endswith("only a scheduled one can be moved.")
        assert messages.get_message(message.id).message == message

    @pytest.mark.parametrize("status", [S.DRAFT, S.IN_REVIEW])
    @pytest.mark.parametrize("was", [None, THEN])
    def test_gives_what_is_not_scheduled_a_time_and_schedules_nothing(
        self, browser: Browser, table: Any, status: MessageStatus, was: datetime | None
    ):
        browser.sign_in()
        message = put_message(status, scheduled_at=was)
        wall = f"{THEN + timedelta(days=2):%Y-%m-%dT%H:%M:%S}"

        response = move(browser, message, wall)

        assert response.status_code == 200, response.content
        after = messages.get_message(message.id)
        assert (after.message.status, after.message.scheduled_at) == (status, THEN + timedelta(days=2))
        assert (after.deliveries, response.json()["status"]) == ((), status.value)
        assert not [row for row in table.rows("MSG#") if row.get("GSI2PK", {}).get("S", "").endswith("scheduled")]

    def test_of_a_draft_is_refused_where_somebody_changed_it_meanwhile(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.DRAFT, scheduled_at=None, rev=5)

        response = move(browser, message, f"{THEN:%Y-%m-%dT%H:%M:%S}", rev="4")

        assert response.status_code == 409
        assert messages.get_message(message.id).message == message

    def test_of_a_draft_is_refused_to_members_who_did_not_write_it(self, browser: Browser):
        browser.sign_in(groups=["member"], sub="mallory")
        message = put_message(S.DRAFT, scheduled_at=None, owner="alice")

        assert move(browser, message, f"{THEN:%Y-%m-%dT%H:%M:%S}").status_code == 404
        assert messages.get_message(message.id).message == message

    def test_is_refused_into_the_past_with_a_reason(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.SCHEDULED, scheduled_at=THEN)

        response = move(browser, message, f"{now() - timedelta(days=1):%Y-%m-%dT%H:%M:%S}")

        assert response.status_code == 422
        assert "has passed" in response.json()["reason"]

    def test_is_refused_where_somebody_changed_it_meanwhile(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.SCHEDULED, scheduled_at=THEN, rev=5)

        response = move(browser, message, f"{THEN + timedelta(days=1):%Y-%m-%dT%H:%M:%S}", rev="4")

        assert response.status_code == 409
        assert "Somebody changed the message" in response.json()["reason"]

    def test_is_refused_to_viewers(self, browser: Browser):
        browser.sign_in(groups=["viewer"])
        message = put_message(S.SCHEDULED, scheduled_at=THEN)

        response = move(browser, message, f"{THEN + timedelta(days=1):%Y-%m-%dT%H:%M:%S}")

        assert response.status_code == 409
        assert "roles do not allow this" in response.json()["reason"]

    def test_is_recorded(self, browser: Browser, table: Any):
        browser.sign_in()
        message = put_message(S.SCHEDULED, scheduled_at=THEN)

        move(browser, message, f"{THEN + timedelta(days=1):%Y-%m-%dT%H:%M:%S}")

        assert "message.schedule" in {record["action"]["S"] for record in table.records()}


class TestWhatRecurs:
    """Dates of series for which no message was made yet."""

    def weekly(self, **fields: Any) -> Series:
        """A series on THEN's day and the weeks after, at nine in Berlin."""
        rule = Rule(frequency=Frequency.DAILY, at=time(9), zone="Europe/Berlin", starts_on=THEN.date(), count=3)
        return put_series(**{"rule": rule, **fields})

    def ask(self, browser: Browser, start: datetime = THEN - timedelta(days=20), days: int = 42) -> Any:
        response = browser.get("/admin/calendar/series/", data=span(start, days))
        assert response.status_code == 200, response.content
        return response.json()

    def test_stands_at_its_time_in_the_readers_zone_and_cannot_be_moved(self, browser: Browser, table: Any):
        series = self.weekly(name=HOSTILE)
        browser.sign_in()
        live_in(browser, "Asia/Tokyo")

        answer = self.ask(browser)

        first = answer["events"][0]
        there = datetime.combine(THEN.date(), time(9), ZoneInfo("Europe/Berlin")).astimezone(ZoneInfo("Asia/Tokyo"))
        assert [event["title"] for event in answer["events"]] == [HOSTILE] * 3
        assert first["start"] == f"{there:%Y-%m-%dT%H:%M:%S}"
        assert (first["startEditable"], first["extendedProps"]["movable"]) == (False, False)
        assert first["classNames"] == ["entry-coming"]
        assert first["extendedProps"]["address"] == f"/admin/publishing/series/{series.id}/change/"
        assert first["extendedProps"]["statusLabel"].startswith("Recurring, made on ")

    def test_is_gone_once_its_message_was_made(self, browser: Browser, table: Any):
        self.weekly(last_index=THEN.date().toordinal())
        browser.sign_in()

        assert len(self.ask(browser)["events"]) == 2

    def test_is_within_the_span_that_is_asked_for(self, browser: Browser, table: Any):
        self.weekly()
        browser.sign_in()

        assert self.ask(browser, THEN - timedelta(days=30), 30)["events"] == []
        assert len(self.ask(browser, THEN + timedelta(days=1), 1)["events"]) == 1

    @pytest.mark.parametrize("status", sorted(set(SeriesStatus) - {SeriesStatus.ACTIVE}))
    def test_is_nothing_of_a_series_that_rests(self, browser: Browser, table: Any, status: SeriesStatus):
        self.weekly(status=status)
        browser.sign_in()

        assert self.ask(browser)["events"] == []

    def test_that_stopped_is_told_with_its_reason(self, browser: Browser, table: Any):
        problem = Problem(code="gone", detail="The message that it repeats is gone.", retryable=True)
        series = self.weekly(status=SeriesStatus.STOPPED, problem=problem)
        browser.sign_in()

        (stopped,) = self.ask(browser)["stopped"]

        assert stopped == {
            "name": series.name, "problem": "The message that it repeats is gone.",
            "address": f"/admin/publishing/series/{series.id}/change/",
        }  # fmt: skip

    def test_costs_one_query_and_one_read_however_many_there_are(self, browser: Browser, table: Any):
        browser.sign_in()
        for number in range(20):
            self.weekly(id=f"01KBCD000000000000000000{number:02d}")

        with counted() as asked:
            assert len(self.ask(browser)["events"]) == 60

        # One of the reads is the session's.
        assert asked == {"Query": 1, "BatchGetItem": 2}

    def test_is_bounded_and_says_so(self, browser: Browser, table: Any):
        browser.sign_in()
        rule = Rule(frequency=Frequency.DAILY, at=time(9), zone="UTC", starts_on=THEN.date())
        for number in range(15):
            self.weekly(id=f"01KBCD000000000000000000{number:02d}", rule=rule)

        answer = self.ask(browser, THEN, 42)

        assert (len(answer["events"]), answer["partial"]) == (500, True)

    def test_is_for_who_may_read_series(self, browser: Browser, other_browser: Browser, table: Any):
        browser.sign_in(sub="vera", groups=["viewer"])
        other_browser.sign_in(sub="max", groups=["member"])

        assert self.ask(browser)["events"] == []
        assert failure_of(other_browser.get("/admin/calendar/series/", data=span(THEN)))[0] == 403
        assert 'data-series="/admin/calendar/series/"' in browser.get("/admin/calendar/").content.decode()
        assert 'data-series=""' in other_browser.get("/admin/calendar/").content.decode()


class TestDraftsWithoutATime:
    def ask(self, browser: Browser) -> Any:
        response = browser.get("/admin/calendar/drafts/")
        assert response.status_code == 200, response.content
        return response.json()

    def test_are_listed_the_newest_first_without_those_that_have_one(self, browser: Browser):
        browser.sign_in()
        put_message(S.DRAFT, title="Old", scheduled_at=None, created_at=now() - timedelta(days=2))
        put_message(S.DRAFT, title=HOSTILE, scheduled_at=None, created_at=now())
        put_message(S.DRAFT, title="Planned", scheduled_at=now() - timedelta(hours=1))
        put_message(S.PUBLISHED, title="Out", scheduled_at=None)

        answer = self.ask(browser)

        assert [draft["title"] for draft in answer["drafts"]] == [HOSTILE, "Old"]
        assert answer["more"] is False

    def test_are_planned_by_what_is_listed_of_them(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.DRAFT, scheduled_at=None)
        (draft,) = self.ask(browser)["drafts"]

        form = {"message": draft["id"], "rev": str(draft["rev"]), "at": f"{THEN:%Y-%m-%dT%H:%M:%S}"}
        response = browser.post("/admin/calendar/", "/admin/calendar/move/", **form)

        assert response.status_code == 200, response.content
        assert messages.get_message(message.id).message.scheduled_at == THEN
        assert self.ask(browser)["drafts"] == []

    def test_cost_three_queries_at_most_and_never_a_scan(self, browser: Browser):
        browser.sign_in()
        for number in range(40):
            put_message(S.DRAFT, scheduled_at=None, created_at=now() - timedelta(days=number))

        with counted() as asked:
            answer = self.ask(browser)

        assert (len(answer["drafts"]), answer["more"]) == (30, True)
        assert asked["Query"] <= 3
        assert asked["Scan"] == 0

    def test_are_those_of_the_reader_for_members_and_nobodys_for_viewers(
        self, browser: Browser, other_browser: Browser
    ):
        browser.sign_in(sub="mallory", groups=["member"])
        other_browser.sign_in(sub="vera", groups=["viewer"])
        put_message(S.DRAFT, title="Own", scheduled_at=None, owner="mallory")
        put_message(S.DRAFT, title="Other", scheduled_at=None, owner="alice")

        assert [draft["title"] for draft in self.ask(browser)["drafts"]] == ["Own"]
        assert failure_of(other_browser.get("/admin/calendar/drafts/"))[0] == 403
        assert 'id="drafts"' not in other_browser.get("/admin/calendar/").content.decode()


class TestThePage:
    def test_itself_asks_the_table_for_nothing_but_the_session(self, browser: Browser):
        browser.sign_in()

        with counted() as asked:
            page = browser.get("/admin/calendar/").content.decode()

        assert (asked["Query"], asked["Scan"]) == (0, 0)
        assert "status__exact=draft&amp;planned=without" in page
