"""The composer in a real browser: previews while one writes, drafts that survive, and two people at one message."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
COMPOSE = "/admin/compose/"


@pytest.fixture
def page(sign_in: Callable[..., Page]) -> Page:
    page = sign_in("editor")
    page.goto(COMPOSE)
    return page


def choose(page: Page, channel: str) -> None:
    """Tick the first account of a channel."""
    page.locator(f'input[name="accounts"][data-channel="{channel}"]').first.check()


class TestWriting:
    def test_shows_each_network_what_it_would_get(self, page: Page):
        choose(page, "bluesky")
        choose(page, "mastodon")
        page.locator("#text").fill("Hello <b>there</b> 👋")

        bluesky = page.locator(".net-bluesky .net-text")
        expect(bluesky).to_have_text("Hello <b>there</b> 👋")
        expect(page.locator("#text-counters .counter").first).to_contain_text("/ 300")

        page.get_by_role("tab", name="Bluesky").click()
        expect(page.locator("#variant-bluesky")).to_have_value("Hello <b>there</b> 👋")
        page.locator("#variant-bluesky").fill("x" * 301)
        expect(page.locator(".problem-list")).to_contain_text("Bluesky takes 300")
        page.get_by_role("button", name="Back to the main text").click()
        expect(page.locator(".problem-list")).to_have_count(0)
        page.get_by_role("tab", name="Bluesky").focus()
        page.keyboard.press("Home")
        expect(page.get_by_role("tab", name="All channels")).to_be_focused()

    def test_is_saved_by_keyboard_and_gone_on_with(self, page: Page):
        choose(page, "mastodon")
        page.locator("#text").fill("Saved by keyboard")
        expect(page.locator("[data-unsaved]")).to_be_visible()

        page.locator("#text").press("Control+Enter")

        page.wait_for_url(re.compile(r"/admin/compose/[0-9A-Z]{26}/"))
        expect(page.locator("#text")).to_have_value("Saved by keyboard")
        expect(page.locator("[data-unsaved]")).to_be_hidden()
        expect(page.locator('input[name="accounts"]:checked')).to_have_count(1)

    def test_survives_a_session_that_ends(self, page: Page):
        page.locator("#text").fill("Written before the session ended")
        choose(page, "mastodon")
        page.wait_for_timeout(600)
        page.context.clear_cookies()

        page.get_by_role("button", name="Save draft").click()
        page.wait_for_url("**/auth/login/**")
        page.locator('button[name="role"][value="editor"]').click()

        expect(page.locator("#text")).to_have_value("Written before the session ended")
        expect(page.locator("[data-notice]")).to_contain_text("brought back")
        expect(page.locator('input[name="accounts"]:checked')).to_have_count(1)

    def test_creates_nothing_twice_after_back(self, page: Page):
        page.locator("#text").fill("Once and only once")
        page.get_by_role("button", name="Save draft").click()
        page.wait_for_url(re.compile(r"/admin/compose/[0-9A-Z]{26}/"))
        address = page.url.partition("?")[0]

        page.go_back()

        # The browser shows the page it kept, or asks for it again and is led to what was created.
        page.locator("#text").fill("Once and only once, changed")
        page.get_by_role("button", name=re.compile("Save draft|Keep mine")).click()
        keep = page.get_by_role("button", name="Keep mine")
        if keep.is_visible():
            keep.click()
        page.wait_for_url(re.compile(r"/admin/compose/[0-9A-Z]{26}/"))
        assert page.url.partition("?")[0] == address


class TestTwoPeople:
    def test_see_both_versions_and_decide(self, page: Page, sign_in: Callable[..., Page]):
        page.locator("#text").fill("As it was")
        page.get_by_role("button", name="Save draft").click()
        page.wait_for_url(re.compile(r"/admin/compose/[0-9A-Z]{26}/"))
        other = sign_in("approver")
        other.goto(page.url.partition("?")[0])
        other.locator("#text").fill("Theirs")
        other.get_by_role("button", name="Save draft").click()
        expect(other.locator(".messagelist")).to_contain_text("Saved")

        page.locator("#text").fill("Mine")
        page.get_by_role("button", name="Save draft").click()

        expect(page.locator("#conflict")).to_contain_text("Approver (demo)")
        expect(page.locator("#conflict")).to_contain_text("Theirs")
        expect(page.locator("#text")).to_have_value("Mine")
        page.get_by_role("button", name="Use this").first.click()
        expect(page.locator("#text")).to_have_value("Theirs")
        page.locator("#text").fill("Both")
        page.get_by_role("button", name="Keep mine").click()
        expect(page.locator(".messagelist")).to_contain_text("Saved")
        expect(page.locator("#text")).to_have_value("Both")
