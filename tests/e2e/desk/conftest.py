"""Walks of the desk: Debian's Chromium against a system of processes, as a person would.

A page that writes to the browser's console what only a fault writes there (an error of a script, something that the
Content-Security-Policy refused) fails the walk that saw it.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, StorageState, sync_playwright

from local.chaos.private import PrivateSystem, running
from tests.e2e.conftest import command
from tests.e2e.desk.ways import arrive, go_on

#: Debian's own; `.ci/run` installs it where it is missing.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: What a page waits for at most, in milliseconds: generous, because the machine may do other things too.
PATIENCE = 20_000


@pytest.fixture(scope="session")
def desk_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateSystem]:
    """A running system for all walks: each makes what it needs, and counts on nothing that others made."""
    with running(command(), state=tmp_path_factory.mktemp("desk")) as system:
        yield system


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: apt-get install chromium.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages complained of; a walk that expects something takes it out of the list."""
    found: list[str] = []
    yield found
    assert not found, found


@pytest.fixture
def open_browser(
    chromium: Browser, desk_system: PrivateSystem, complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers that know nothing of one another: `open_browser(color_scheme="dark")`."""
    opened: list[BrowserContext] = []

    def open_one(**options: object) -> BrowserContext:
        base = f"http://127.0.0.1:{desk_system.run().ports['web']}"
        settings = {"viewport": {"width": 1360, "height": 900}, "locale": "en", "timezone_id": "Europe/Berlin"}
        context = chromium.new_context(base_url=base, **{**settings, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.on("page", lambda page: _listen(page, complaints))
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """The web session of each role. One serves all walks: a person may begin only so many in five minutes."""
    return {}


@pytest.fixture
def sign_in(open_browser: Callable[..., BrowserContext], sessions: dict[str, StorageState]) -> Callable[..., Page]:
    """Sign in as a demo user in a browser of their own: `page = sign_in("editor", "/admin/")`."""

    def go(role: str, path: str = "/admin/", **options: object) -> Page:
        if role in sessions:
            page = open_browser(storage_state=sessions[role], **options).new_page()
            page.goto(path)
            return page
        context = open_browser(**options)
        page = context.new_page()
        page.goto(f"/auth/login/?next={path}")
        go_on(page, role)
        arrive(page, path)
        sessions[role] = StorageState(cookies=context.cookies(), origins=[])  # type: ignore[typeddict-item]
        return page

    return go


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small photograph's file."""
    from PIL import Image  # only walks that upload something need it

    file = tmp_path / "sunrise.jpg"
    Image.linear_gradient("L").convert("RGB").resize((800, 600)).save(file)
    return file


def _listen(page: Page, complaints: list[str]) -> None:
    def hear(message: ConsoleMessage) -> None:
        # A refusal (4xx) that a page asked for is logged by the browser too; the page itself has to show it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(f"{page.url}: {message.text}")

    def fall(error: Error) -> None:
        complaints.append(f"{page.url}: {error}")

    page.on("console", hear)
    page.on("pageerror", fall)
