"""The desk's forms in a real browser: what is typed survives a session that ends, for who typed it and nobody else."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, ViewportSize, expect

from tests.e2e.desk.ways import arrive, begin, go_on, send_without_a_session

pytestmark = pytest.mark.e2e
TEMPLATE = "/admin/publishing/template/add/"
ACCOUNT = "/admin/publishing/account/add/?channel=webhook"
SECRET = "s3cr3t-that-nothing-keeps"
OpenBrowser = Callable[..., BrowserContext]


def kept(page: Page) -> str:
    """Everything that the browser keeps of what was typed."""
    found: str = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    return found


class TestAForm:
    def test_has_what_was_typed_after_the_session_was_ended(
        self, open_browser: OpenBrowser, sign_in: Callable[..., Page]
    ):
        page = begin(open_browser(), "editor", TEMPLATE)
        page.fill("#id_name", "Kept through a sign-in")
        page.fill("#id_body", "Two lines,\nand {{ one_gap }}.")

        send_without_a_session(page, button="Save", role="editor", path=TEMPLATE, other=sign_in("editor"))

        expect(page.locator("#id_body")).to_have_value("Two lines,\nand {{ one_gap }}.")
        expect(page.locator("[data-variables-list]")).to_have_text("one_gap")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".messagelist")).to_contain_text("“Kept through a sign-in” was made.")
        expect(page.locator(".kept .notice")).to_be_hidden()
        assert "Two lines" not in kept(page)
        page.goto(TEMPLATE)
        expect(page.locator("#id_name")).to_have_value("")
        expect(page.locator(".kept .notice")).to_be_hidden()

    def test_that_connects_an_account_keeps_no_credential(self, open_browser: OpenBrowser):
        page = begin(open_browser(), "admin", ACCOUNT)
        page.fill("#id_name", "Kept hook")
        page.fill("#id_base_url", "https://hook.example/in")
        page.fill("#id_credential", SECRET)
        page.check("#id_open_to_members")
        page.wait_for_timeout(400)
        page.context.clear_cookies()

        page.get_by_role("button", name="Save", exact=True).click()
        arrive(page, "/auth/login/")
        assert "Kept hook" in kept(page)
        assert SECRET not in kept(page)
        go_on(page, "admin")

        expect(page.locator(".kept")).to_contain_text("Only the credential is not")
        expect(page.locator("#id_name")).to_have_value("Kept hook")
        expect(page.locator("#id_base_url")).to_have_value("https://hook.example/in")
        expect(page.locator("#id_open_to_members")).to_be_checked()
        expect(page.locator("#id_credential")).to_have_value("")
        page.get_by_role("button", name="Discard it").click()
        expect(page.locator(".kept .notice")).to_be_hidden()
        expect(page.locator("#id_name")).to_have_value("")
        expect(page.locator("#id_open_to_members")).not_to_be_checked()
        assert "Kept hook" not in kept(page)

    def test_shows_nothing_of_one_person_to_another(self, open_browser: OpenBrowser):
        page = begin(open_browser(), "editor", TEMPLATE)
        page.fill("#id_name", "Between me and myself")
        page.wait_for_timeout(400)
        page.context.clear_cookies()
        page.get_by_role("button", name="Save").click()
        arrive(page, "/auth/login/")

        go_on(page, "approver")

        arrive(page, TEMPLATE)
        expect(page.locator(".kept .notice")).to_be_hidden()
        expect(page.locator("#id_name")).to_have_value("")
        assert "Between me" not in kept(page)

    def test_forgets_in_every_tab_who_signed_out(self, open_browser: OpenBrowser):
        context = open_browser()
        page = begin(context, "viewer", "/admin/")
        page.evaluate(
            "sessionStorage.setItem('omnipub-draft:demo-viewer:/a', JSON.stringify({at: Date.now(), held: {}}))"
        )
        other = context.new_page()
        other.goto("/admin/me/")

        other.locator(".avatar").click()
        other.get_by_role("button", name="Sign out", exact=True).click()
        expect(other.get_by_role("heading", name="You are signed out", exact=True)).to_be_visible()

        # Its script runs a moment after the page is there, and the other tab hears of it a moment later.
        for _moment in range(50):
            if "omnipub-draft" not in kept(page):
                break
            page.wait_for_timeout(100)
        assert "omnipub-draft" not in kept(page)

    def test_creates_nothing_twice_after_back(self, sign_in: Callable[..., Page]):
        page = sign_in("editor", TEMPLATE)
        page.fill("#id_name", "Gone back to")
        page.fill("#id_body", "The same again")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".messagelist")).to_contain_text("was made")

        page.go_back()

        # The page of what the form made, or the form as the browser kept it: sending either makes no second one.
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".messagelist, .errornote").first).to_be_visible()
        page.goto("/admin/publishing/template/?q=Gone+back")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)

    def test_creates_nothing_twice_after_back_without_scripts(
        self, open_browser: OpenBrowser, sessions: dict[str, StorageState], sign_in: Callable[..., Page]
    ):
        sign_in("editor")
        page = open_browser(java_script_enabled=False, storage_state=sessions["editor"]).new_page()
        page.goto(TEMPLATE)
        page.fill("#id_name", "Without scripts")
        page.fill("#id_body", "The same again")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".messagelist")).to_contain_text("was made")
        made = page.url

        page.go_back()

        expect(page).to_have_url(made)
        page.get_by_role("button", name="Save").click()
        page.goto("/admin/publishing/template/?q=Without+scripts")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)

    def test_is_sent_once_by_a_double_click(self, sign_in: Callable[..., Page]):
        page = sign_in("admin", "/admin/publishing/apikey/add/")
        page.fill("#id_name", "Clicked twice")
        page.get_by_label("Read messages").check()

        page.get_by_role("button", name="Save").dblclick()

        # A second key form would have found the first one's key made, and could not show its secret again.
        expect(page.locator(".secret-once")).to_be_visible()
        page.goto("/admin/publishing/apikey/?q=Clicked")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)


@pytest.mark.parametrize("viewport", [{"width": 1360, "height": 900}, {"width": 390, "height": 844}])
def test_the_list_of_messages_offers_one_way_to_write(sign_in: Callable[..., Page], viewport: ViewportSize) -> None:
    page = sign_in("editor", "/admin/publishing/message/", viewport=viewport)

    expect(page.get_by_role("link", name=re.compile("(New|Add|Write).* message"))).to_have_count(1)
