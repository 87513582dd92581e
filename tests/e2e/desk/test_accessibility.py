"""Every page of the desk, judged by axe's rules: light, dark and as narrow as a phone.

The addresses come from the table of routes that `tests/web/test_desk_permissions.py` holds to the URL conf: a new route
is looked at here, or it fails until it is said that it has no page.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from local.chaos.private import PrivateSystem
from local.picture import upload_picture
from publishing.channels.base.registry import kinds
from tests.e2e.test_running_system import eventually
from tests.web.test_desk_permissions import PAGES

pytestmark = pytest.mark.e2e
SERIOUS: Final = {"serious", "critical"}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
BROAD: Final[ViewportSize] = {"width": 1360, "height": 900}
#: Ends the fading from one colour to another, which nobody reads while it lasts.
SETTLED: Final = "document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"

#: Routes that answer with no page of their own, or have none to look at.
NO_PAGE: Final = (
    r"/do/<slug:verb>/$",  # buttons: sent, then the object is shown again
    r"^/admin$",  # leads to the one with a slash
    r"<path:object_id>/$",  # leads to the form
    r"^/admin/sessions/|^/admin/language/|/deliveries/|/\(\?P<action>publish",  # sent by buttons
    r"^/admin/calendar/(events|series|drafts|move)/|/series/preview/$",  # asked by scripts
    r"/live/$|/state/$|/describe/$|^/admin/media/(browse|upload)/|/media/.*/delete/$",
    r"^/admin/compose/(preview|texts)/",  # asked by scripts
    r"^/admin/jsi18n/|^/admin/autocomplete/|/export/$",  # a script, data, a file
    r"/(auditentry|user)/add/$|/(auditentry|apikey|user)/<path:object_id>/delete/$",  # nobody may: 403, which is below
    r"/message/add/$|/message/<path:object_id>/change/$",  # lead to the composer and to the message's page
    r"^/admin/\(\?P<app_label>",  # not there
)


def violations(page: Page, **options: Any) -> list[str]:
    """What axe finds that keeps somebody from using the page."""
    page.evaluate(SETTLED)
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{page.url}: {each['id']}: {[(node['html'][:160], node['failureSummary']) for node in each['nodes'][:4]]}"
        for each in found
        if each["impact"] in SERIOUS
    ]


def looked_at(page: Page) -> list[str]:
    """All that axe finds on a page as it is, then on a phone in the dark; and whether it is broader than a phone."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{page.url}: broader than a phone")
    found += [f"On a phone in the dark: {each}" for each in violations(page, runOnly=["wcag2a", "wcag2aa", "wcag22aa"])]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(BROAD)
    return found


@pytest.fixture(scope="module")
def ids(desk_system: PrivateSystem) -> dict[str, str]:
    """Something to show on every page: ids by what they are of."""
    api, _platforms = eventually(desk_system.clients)
    accounts = {each["channel"]: each["id"] for each in api.get("/api/v1/accounts/")["results"]}
    picture = upload_picture(api)
    now = datetime.now(UTC)

    def write(text: str, **more: Any) -> str:
        body = {"title": f"About {text}", "text": text, "accounts": list(accounts.values()), **more}
        return str(api.post("/api/v1/messages/", body)["id"])

    draft = write("a draft", media=[{"id": picture, "alt_text": "An evening sky"}], link="https://example.org/")
    write("tomorrow", schedule={"at": (now + timedelta(days=1)).isoformat()})
    rule = {"frequency": "daily", "at": "09:00", "zone": "Europe/Berlin", "starts_on": f"{now:%Y-%m-%d}"}
    return {
        "account": accounts["mastodon"],
        "message": draft,
        "published": write("now", schedule={"at": now.isoformat()}),
        "medium": picture,
        "template": api.post("/api/v1/templates/", {"name": "Reminder", "text": "Join {{ event }}."})["id"],
        "hashtaggroup": api.post("/api/v1/hashtag-groups/", {"name": "Fair", "hashtags": ["fair", "jobs"]})["id"],
        "series": api.post("/api/v1/series/", {"name": "Weekly", "message": draft, "rule": rule})["id"],
        "apikey": api.post("/api/v1/keys/", {"name": "Website", "scopes": ["read_message"]})["id"],
    }


