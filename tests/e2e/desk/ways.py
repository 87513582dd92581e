"""Ways that several walks go: sign in, lose the session while a form is filled in, come back to it."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect


def begin(context: BrowserContext, role: str, path: str) -> Page:
    """Sign in with a session of its own: the one that all walks share must not end."""
    page = context.new_page()
    page.goto(f"/auth/login/?next={path}")
    go_on(page, role)
    arrive(page, path)
    return page


def go_on(page: Page, role: str) -> None:
    """Choose a demo user on the log-in page."""
    page.locator(f'button[name="role"][value="{role}"]').click()


def arrive(page: Page, path: str) -> None:
    """Wait for a page; forms that create something have a token in their address besides."""
    page.wait_for_url(lambda address: urlsplit(address).path == urlsplit(path).path)


def end_other_sessions(page: Page) -> None:
    """End every session of a person but that of this page, as they do it themselves."""
    page.goto("/admin/me/")
    button = page.get_by_role("button", name="End", exact=True)
    while button.count():
        button.first.click()
        expect(page.locator(".messagelist")).to_contain_text("That browser is signed out.")


def send_without_a_session(page: Page, *, button: str, role: str, path: str, other: Page) -> None:
    """Send a form whose session was ended on another page of the same person; sign in, and find it filled in."""
    end_other_sessions(other)
    page.get_by_role("button", name=button).click()
    arrive(page, "/auth/login/")
    go_on(page, role)
    arrive(page, path)
    expect(page.locator(".kept")).to_contain_text("What you had typed is back.")
