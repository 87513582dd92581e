"""The list of messages by month and by whether they have a time: any month is one or two queries away, by its name."""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from publishing.domain.message import MessageStatus
from tests.web.conftest import Browser
from tests.web.desk import counted, now, put_message
from tests.web.test_lists import LIST, names_in, text_of


def months_offered(page: str) -> list[str]:
    """The months that the filter names, in their order."""
    return re.findall(r'href="\?month=(\d{4}-\d{2})"', page)


def signed_in(browser: Browser) -> Browser:
    browser.sign_in(sub="ada", groups=["editor"])
    return browser


class TestMonths:
    def test_are_this_one_and_the_twelve_in_which_something_can_be_due(self, browser: Browser):
        page = text_of(signed_in(browser).get(LIST))

        offered = months_offered(page)
        assert len(offered) == 13
        assert offered == sorted(offered)
        assert offered[0] == f"{now():%Y-%m}"
        assert offered[-1] == f"{now().year + 1}-{now().month:02d}"
        furthest = datetime.fromisoformat(f"{offered[-1]}-01")
        assert f">{furthest:%B} {furthest.year}</a>" in page

    def test_show_what_is_due_then_however_far_ahead(self, browser: Browser):
        signed_in(browser)
        at = (now() + timedelta(days=300)).replace(day=15)
        put_message(MessageStatus.SCHEDULED, title="Far", scheduled_at=at)
        put_message(MessageStatus.SCHEDULED, title="Near", scheduled_at=now() + timedelta(hours=1))

        with counted() as asked:
            page = text_of(browser.get(f"{LIST}?month={at:%Y-%m}"))

        assert names_in(page) == ["Far"]
        assert asked["Query"] <= 2
        assert asked["Scan"] == 0

    def test_begin_and_end_with_midnight_where_the_reader_is(self, browser: Browser):
        signed_in(browser)
        first = (now() + timedelta(days=120)).replace(day=1, hour=0, minute=30, second=0)
        put_message(MessageStatus.SCHEDULED, title="New", scheduled_at=first)

        assert names_in(text_of(browser.get(f"{LIST}?month={first:%Y-%m}"))) == ["New"]
        browser.client.cookies["omnipub-zone"] = "America/New_York"
        before = first - timedelta(days=1)
        assert names_in(text_of(browser.get(f"{LIST}?month={first:%Y-%m}"))) == []
        assert names_in(text_of(browser.get(f"{LIST}?month={before:%Y-%m}"))) == ["New"]

    @pytest.mark.parametrize("month", ["", "x", "2026-13", "0000-01", "9999-12", "2026-1'--"])
    def test_that_are_none_filter_nothing(self, browser: Browser, month: str):
        signed_in(browser)
        put_message(MessageStatus.SCHEDULED, title="Near", scheduled_at=now() + timedelta(hours=1))

        assert names_in(text_of(browser.get(LIST, data={"month": month}))) == ["Near"]

    def test_without_a_message_say_so_and_do_not_call_the_list_new(self, browser: Browser):
        page = text_of(signed_in(browser).get(f"{LIST}?at__year={now().year + 1}"))

        assert "Nothing fits so far." in page
        assert "There is nothing here so far." not in page


class TestWithATimeOrWithout:
    def test_drafts_without_one_are_found(self, browser: Browser, table: Any):
        signed_in(browser)
        put_message(MessageStatus.DRAFT, title="Open", scheduled_at=None)
        put_message(MessageStatus.DRAFT, title="Planned", scheduled_at=now() + timedelta(minutes=5))

        def titles(planned: str) -> list[str]:
            with counted() as asked:
                page = text_of(browser.get(f"{LIST}?status__exact=draft&planned={planned}"))
            assert asked["Query"] <= 3
            return names_in(page)

        assert (titles("without"), titles("with")) == (["Open"], ["Planned"])
        assert sorted(titles("perhaps")) == ["Open", "Planned"]

    def test_are_where_the_calendar_leads(self, browser: Browser):
        signed_in(browser)
        put_message(MessageStatus.DRAFT, title="Open", scheduled_at=None)
        found = re.search(r'href="([^"]+planned=without)"', text_of(browser.get("/admin/calendar/")))
        assert found
        address = found[1].replace("&amp;", "&")

        assert parse_qs(urlsplit(address).query) == {"status__exact": ["draft"], "planned": ["without"]}
        assert names_in(text_of(browser.get(address))) == ["Open"]
