"""A message as the desk shows it: its page follows what happens by itself, and the calendar moves it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.chaos.private import PrivateSystem
from tests.e2e.test_running_system import eventually

pytestmark = pytest.mark.e2e
#: A message goes out within seconds of its time; the machine may do other things too.
ARRIVES = 60_000


def write(system: PrivateSystem, *, text: str, due_in: timedelta) -> dict[str, Any]:
    """Write a message to two accounts."""
    api, _ = eventually(system.clients)
    accounts = [account["id"] for account in api.get("/api/v1/accounts/")["results"][:2]]
    due = datetime.now(UTC) + due_in
    made: dict[str, Any] = api.post(
        "/api/v1/messages/", {"text": text, "accounts": accounts, "schedule": {"at": due.isoformat()}}
    )
    return made


def test_a_messages_page_tells_by_itself_that_it_arrived(
    sign_in: Callable[..., Page], desk_system: PrivateSystem
) -> None:
    made = write(desk_system, text="Watch me arrive <b>now</b>", due_in=timedelta(hours=1))
    page = sign_in("editor", f"/admin/messages/{made['id']}/")
    expect(page.locator("#message-state .badge")).to_have_text("Scheduled")
    expect(page.locator(".message-text").first).to_have_text("Watch me arrive <b>now</b>")
    page.locator("#message-state summary", has_text="Publish now").click()
    page.get_by_role("button", name="Yes, publish now").click()
    expect(page.get_by_text("It is going out now.")).to_be_visible()
    # What would be lost if the page loaded itself anew.
    page.evaluate("window.untouched = true")

    expect(page.locator("#message-state .badge")).to_have_text("Published", timeout=ARRIVES)

    expect(page.locator(".delivery .badge-published")).to_have_count(2)
    expect(page.locator(".delivery").first.get_by_text("as the platform confirmed")).to_be_visible()
    assert page.evaluate("window.untouched") is True
    expect(page.locator("#live-status")).to_contain_text("Published")


def test_a_message_is_moved_by_dragging_it_and_by_keys_and_springs_back_where_it_may_not(
    sign_in: Callable[..., Page], desk_system: PrivateSystem
) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    # A week in the middle of the month after next has days around it that are drawn too.
    due = (noon.replace(day=1) + timedelta(days=65)).replace(day=14)
    made = write(desk_system, text="Drag me", due_in=due - datetime.now(UTC))
    page = sign_in("editor", "/admin/calendar/")
    page.get_by_role("button", name="Later").click()
    page.get_by_role("button", name="Later").click()
    entry = page.locator(".ec-event", has_text="Drag me")
    expect(entry).to_be_visible()
    days = page.locator(".ec-day", has=page.locator(f'time[datetime="{due + timedelta(days=2):%Y-%m-%d}"]'))

    drag(page, entry, days.last)

    expect(page.locator("#calendar-note")).to_contain_text("Moved to")
    assert due_of(desk_system, made["id"]).date() == (due + timedelta(days=2)).date()

    entry.focus()
    page.keyboard.press("m")
    dialog = page.locator("#move-dialog")
    dialog.locator("#move-at").fill("2020-01-01T09:00:00")
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog.locator("#move-problem")).to_contain_text("has passed")
    dialog.locator("#move-at").fill(f"{due + timedelta(days=3):%Y-%m-%d}T09:00:00")
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).not_to_be_visible()
    assert due_of(desk_system, made["id"]).date() == (due + timedelta(days=3)).date()

    api, _ = eventually(desk_system.clients)
    api.post(f"/api/v1/messages/{made['id']}/cancel/")
    before = due_of(desk_system, made["id"])
    drag(page, entry, days.last)
    expect(page.locator("#calendar-note")).to_contain_text("only a scheduled one can be moved")
    assert due_of(desk_system, made["id"]) == before
    # It is shown as it is now, which nothing moves: a click then opens it.
    expect(page.locator(".ec-event.entry-cancelled", has_text="Drag me")).to_be_visible()
    entry.click()
    page.wait_for_url(f"**/admin/messages/{made['id']}/")


def drag(page: Page, entry: Any, day: Any) -> None:
    """Drag as a hand does: press, move in steps, let go."""
    start, end = entry.bounding_box(), day.bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 16, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
    page.mouse.up()


def due_of(system: PrivateSystem, message_id: str) -> datetime:
    api, _ = eventually(system.clients)
    return datetime.fromisoformat(api.get(f"/api/v1/messages/{message_id}/")["scheduled_at"])
