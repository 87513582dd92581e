"""The calendar: which messages it shows where, in whose zone; and what moving one does or is refused for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import Message, MessageStatus
from publishing.store import messages
from tests.web.conftest import Browser
from tests.web.desk import HOSTILE, counted, now, put_account, put_delivery, put_message

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
        put_message(S.DRAFT, title="Nowhere", scheduled_at=None)

        seen, viewed = events(browser), events(other_browser)

        assert (seen["Ahead"]["startEditable"], seen["Off"]["startEditable"]) == (True, False)
        assert viewed["Ahead"]["startEditable"] is False
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
            "rev": after.rev, "start": wall, "end": f"{THEN + timedelta(days=1):%Y-%m-%d}T11:45:00",
        }  # fmt: skip

    @pytest.mark.parametrize("status", [S.PUBLISHING, S.PUBLISHED, S.CANCELLED, S.FAILED, S.DRAFT])
    def test_starts_nothing_that_is_not_scheduled(self, browser: Browser, status: MessageStatus):
        browser.sign_in()
        message = put_message(status, scheduled_at=THEN)
        put_delivery(message, DeliveryState.CANCELLED)

        response = move(browser, message, f"{THEN + timedelta(days=1):%Y-%m-%dT%H:%M:%S}")

        assert response.status_code == 409
        assert response.json()["reason"].endswith("only a scheduled one can be moved.")
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
