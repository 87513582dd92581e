"""Every page that the navigation leads to, judged by axe's rules, light and dark, broad and narrow."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
SERIOUS = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """What axe finds that keeps somebody from using the page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
        for each in found
        if each["impact"] in SERIOUS
    ]


def addresses(page: Page) -> list[str]:
    """Where the navigation leads."""
    links = page.locator("#nav-sidebar a").evaluate_all("links => links.map(link => link.href)")
    return sorted({urlsplit(link).path for link in links})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(sign_in: Callable[..., Page], scheme: str) -> None:
    page = sign_in("admin", color_scheme=scheme)
    every = addresses(page)
    assert "/admin/" in every

    found = []
    for path in every:
        page.goto(path)
        found += violations(page)

    assert not found, "\n".join(found)


def test_the_log_in_page_keeps_nobody_out(open_browser: Callable[..., object]) -> None:
    page = open_browser().new_page()  # type: ignore[attr-defined]
    page.goto("/auth/login/")

    assert not violations(page)


def test_no_page_is_broader_than_a_phone(sign_in: Callable[..., Page]) -> None:
    page = sign_in("admin", viewport={"width": 390, "height": 844})

    broad = []
    for path in addresses(page):
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            broad.append(path)

    assert not broad
