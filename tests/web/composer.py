"""Somebody at the composer, without a script: what the tests of its pages share."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account
from publishing.domain.draft import MessageFilter
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.schedule import readings
from publishing.items.base import TableItem
from publishing.store import lists, messages
from tests.api.conftest import Table
from tests.web.conftest import Browser

NEW = "/admin/compose/"
PREVIEW = "/admin/compose/preview/"
#: What people type, and what must come out just like that.
HOSTILE = (
    "<script>alert(1)</script> </textarea><img src=x onerror=alert(1)> {{ 7|add:7 }} "
    "\u202eright\u202c \u200b👩‍👩‍👧‍👦 שלום"
)
PutAccount = Callable[..., Account]


class Writer:
    """Somebody at the composer: reads a page, fills in its form, sends it."""

    def __init__(self, browser: Browser, role: str = "editor", **claims: Any) -> None:
        self.browser = browser
        browser.sign_in(**{"cognito:groups": [role] if role else [], **claims})

    def open(self, path: str = NEW) -> str:
        """Open a page, the composer's own redirect included; return its address."""
        response = self.browser.get(path)
        if response.status_code == 302:
            path = response["Location"]
            response = self.browser.get(path)
        self.page = response.content.decode()
        assert response.status_code == 200, self.page[:2_000]
        return path

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', self.page)
        return html.unescape(found[1]) if found else ""

    def area(self, name: str) -> str:
        found = re.search(rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>', self.page, re.DOTALL)
        assert found, name
        return html.unescape(found[1])

    def ticked(self) -> list[str]:
        boxes = re.findall(r'<input type="checkbox" name="accounts"[^>]*>', self.page)
        found = [re.search(r'value="([^"]+)"', box) for box in boxes if " checked" in box]
        return [one[1] for one in found if one]

    def send(self, action: str = "save", *, path: str = "", **typed: Any) -> Any:
        """Send the form of the open page with what was typed into it."""
        held = {
            name: self.field(name) for name in ("token", "rev", "due_was", "csrfmiddlewaretoken") if self.field(name)
        }
        form = {**held, "action": action, **typed}
        own = re.search(r'<form method="post"[^>]* action="([^"]+)" id="composer"', self.page)
        target = path or html.unescape(own[1] if own else "")
        response = self.browser.client.post(target, form, secure=True, headers={"Origin": "https://testserver"})
        self.page = response.content.decode()
        return response

    def preview(self, **typed: Any) -> Any:
        return self.send("", path=PREVIEW, **typed)

    def problems(self) -> list[str]:
        """Return the sentences of the summary at the top."""
        found = re.search(r'id="problems".*?</section>', self.page, re.DOTALL)
        return [html.unescape(one) for one in re.findall(r"<bdi>(.*?)</bdi>", found[0])] if found else []

    def problems_at(self, field: str) -> list[str]:
        found = re.search(rf'<ul class="problems" id="{field}-errors">(.*?)</ul>', self.page)
        assert found, field
        return [html.unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<li>(.*?)</li>", found[1])]


@pytest.fixture
def writer(browser: Browser) -> Writer:
    return Writer(browser)


def stored(response: Any) -> MessageWithDeliveries:
    """Return the message that a redirect leads to."""
    assert response.status_code == 303, response.content.decode()[:3_000]
    found = re.search(r"([0-9A-HJKMNP-TV-Z]{26})", response["Location"])
    assert found, response["Location"]
    return messages.get_message(found[1])


def every_message() -> list[str]:
    page = lists.list_by_month(wanted=MessageFilter(), cursor=None, limit=50, now=datetime.now(UTC))
    return [row.id for row in page.rows]


def tomorrow() -> dict[str, str]:
    return {"date": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}", "time": "09:00", "zone": "Europe/Berlin"}


@contextmanager
def requests_counted() -> Iterator[list[str]]:
    """Yield the names of the requests that the table gets meanwhile."""
    events: Any = TableItem._get_connection().connection.client.meta.events
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    events.register("before-call.dynamodb", note, unique_id="count")
    try:
        yield sent
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")


def set_status(table: Table, message: MessageWithDeliveries, status: str) -> None:
    table._client.update_item(
        TableName="test",
        Key={"PK": {"S": f"MSG#{message.message.id}"}, "SK": {"S": "METADATA"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": status}},
    )


def change_of_clocks(*, march: bool) -> str:
    """Return the next day on which Berlin's clocks change."""
    day = datetime.now(UTC) + timedelta(days=1)
    while True:
        count = len(readings(at=f"{day:%Y-%m-%d}T02:30", zone="Europe/Berlin"))
        if count == (0 if march else 2):
            return f"{day:%Y-%m-%d}"
        day += timedelta(days=1)
