"""What every page of the desk asks the table: at most three queries, never a Scan, however full the table is.

The pages come from the table of routes that `test_desk_permissions.py` holds to the URL conf: none is forgotten.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.template import HashtagGroup, Template
from publishing.store import templates, writes
from tests.api.conftest import Table, surroundings
from tests.web.conftest import Browser
from tests.web.counting import counted
from tests.web.desk import now, put_account, put_delivery, put_message, put_published
from tests.web.test_administration import form_of
from tests.web.test_desk_permissions import PAGES
from tests.web.test_library import put as put_medium
from tests.web.test_lists import text_of
from tests.web.test_series_pages import put_series

__all__ = ["surroundings"]

QUERIES: Final = 3
#: What is no page: a file goes as far as the list does, month by month, and says where it ends.
FILES: Final = ("/admin/publishing/message/export/",)
#: Of every kind, more than a page shows.
MANY: Final = 30
#: What scripts ask for has to say for when.
RANGE: Final = f"?start={now() - timedelta(days=20):%Y-%m-%d}&end={now() + timedelta(days=20):%Y-%m-%d}&zone=UTC"
ASKED: Final = {
    "/admin/calendar/events/": RANGE,
    "/admin/calendar/series/": RANGE,
    "/admin/publishing/account/add/": "?channel=webhook",
    "/admin/media/browse/": "?q=one",
}
#: Routes that have no page for an administrator: with a status of their own.
OTHERWISE: Final = {
    r"^/admin$|/message/add/$|/<path:object_id>/$|/message/<path:object_id>/change/$|^/admin/compose/<": 302,
    r"^/admin/media/upload/$|/describe/$": 405,
    r"^/admin/autocomplete/$|/(auditentry|user)/add/$": 403,
    r"\(\?P<(app_label|url)>": 404,
}


@pytest.fixture
def ids(table: Table, surroundings: Any, browser: Browser) -> dict[str, str]:
    """A desk on which there is a lot of everything; ids by what they are of."""
    browser.sign_in(sub="ada", name="Ada King", groups=["admin"])
    accounts = [put_account(channel="mastodon", name=f"Account {number}") for number in range(MANY)]
    states = [MessageStatus.SCHEDULED, MessageStatus.DRAFT, MessageStatus.IN_REVIEW, MessageStatus.NEEDS_ATTENTION]
    found = [
        put_message(states[number % 4], accounts[number], title=f"one {number}", owner=f"user-{number}")
        for number in range(MANY)
    ]
    for message in found[:5]:
        put_delivery(message, DeliveryState.FAILED)
    published = put_message(MessageStatus.PUBLISHED, *accounts[:5])
    for target in range(5):
        put_published(published, target=target)
    media = [put_medium(name=f"one {number}.jpg", owner="ada") for number in range(MANY)]
    for number in range(MANY):
        common: dict[str, Any] = {
            "id": f"01KBCD00000000000000000{number:03d}",
            "owner": "ada",
            "created_at": now(),
            "updated_at": now(),
        }
        writes.run(templates.put(Template(name=f"T {number}", text="Hello {{ name }}", **common)))
        writes.run(templates.put(HashtagGroup(name=f"G {number}", hashtags=("one",), **common)))
    add = "/admin/publishing/apikey/add/"
    made = browser.post(add, add, **form_of(text_of(browser.open(add)), name="Bot", scopes="read_message"))
    key = re.search(r"<code>([0-9A-Z]{26})\.", text_of(made))
    assert key
    return {
        "account": accounts[0].id, "message": published.id, "message_id": published.id, "medium_id": media[0].id,
        "template": "01KBCD00000000000000000000", "template_id": "01KBCD00000000000000000000",
        "hashtaggroup": "01KBCD00000000000000000000", "user": "ada",
        "series": put_series(owner="ada").id, "apikey": key[1], "auditentry": table.records()[0]["SK"]["S"],
    }  # fmt: skip


def address_of(route: str, ids: dict[str, str]) -> str:
    """Return where a route's page is of something that there is."""
    model = route.split("/")[3] if route.startswith("/admin/publishing/") else ""
    path = re.sub(r"<path:object_id>", lambda _: ids[model], route)
    path = re.sub(r"<str:(\w+)>", lambda found: ids[found[1]], path)
    return re.sub(r"\(\?P<\w+>.*?\)\$?", "nothing", path).rstrip("$") + ASKED.get(route, "")


def expected(route: str) -> int:
    return next((status for pattern, status in OTHERWISE.items() if re.search(pattern, route)), 200)


def pages(method: str) -> Iterator[str]:
    return (route for route, page in PAGES.items() if page.method == method)


def test_no_page_asks_more_than_three_queries_nor_a_scan(browser: Browser, ids: dict[str, str]) -> None:
    found = {}
    for route in pages("get"):
        path = address_of(route, ids)
        if re.search(r"/(account|apikey|hashtaggroup|series|template)/add/|/compose/$", path):
            path = browser.get(path)["Location"]  # with the form's token
        with counted() as asked:
            response = browser.get(path)
            if response.streaming:  # a file is read from the table as it is sent
                assert b"".join(response)
        assert response.status_code == expected(route), (route, response.status_code)
        found[route] = dict(asked)

    assert [route for route, asked in found.items() if "Scan" in asked] == []
    assert {route: asked for route, asked in found.items() if asked.get("Query", 0) > QUERIES} == {
        route: found[route] for route in FILES
    }
    # A page that asks nothing at all would be none: whoever reads it is looked up.
    assert all(found[route] for route in found if expected(route) == 200), found


def test_nothing_that_buttons_do_scans(browser: Browser, ids: dict[str, str]) -> None:
    # Those that end sessions come last.
    for route in sorted(pages("post"), key=lambda route: "/sessions/" in route):
        with counted() as asked:
            browser.post("/admin/me/", address_of(route, ids))
        assert "Scan" not in asked, route