def first_of(page: Page, model: str) -> str:
    """The first row's id of a list, for what is made by others than people."""
    page.goto(f"/admin/publishing/{model}/")
    found = page.locator("#result_list tbody a").first.get_attribute("href")
    assert found
    return found.strip("/").split("/")[3]


def addresses(route: str, ids: dict[str, str]) -> Iterator[str]:
    """Where a route's page is to be seen; more than once where it looks different."""
    if route == "/admin/calendar/":
        yield from (f"{route}?view={view}" for view in ("month", "week", "day", "list"))
    elif route == "/admin/publishing/account/add/":
        yield from (route, *(f"{route}?channel={kind}" for kind in kinds()))
    elif route == "/admin/compose/<str:message_id>/":
        yield f"/admin/compose/{ids['message']}/"
    elif route == "/admin/(?P<url>.*)$":
        yield "/admin/nothing/"
    elif route.startswith("/admin/messages/"):
        yield from (route.replace("<str:message_id>", ids[name]) for name in ("message", "published"))
    elif "<path:object_id>" in route:
        yield route.replace("<path:object_id>", ids[route.split("/")[3]])
    else:
        yield route.replace("<str:medium_id>", ids["medium"])


def is_page(route: str) -> bool:
    return not any(re.search(pattern, route) for pattern in NO_PAGE)


def test_every_page_can_be_used_by_everybody(
    sign_in: Callable[..., Page], ids: dict[str, str], complaints: list[str]
) -> None:
    page = sign_in("admin", color_scheme="light")
    every = {**ids, "user": first_of(page, "user"), "auditentry": first_of(page, "auditentry")}
    assert all(any(re.search(pattern, route) for route in PAGES) for pattern in NO_PAGE), "One names no route."

    found = []
    for route in filter(is_page, PAGES):
        for path in addresses(route, every):
            answer = page.goto(path)
            assert answer
            assert answer.status == (404 if path == "/admin/nothing/" else 200), path
            assert urlsplit(page.url).path == urlsplit(path).path
            assert complaints == [], path
            found += looked_at(page)
            # axe rewrites style sheets, of which the Content-Security-Policy makes the browser complain.
            complaints.clear()

    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/login/?ended=1", "/auth/logout/", "/auth/callback/"])
def test_no_page_before_the_desk_keeps_anybody_out(open_browser: Callable[..., BrowserContext], path: str) -> None:
    page = open_browser(color_scheme="light").new_page()
    page.goto(path)

    assert not looked_at(page)


def test_what_is_refused_can_be_read_by_everybody(
    sign_in: Callable[..., Page], ids: dict[str, str], complaints: list[str]
) -> None:
    page = sign_in("viewer", "/admin/publishing/user/", color_scheme="light")
    expect(page.get_by_role("heading", name="You may not do this")).to_be_visible()
    found = looked_at(page)
    complaints.clear()

    page = sign_in("editor", "/admin/publishing/template/add/", color_scheme="light")
    page.fill("#id_body", "{{ no end")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    found += looked_at(page)
    complaints.clear()

    page.goto(f"/admin/publishing/template/{ids['template']}/change/")
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("#id_body", "Theirs")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".messagelist")).to_contain_text("was saved")
    page.fill("#id_body", "Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errornote, .errorlist").first).to_be_visible()
    found += looked_at(page)
    complaints.clear()

    assert not found, "\n".join(found)


def test_a_conflict_in_the_composer_can_be_decided_by_everybody(
    sign_in: Callable[..., Page], ids: dict[str, str], complaints: list[str]
) -> None:
    page = sign_in("editor", f"/admin/compose/{ids['message']}/", color_scheme="light")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/admin/compose/{ids['message']}/")
    for tab, text in ((other, "Theirs"), (page, "Mine")):
        tab.fill("#text", text)
        tab.get_by_role("button", name="Save draft").click()
        expect(tab.locator(".messagelist, #conflict").first).to_be_visible()
    expect(page.locator("#conflict")).to_contain_text("Theirs")

    assert not looked_at(page)
    complaints.clear()
