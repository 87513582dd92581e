"""Lists of a table with 50,000 messages: what a page asks of the table does not grow with it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus
from publishing.items.message import MessageItem
from publishing.store import rows
from tests.api.conftest import environment, jwks, module_table, table
from tests.builders import build_message
from tests.web.conftest import Browser, browser, provider, running_provider
from tests.web.counting import counted

__all__ = ["browser", "environment", "jwks", "module_table", "provider", "running_provider", "table"]

LIST = "/admin/publishing/message/"
MANY = 50_000
STATUSES = (MessageStatus.PUBLISHED, MessageStatus.DRAFT, MessageStatus.CANCELLED)


def fill(count: int) -> None:
    """Store messages, a minute apart, from now backwards; the oldest one failed."""
    now = datetime.now(UTC)
    with MessageItem.batch_write() as batch:
        for number in range(count):
            made = now - timedelta(minutes=number)
            status = MessageStatus.FAILED if number == count - 1 else STATUSES[number % 3]
            message = build_message(
                id=new_id(made), owner=f"user-{number % 50}", status=status, text=f"Message {number}", targets=(),
                scheduled_at=None, created_at=made, updated_at=made,
            )  # fmt: skip
            batch.save(rows.message_item(message))


def look(browser: Browser, address: str) -> tuple[list[str], str]:
    """Return what a page lists, and the page; hold it to its budget."""
    with counted() as asked:
        response = browser.get(address)
    assert response.status_code == 200
    assert asked["Query"] <= 3
    assert sum(asked.values()) <= 5
    page: str = response.content.decode()
    return re.findall(r'<bdi class="message-name">(.*?)</bdi>', page), page


def link(page: str, label: str) -> str:
    found = re.search(rf'<a href="([^"]+)"[^>]*>{label}</a>', page)
    return LIST + found[1].replace("&amp;", "&") if found else ""


def walk(browser: Browser, address: str, pages: int) -> Iterator[list[str]]:
    for _ in range(pages):
        names, page = look(browser, address)
        yield names
        address = link(page, "Earlier") or link(page, "Go on")
        if not address:
            return


def check(browser: Browser, count: int, *, pages: int) -> None:
    """Look at the list as somebody would who has so many messages."""
    browser.sign_in()
    seen = [name for names in walk(browser, LIST, pages) for name in names]
    assert seen == [f"Message {number}" for number in range(len(seen))]
    assert len(seen) >= min(count, (pages - 3) * 25)
    drafts, _page = look(browser, f"{LIST}?status__exact=draft")
    assert len(drafts) == 25
    found, page = look(browser, f"{LIST}?q=message+{count // 2}")
    assert found or "Looked as far as" in page
    mine, _page = look(browser, f"{LIST}?user__id__exact=user-7")
    assert mine[:2] == ["Message 7", "Message 57"]
    failed, page = look(browser, f"{LIST}?status__exact=failed")
    assert failed or "Looked as far as" in page


class TestTwoThousandMessages:
    @pytest.mark.e2e
    def test_cost_a_page_no_more_than_ten_do(self, browser: Browser, table: Any):
        fill(2_000)

        check(browser, 2_000, pages=12)


class TestFiftyThousandMessages:
    @pytest.mark.e2e_full
    def test_cost_a_page_no_more_than_ten_do(self, browser: Browser, table: Any):
        fill(MANY)

        check(browser, MANY, pages=60)
