"""A template and a series, made by a person in a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk.test_accessibility import violations

pytestmark = pytest.mark.e2e


def axe(page: Page, complaints: list[str]) -> list[str]:
    """What axe finds; without what it makes the browser complain of itself, as it rewrites the admin's style sheets."""
    assert complaints == []
    found = violations(page)
    complaints.clear()
    return found


def test_a_template_shows_what_it_becomes_while_values_are_typed(
    sign_in: Callable[..., Page], complaints: list[str]
) -> None:
    page = sign_in("editor", "/admin/publishing/template/add/")
    page.fill("#id_name", "Invitation")
    page.fill("#id_body", "Join us for {{ event }} in {{ place }}.")
    expect(page.locator("[data-variables-list] code")).to_have_text(["event", "place"])
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-sample-text]")).to_have_text("Join us for event in place.")

    page.goto("/admin/publishing/template/")
    expect(page.get_by_role("link", name="Invitation")).to_be_visible()
    assert axe(page, complaints) == []
    page.get_by_role("link", name="Invitation").click()

    page.get_by_label("event").fill("<b>Open day</b>")
    page.get_by_label("place").fill("Rom 👩‍👩‍👧‍👦")

    expect(page.locator("[data-sample-text]")).to_have_text("Join us for <b>Open day</b> in Rom 👩‍👩‍👧‍👦.")
    assert axe(page, complaints) == []


def test_a_series_asks_only_for_what_its_frequency_needs_and_fits_a_phone(
    sign_in: Callable[..., Page], complaints: list[str]
) -> None:
    page = sign_in("editor", "/admin/publishing/series/add/", viewport={"width": 390, "height": 844})
    expect(page.locator(".field-weekdays")).to_be_visible()
    expect(page.locator(".field-month_day")).to_be_hidden()

    page.select_option("#id_frequency", "monthly")

    expect(page.locator(".field-weekdays")).to_be_hidden()
    expect(page.locator(".field-month_day")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert axe(page, complaints) == []
