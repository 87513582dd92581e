"""Lists of messages: every row exactly once, the latest first, from what the indexes project."""

from datetime import datetime, timedelta

import pytest

from publishing import table as shape
from publishing.domain.draft import MessageFilter
from publishing.domain.ids import new_id
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.items.base import TableItem
from publishing.store import lists, messages, rows, writes
from tests.builders import ACCOUNT_ID, NOW, build_message

pytestmark = pytest.mark.usefixtures("table")
DAY = timedelta(days=1)


def put(*days: float, **fields) -> list[Message]:
    """Put messages due this many days from now; return them with the latest first."""
    made = []
    for day in days:
        message = build_message(
            **{"id": new_id(NOW), "scheduled_at": NOW + day * DAY, "status": MessageStatus.DRAFT, **fields}
        )
        writes.run(messages.put_message(message))
        made.append(message)
    return sorted(made, key=lambda message: (message.scheduled_at, message.id), reverse=True)


def page_through(limit: int, wanted: MessageFilter | None = None, now: datetime = NOW) -> list[str]:
    ids, cursor = [], None
    for _ in range(100):
        page = lists.list_by_month(wanted=wanted or MessageFilter(), cursor=cursor, limit=limit, now=now)
        ids += [row.id for row in page.rows]
        assert len(page.rows) <= limit
        cursor = page.next_cursor
        if cursor is None:
            return ids
    pytest.fail("The list has no end.")


def page_through_owned(owner: str, limit: int, wanted: MessageFilter | None = None) -> list[str]:
    ids, cursor = [], None
    for _ in range(100):
        page = lists.list_owned(owner=owner, wanted=wanted or MessageFilter(), cursor=cursor, limit=limit)
        ids += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return ids
    pytest.fail("The list has no end.")


class TestTheListByMonth:
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_shows_everything_once_in_order_over_several_months(self, limit):
        made = put(-70, -31, -30.5, -1, 0, 0, 0, 1, 30, 31, 32, 200)

        assert page_through(limit) == [message.id for message in made]

    def test_lists_a_message_without_due_time_by_when_it_was_made(self):
        scheduled = put(1)[0]
        draft = build_message(id=new_id(NOW), scheduled_at=None, status=MessageStatus.DRAFT, created_at=NOW + 2 * DAY)
        writes.run(messages.put_message(draft))

        assert page_through(10) == [draft.id, scheduled.id]

    @pytest.mark.parametrize("limit", [1, 10])
    def test_shows_what_a_filter_lets_through(self, limit):
        draft, failed = put(1)[0], put(2, status=MessageStatus.FAILED)[0]
        toot = put(3, targets=build_targets([(ACCOUNT_ID, "webhook"), (ACCOUNT_ID, "mastodon")]))[0]

        assert page_through(limit, MessageFilter(status="failed")) == [failed.id]
        assert page_through(limit, MessageFilter(channel="mastodon")) == [toot.id]
        assert page_through(limit, MessageFilter(channel="webhook")) == [toot.id, failed.id, draft.id]

    @pytest.mark.parametrize("limit", [1, 10])
    def test_begins_with_since_and_ends_before_until(self, limit):
        made = put(-40, -2, -1, 0, 1, 40)

        shown = page_through(limit, MessageFilter(since=NOW - 2 * DAY, until=NOW + DAY))

        assert shown == [message.id for message in made[2:5]]

    @pytest.mark.parametrize("apart", [DAY / 24, DAY, 40 * DAY])
    def test_of_a_span_that_ends_before_it_begins_is_empty(self, apart):
        put(0)

        assert page_through(10, MessageFilter(since=NOW + apart, until=NOW)) == []

    def test_goes_on_beyond_the_months_of_one_request(self):
        made = put(-1500, -1400, -900, -10, 0)

        assert page_through(10, MessageFilter(since=NOW - 1600 * DAY)) == [message.id for message in made]

    def test_looks_at_a_bounded_number_of_rows(self, monkeypatch):
        monkeypatch.setattr(lists, "_ROWS", 3)
        made = put(-4, -3, -2, -1, 0)

        page = lists.list_by_month(wanted=MessageFilter(status="failed"), cursor=None, limit=10, now=NOW)

        assert page.rows == ()
        assert page.next_cursor is not None
        assert page_through(10) == [message.id for message in made]

    @pytest.mark.parametrize("cursor", ["", "soon", "MSG#01KBCD0000000000000000000A"])
    def test_refuses_a_cursor_that_is_not_its_own(self, cursor):
        with pytest.raises(ValueError, match="not of this list"):
            lists.list_by_month(wanted=MessageFilter(), cursor=cursor, limit=10, now=NOW)


class TestTheListOfAnOwner:
    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_shows_what_is_theirs_once_the_newest_first(self, limit):
        put(0, 1)
        theirs = put(3, 1, 2, owner="member-1")

        assert page_through_owned("member-1", limit) == sorted((message.id for message in theirs), reverse=True)

    @pytest.mark.parametrize("limit", [1, 10])
    def test_shows_what_a_filter_lets_through(self, limit):
        put(0, 5, owner="member-1")
        failed = put(1, owner="member-1", status=MessageStatus.FAILED)[0]

        assert page_through_owned("member-1", limit, MessageFilter(status="failed")) == [failed.id]
        assert page_through_owned("member-1", limit, MessageFilter(since=NOW + DAY, until=NOW + 2 * DAY)) == [failed.id]

    def test_looks_at_a_bounded_number_of_rows(self, monkeypatch):
        monkeypatch.setattr(lists, "_ROWS", 1)
        put(0, 1, owner="member-1")

        page = lists.list_owned(owner="member-1", wanted=MessageFilter(status="failed"), cursor=None, limit=10)

        assert page.rows == ()
        assert page.next_cursor is not None

    def test_refuses_a_cursor_that_is_not_its_own(self):
        with pytest.raises(ValueError, match="not of this list"):
            lists.list_owned(owner="member-1", wanted=MessageFilter(), cursor="2026-12", limit=10)


class TestAListedMessage:
    @pytest.mark.parametrize("index", [TableItem.by_month, TableItem.by_owner])
    def test_is_complete_from_what_the_index_projects(self, index):
        message = put(0, title="News", zone="Europe/Berlin", rev=4, text="word " * 100)[0]
        partition = "MONTH#MSG#2026-12" if index is TableItem.by_month else "USER#editor-1"

        (listed,) = index.query(partition)

        assert rows.message_summary(listed) == rows.message_summary(rows.message_item(message))
        assert listed.body is None

    def test_needs_what_the_tables_definition_projects(self):
        indexes = {index["IndexName"]: index for index in shape.definition("t")["GlobalSecondaryIndexes"]}  # type: ignore[attr-defined]

        for index in (TableItem.by_month, TableItem.by_owner):
            meta = index.Meta
            assert meta.projection.non_key_attributes == list(shape.LIST_ATTRIBUTES)
            assert indexes[meta.index_name]["Projection"]["NonKeyAttributes"] == list(shape.LIST_ATTRIBUTES)
