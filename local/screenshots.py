"""`make screenshots`: the desk's pages, one picture a page and theme, into docs/screenshots/.

A system of its own is started and given something to show: messages in every state that an editor meets, some of them
because platforms misbehave. Needs Chromium.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from local.api import Client
from local.chaos.private import PrivateSystem, free_ports, running
from local.picture import upload_picture

FOLDER: Final = Path(__file__).parents[1] / "docs" / "screenshots"
THEMES: Final = ("light", "dark")
_BROAD: Final[ViewportSize] = {"width": 1360, "height": 900}
_PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
#: How long messages may take to come to where they are shown.
_PATIENCE: Final = 90.0
#: Doubt about a delivery lasts minutes before a person is asked; nobody waits for that here.
_QUICK: Final = {"OMNIPUB_TIME_DIVISOR": "6"}
_SETTLED: Final = frozenset({
    "published", "partly_published", "failed", "cancelled", "needs_attention",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A page to take a picture of; `{published}` in its path is the id of a message of that name."""

    name: str
    path: str
    role: str = "admin"
    is_phone: bool = False


SHOTS: Final = (
    Shot(name="dashboard", path="/admin/"),
    Shot(name="messages", path="/admin/publishing/message/"),
    Shot(name="message", path="/admin/messages/{published}/"),
    Shot(name="message-in-doubt", path="/admin/messages/{doubted}/"),
    Shot(name="composer", path="/admin/compose/{draft}/"),
    Shot(name="calendar", path="/admin/calendar/"),
    Shot(name="media", path="/admin/media/"),
    Shot(name="accounts", path="/admin/publishing/account/"),
    Shot(name="users", path="/admin/publishing/user/"),
    Shot(name="audit", path="/admin/publishing/auditentry/"),
    Shot(name="recurring", path="/admin/publishing/series/"),
    Shot(name="templates", path="/admin/publishing/template/"),
    Shot(name="me", path="/admin/me/", role="editor"),
    Shot(name="dashboard-phone", path="/admin/", is_phone=True),
    Shot(name="composer-phone", path="/admin/compose/{draft}/", is_phone=True),
)


def main() -> int:
    """Take every picture; return the exit code."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed: apt-get install chromium.", file=sys.stderr)
        return 1
    web, wall, emulator, clock = (str(port) for port in free_ports(4))
    command = [
        "local", "run", "--port", web, "--wall-port", wall, "--emulator-port", emulator, "--clock-port", clock,
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, running(command, state=Path(folder), environment=_QUICK) as system:
        names = furnish(system)
        FOLDER.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for file in take(browser, f"http://127.0.0.1:{web}", names):
                print(file.relative_to(FOLDER.parents[1]))
            browser.close()
    return 0


def furnish(system: PrivateSystem) -> dict[str, str]:
    """Write what there is to see; return the messages' ids by name, once they have settled."""
    api, platforms = system.clients()
    # What the seed wrote is in the same state in every picture.
    for message in api.get("/api/v1/messages/")["results"]:
        _wait(api, message["id"])
    accounts = api.get("/api/v1/accounts/")["results"]
    every = [account["id"] for account in accounts]
    picture = upload_picture(api)
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
    write = _Writer(api)
    text = "Our spring programme is out: 24 courses, 6 of them new."
    names = {"published": write("Spring programme", text, every)}
    _wait(api, names["published"])
    webhook = [account["id"] for account in accounts if account["channel"] == "webhook"]
    platforms.post("/_control/faults", {"fault": "accept_and_hang_up", "channel": "webhook", "count": 3})
    names["doubted"] = write("Doors open", "Doors open at 18:00. Bring a friend!", webhook)
    platforms.post("/_control/faults", {"fault": "forbidden", "channel": "mastodon", "count": 1})
    social = [account["id"] for account in accounts if account["channel"] in {"mastodon", "bluesky", "linkedin"}]
    names["partly"] = write("Volunteers", "We are looking for ten volunteers for the summer fair.", social)
    for days, title in ((0, "Registration opens"), (2, "Speaker of the week"), (5, "Last seats"), (9, "Thank you")):
        at = (tomorrow + timedelta(days=days)).isoformat()
        write(title, f"{title}: read more on our site.", social, schedule={"at": at, "zone": "Europe/Berlin"})
    names["draft"] = write(
        "Certified!", "Nine members passed the exam this week. Congratulations! #learning", every, schedule=None,
        media=[{"id": picture, "alt_text": "An evening sky over a hill"}],
    )  # fmt: skip
    for name in ("doubted", "partly"):
        _wait(api, names[name])
    return names


def take(browser: Browser, base: str, names: dict[str, str]) -> Iterator[Path]:
    """Take the pictures; yield each file. Who looks the same way signs in once."""
    looks = sorted({(shot.role, shot.is_phone) for shot in SHOTS})
    for theme in THEMES:
        for role, is_phone in looks:
            context = browser.new_context(
                base_url=base, viewport=_PHONE if is_phone else _BROAD, color_scheme=theme, locale="en",
                timezone_id="Europe/Berlin", reduced_motion="reduce",
            )  # fmt: skip
            page = context.new_page()
            sign_in(page, role, "/admin/me/")
            for shot in SHOTS:
                if (shot.role, shot.is_phone) == (role, is_phone):
                    page.goto(shot.path.format(**names))
                    page.wait_for_load_state("networkidle")
                    file = FOLDER / f"{shot.name}-{theme}.png"
                    page.screenshot(path=file)
                    yield file
            context.close()


def sign_in(page: Page, role: str, path: str) -> None:
    """Sign in as a demo user, on the way to a page."""
    page.goto(f"/auth/login/?next={path}")
    page.locator(f'button[name="role"][value="{role}"]').click()
    page.wait_for_url(f"**{path}")


class _Writer:
    """Writes messages over the API; returns their ids."""

    def __init__(self, api: Client) -> None:
        self._api = api

    def __call__(
        self, title: str, text: str, accounts: list[str], *, schedule: object = "now", media: list[Any] | None = None
    ) -> str:
        body: dict[str, Any] = {"title": title, "text": text, "accounts": accounts, "media": media or []}
        if schedule is not None:
            body["schedule"] = schedule
        return str(self._api.post("/api/v1/messages/", body)["id"])


def _wait(api: Client, message_id: str) -> None:
    give_up_at = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up_at:
        if api.get(f"/api/v1/messages/{message_id}/")["status"] in _SETTLED:
            return
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
