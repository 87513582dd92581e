"""Recurring messages and the calendar, used by people: with a mouse, with keys, on a phone."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Position, expect

from local.chaos.private import PrivateSystem
from tests.e2e.desk.test_accessibility import violations
from tests.e2e.desk.test_messages import due_of
from tests.e2e.test_running_system import eventually

pytestmark = pytest.mark.e2e
PHONE = {"width": 390, "height": 844}


#: Of a day, where no entry lies.
CORNER: Final[Position] = {"x": 8, "y": 8}


def write(system: PrivateSystem, text: str, *, due: datetime | None = None) -> dict[str, Any]:
    """Write a draft, or a scheduled message, to one account."""
    api, _ = eventually(system.clients)
    account = api.get("/api/v1/accounts/")["results"][0]["id"]
    schedule = {"schedule": {"at": due.isoformat()}} if due else {}
    made: dict[str, Any] = api.post("/api/v1/messages/", {"text": text, "accounts": [account], **schedule})
    return made


def middle_of_next_month() -> datetime:
    """A Wednesday whose week is drawn whole."""
    first = (datetime.now(UTC).replace(day=1) + timedelta(days=40)).replace(day=12, hour=12, minute=0, second=0)
    return (first + timedelta(days=(2 - first.weekday()) % 7)).replace(microsecond=0)


def test_a_message_is_repeated_and_its_next_times_stand_beside_the_form_while_it_is_filled_in(
    sign_in: Callable[..., Page], desk_system: PrivateSystem, complaints: list[str]
) -> None:
    made = write(desk_system, "Every <b>Sunday</b> night")
    page = sign_in("editor", f"/admin/messages/{made['id']}/")
    page.get_by_role("link", name="Repeat this message").click()
    aside = page.locator("[data-series-preview]")
    expect(aside.locator(".message-text")).to_have_text("Every <b>Sunday</b> night")
    expect(aside.locator(".next-time")).to_have_count(5)

    page.get_by_label("How often").select_option("daily")
    year = datetime.now(UTC).year + 1
    sunday = max(datetime(year, 3, day, tzinfo=UTC) for day in range(25, 32) if datetime(year, 3, day).weekday() == 6)  # noqa: DTZ001
    page.get_by_label("First day").fill(f"{sunday:%Y-%m-%d}")
    page.get_by_label("Time:", exact=True).fill("02:30")
    jumps = f"The clock jumps over 02:30 on {sunday.day} March: it goes out at 03:00."
    expect(aside.locator(".next-note").first).to_have_text(jumps)

    aside.locator("[data-skip]").first.click()
    expect(page.get_by_label("Except on")).to_have_value(f"{sunday:%Y-%m-%d}")
    expect(aside.get_by_text(jumps)).to_have_count(0)

    page.get_by_label("Last day").fill("2020-01-01")
    expect(page.locator(".field-ends_on .errorlist")).to_contain_text("The last date is before the first one")
    assert page.get_by_label("Last day").get_attribute("aria-invalid") == "true"
    page.get_by_label("Last day").fill("")
    expect(page.locator(".field-ends_on .errorlist")).to_have_count(0)
    assert violations(page) == []
    complaints.clear()  # of the tool's own making, as it rewrites style sheets

    page.get_by_label("Name").fill("Sunday night")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Sunday night” was made.")).to_be_visible()
    page.goto("/admin/calendar/")
    page.get_by_label("Go to a month").fill(f"{sunday:%Y-%m}")
    expect(page.locator(".entry-coming", has_text="Sunday night").first).to_be_visible()


def test_a_draft_without_a_time_is_dragged_onto_a_day_and_stays_a_draft(
    sign_in: Callable[..., Page], desk_system: PrivateSystem
) -> None:
    made = write(desk_system, "Plan me by hand")
    day = middle_of_next_month()
    page = sign_in("editor", "/admin/calendar/")
    page.get_by_label("Go to a month").fill(f"{day:%Y-%m}")
    page.get_by_role("button", name="Without a time").click()
    draft = page.locator("#drafts-list li", has_text="Plan me by hand")
    expect(draft).to_be_visible()

    its_day = page.locator(".ec-day", has=page.locator(f'time[datetime="{day:%Y-%m-%d}"]')).last
    draft.drag_to(its_day, target_position=CORNER)

    expect(page.locator("#calendar-note")).to_contain_text("It is a draft still")
    expect(draft).to_have_count(0)
    expect(page.locator(".ec-event.entry-draft", has_text="Plan me by hand")).to_be_visible()
    api, _ = eventually(desk_system.clients)
    stored = api.get(f"/api/v1/messages/{made['id']}/")
    assert (stored["status"], stored["wall_time"]) == ("draft", f"{day:%Y-%m-%d}T09:00:00")


def test_messages_are_moved_and_drafts_planned_with_keys_alone(
    sign_in: Callable[..., Page], desk_system: PrivateSystem
) -> None:
    day = middle_of_next_month()
    scheduled = write(desk_system, "Move me with keys", due=day)
    draft = write(desk_system, "Plan me with keys")
    page = sign_in("editor", "/admin/calendar/")
    page.get_by_label("Go to a month").fill(f"{day:%Y-%m}")
    entry = page.locator(".ec-event", has_text="Move me with keys")
    expect(entry).to_be_visible()

    entry.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#move-dialog")
    # The key that opened it did not press its button too.
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("link", name="Open the message")).to_have_attribute(
        "href", f"/admin/messages/{scheduled['id']}/"
    )
    dialog.get_by_label("New due time").fill(f"{day + timedelta(days=1):%Y-%m-%d}T08:15:00")
    page.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()
    assert due_of(desk_system, scheduled["id"]).date() == (day + timedelta(days=1)).date()

    toggle = page.get_by_role("button", name="Without a time")
    toggle.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Plan: Plan me with keys").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading")).to_have_text("Choose a time for this draft")
    dialog.get_by_label("New due time").fill(f"{day:%Y-%m-%d}T10:45:00")
    page.keyboard.press("Enter")
    expect(page.locator("#calendar-note")).to_contain_text("It is a draft still")
    api, _ = eventually(desk_system.clients)
    assert api.get(f"/api/v1/messages/{draft['id']}/")["wall_time"] == f"{day:%Y-%m-%d}T10:45:00"


def test_a_message_is_moved_on_a_phone_by_touching_it(
    sign_in: Callable[..., Page], desk_system: PrivateSystem, complaints: list[str]
) -> None:
    day = middle_of_next_month()
    made = write(desk_system, "Move me by touch", due=day)
    page = sign_in("editor", "/admin/calendar/", viewport=PHONE, has_touch=True)
    page.get_by_label("Go to a month").fill(f"{day:%Y-%m}")
    entry = page.locator(".ec-event", has_text="Move me by touch")
    for _ in range(6):  # the list shows a week at a time
        with contextlib.suppress(AssertionError):
            expect(entry).to_be_visible(timeout=2_000)
            break
        page.get_by_role("button", name="Later").click()
    entry.tap()
    dialog = page.locator("#move-dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert violations(page) == []
    complaints.clear()  # as above

    dialog.get_by_label("New due time").fill(f"{day + timedelta(days=1):%Y-%m-%d}T07:30:00")
    dialog.get_by_role("button", name="Move", exact=True).tap()

    expect(page.locator("#calendar-note")).to_contain_text("Moved to")
    assert due_of(desk_system, made["id"]).date() == (day + timedelta(days=1)).date()
