"""The composer as browsers meet it without a script: everything that can be done there can be done by form alone."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.domain.draft import MessageFilter
from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.domain.schedule import readings
from publishing.items.base import TableItem
from publishing.services.configured import context
from publishing.store import lists, messages
from tests.api.conftest import Table, account, put_account
from tests.web.conftest import Browser, failure_of

__all__ = ["account", "put_account"]
NEW = "/admin/compose/"
PREVIEW = "/admin/compose/preview/"
#: What people type, and what must come out just like that.
HOSTILE = "<script>alert(1)</script> </textarea><img src=x onerror=alert(1)> {{ 7|add:7 }} \u202eright\u202c \u200b👩‍👩‍👧‍👦 שלום"
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
        return [re.search(r'value="([^"]+)"', box)[1] for box in boxes if " checked" in box]  # type: ignore[index]

    def send(self, action: str = "save", *, path: str = "", **typed: Any) -> Any:
        """Send the form of the open page with what was typed into it."""
        held = {
            name: self.field(name) for name in ("token", "rev", "due_was", "csrfmiddlewaretoken") if self.field(name)
        }
        form = {**held, "action": action, **typed}
        target = path or html.unescape(
            re.search(r'<form method="post"[^>]* action="([^"]+)" id="composer"', self.page)[1]
        )  # type: ignore[index]
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
    return messages.get_message(found[1] if found else every_message()[0])


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


class TestANewMessage:
    def test_is_stored_as_it_was_typed(self, writer: Writer, put_account: PutAccount):
        toot, hook = put_account(channel="mastodon", name="Toot"), put_account()
        writer.open()

        response = writer.send(
            text="One\r\ntwo", title="A title", link=" https://example.org/a ", accounts=[toot.id, hook.id],
            **{"variant-mastodon": "Only for Mastodon", "variant-webhook": ""},
        )  # fmt: skip

        message = stored(response).message
        assert (message.text, message.title, message.link) == ("One\ntwo", "A title", "https://example.org/a")
        assert [target.account_id for target in message.targets] == [toot.id, hook.id]
        assert {kind: each.text for kind, each in message.variants.items()} == {"mastodon": "Only for Mastodon"}
        assert message.status is MessageStatus.DRAFT

    def test_can_be_gone_on_with(self, writer: Writer, put_account: PutAccount):
        account = put_account(channel="mastodon")
        writer.open()
        saved = writer.send(text="First", accounts=account.id, **{"variant-mastodon": "Own"})

        writer.open(saved["Location"])

        assert (writer.area("text"), writer.area("variant-mastodon")) == ("First", "Own")
        assert writer.ticked() == [account.id]
        edited = stored(writer.send(text="Second", accounts=account.id))
        assert (edited.message.text, dict(edited.message.variants), edited.message.rev) == ("Second", {}, 2)

    def test_is_scheduled_by_the_clock_on_its_writers_wall(self, writer: Writer, account: Account):
        writer.open()

        due = tomorrow()
        found = stored(writer.send("schedule", text="Hi", accounts=account.id, **due))

        assert found.message.status is MessageStatus.SCHEDULED
        assert found.message.wall_time == f"{due['date']}T09:00:00"
        assert found.message.zone == "Europe/Berlin"
        assert len(found.deliveries) == 1

    def test_is_published_now(self, writer: Writer, account: Account):
        writer.open()

        found = stored(writer.send("publish", text="Hi", accounts=account.id))

        assert found.message.status is MessageStatus.SCHEDULED
        assert found.message.scheduled_at is not None
        assert found.message.scheduled_at <= datetime.now(UTC)

    def test_keeps_the_time_that_was_typed_when_it_is_saved_as_a_draft(self, writer: Writer, account: Account):
        writer.open()

        response = writer.send(text="Hi", accounts=account.id, date="2031-05-06", time="07:08", zone="Asia/Tokyo")

        assert stored(response).message.status is MessageStatus.DRAFT
        writer.open(response["Location"])
        assert (writer.field("date"), writer.field("time")) == ("2031-05-06", "07:08")
        assert "<option selected>Asia/Tokyo</option>" in writer.page

    def test_begins_at_the_time_that_the_calendar_proposes(self, writer: Writer):
        writer.open(f"{NEW}?at=2031-05-06T07:08&zone=Asia/Tokyo")

        assert (writer.field("date"), writer.field("time")) == ("2031-05-06", "07:08")
        assert "<option selected>Asia/Tokyo</option>" in writer.page

    @pytest.mark.parametrize(
        "query", ["at=soon&zone=Mars/Base", "at=9999-12-31T23:59&zone=Pacific/Kiritimati", "at=%00&zone=%00"]
    )
    def test_begins_empty_where_a_link_proposes_nonsense(self, writer: Writer, query: str):
        writer.open(f"{NEW}?{query}")

        assert writer.field("token")

    def test_begins_in_the_zone_that_the_browser_told(self, writer: Writer):
        writer.browser.client.cookies["omnipub-zone"] = "America/New_York"

        writer.open()

        assert "<option selected>America/New_York</option>" in writer.page


class TestSendingTwice:
    def test_creates_once(self, writer: Writer, account: Account):
        writer.open()
        page = writer.page

        first = stored(writer.send(text="Hi", accounts=account.id))
        writer.page = page
        second = stored(writer.send(text="Hi", accounts=account.id))

        assert first.message.id == second.message.id
        assert every_message() == [first.message.id]

    def test_publishes_once(self, writer: Writer, account: Account):
        writer.open()
        page = writer.page

        first = stored(writer.send("publish", text="Hi", accounts=account.id))
        writer.page = page
        writer.send("publish", text="Hi", accounts=account.id)

        assert every_message() == [first.message.id]

    def test_after_back_leads_to_what_was_created(self, writer: Writer, account: Account):
        address = writer.open()
        saved = stored(writer.send(text="Hi", accounts=account.id))

        back = writer.browser.get(address)

        assert (back.status_code, back["Location"]) == (302, f"{NEW}{saved.message.id}/")

    def test_with_another_text_shows_both(self, writer: Writer, account: Account):
        writer.open()
        page = writer.page
        saved = stored(writer.send(text="The first text", accounts=account.id))

        writer.page = page
        response = writer.send(text="The second text", accounts=account.id)

        assert response.status_code == 409
        assert writer.area("text") == "The second text"
        assert "The first text" in writer.page
        kept = stored(writer.send(text="The second text", accounts=account.id))
        assert (kept.message.id, kept.message.text) == (saved.message.id, "The second text")
        assert every_message() == [saved.message.id]

    def test_of_an_edit_is_no_conflict_with_oneself(self, writer: Writer, account: Account):
        writer.open()
        writer.open(writer.send(text="Hi", accounts=account.id)["Location"])
        page = writer.page

        writer.send(text="Edited", accounts=account.id)
        writer.page = page
        again = writer.send(text="Edited", accounts=account.id)

        assert stored(again).message.rev == 2

    @pytest.mark.parametrize("token", ["", "x", "../../etc", "0" * 41])
    def test_cannot_be_made_possible_by_a_form_without_its_token(self, writer: Writer, account: Account, token: str):
        writer.open()

        response = writer.send(text="Hi", accounts=account.id, token=token)

        assert response.status_code == 422
        assert writer.area("text") == "Hi"
        assert every_message() == []

    def test_by_another_person_with_the_same_token_is_another_message(
        self, writer: Writer, other_browser: Browser, account: Account
    ):
        writer.open()
        token = writer.field("token")
        writer.send(text="Hi", accounts=account.id)

        other = Writer(other_browser, sub="somebody-else")
        other.open(f"{NEW}?draft={token}")
        other.send(text="Hi", accounts=account.id)

        assert len(every_message()) == 2


class TestTwoPeople:
    @pytest.fixture
    def other(self, other_browser: Browser, writer: Writer) -> Writer:
        return Writer(other_browser, sub="somebody-else", name="Olga Other")

    @pytest.fixture
    def message(self, writer: Writer, account: Account) -> MessageWithDeliveries:
        writer.open()
        response = writer.send(text="As it was", accounts=account.id)
        writer.open(response["Location"])
        return stored(response)

    def address(self, message: MessageWithDeliveries) -> str:
        return f"{NEW}{message.message.id}/"

    def test_see_both_versions_and_the_second_decides(
        self, writer: Writer, other: Writer, message: MessageWithDeliveries, account: Account
    ):
        other.open(self.address(message))
        other.send(text="Theirs", title="New", accounts=account.id)

        response = writer.send(text="Mine", accounts=account.id)

        assert response.status_code == 409
        assert writer.area("text") == "Mine"
        assert '<p role="cell" dir="auto">Theirs' in writer.page
        assert messages.get_message(message.message.id).message.text == "Theirs"
        kept = stored(writer.send(text="Mine", accounts=account.id))
        assert (kept.message.text, kept.message.rev) == ("Mine", 3)

    def test_can_not_be_overwritten_unseen_a_second_time(
        self, writer: Writer, other: Writer, message: MessageWithDeliveries, account: Account
    ):
        other.open(self.address(message))
        page = other.page
        other.send(text="Theirs", accounts=account.id)
        writer.send(text="Mine", accounts=account.id)
        other.page = page.replace('name="rev" value="1"', 'name="rev" value="2"')
        other.send(text="Theirs again", accounts=account.id)

        response = writer.send(text="Mine", accounts=account.id)

        assert response.status_code == 409
        assert "Theirs again" in writer.page

    def test_lose_nothing_when_it_was_deleted_meanwhile(
        self, writer: Writer, message: MessageWithDeliveries, account: Account, table: Table
    ):
        table_key = f"MSG#{message.message.id}"
        for row in table.rows(table_key):
            table._client.delete_item(TableName="test", Key={"PK": row["PK"], "SK": row["SK"]})

        response = writer.send(text="Still here", accounts=account.id)

        assert response.status_code == 409
        assert writer.area("text") == "Still here"
        again = stored(writer.send(text="Still here", accounts=account.id))
        assert again.message.id != message.message.id
        assert again.message.text == "Still here"

    def test_lose_nothing_when_it_went_out_meanwhile(
        self, writer: Writer, message: MessageWithDeliveries, account: Account, table: Table
    ):
        set_status(table, message, "publishing")

        response = writer.send(text="Too late", accounts=account.id)

        assert response.status_code == 409
        assert "publishing" in writer.problems()[0]
        assert writer.area("text") == "Too late"
        again = stored(writer.send(text="Too late", accounts=account.id))
        assert again.message.id != message.message.id


def set_status(table: Table, message: MessageWithDeliveries, status: str) -> None:
    table._client.update_item(
        TableName="test",
        Key={"PK": {"S": f"MSG#{message.message.id}"}, "SK": {"S": "METADATA"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": status}},
    )


class TestAScheduledMessage:
    @pytest.fixture
    def message(self, writer: Writer, account: Account) -> MessageWithDeliveries:
        writer.open()
        found = stored(writer.send("schedule", text="Hi", accounts=account.id, **tomorrow()))
        writer.open(f"{NEW}{found.message.id}/")
        return found

    def test_keeps_its_time_when_its_text_is_changed(
        self, writer: Writer, message: MessageWithDeliveries, account: Account
    ):
        edited = stored(writer.send(text="Changed", accounts=account.id, **tomorrow()))

        assert edited.message.status is MessageStatus.SCHEDULED
        assert edited.message.scheduled_at == message.message.scheduled_at
        assert edited.message.text == "Changed"

    def test_moves_with_its_form(self, writer: Writer, message: MessageWithDeliveries, account: Account):
        edited = stored(writer.send(text="Changed", accounts=account.id, **{**tomorrow(), "time": "11:30"}))

        assert edited.message.scheduled_at is not None and message.message.scheduled_at is not None
        assert edited.message.scheduled_at - message.message.scheduled_at == timedelta(hours=2, minutes=30)
        assert (edited.message.text, edited.message.status) == ("Changed", MessageStatus.SCHEDULED)

    def test_is_moved_and_changed_in_one_step(
        self, writer: Writer, message: MessageWithDeliveries, account: Account, table: Table
    ):
        before = len(table.records())

        writer.send("schedule", text="Changed", accounts=account.id, **{**tomorrow(), "time": "11:30"})

        assert len(table.records()) == before + 1

    def test_takes_nothing_that_could_not_go_out(
        self, writer: Writer, message: MessageWithDeliveries, put_account: PutAccount
    ):
        bluesky = put_account(channel="bluesky", name="Sky")

        response = writer.send(text="x" * 301, accounts=bluesky.id, **tomorrow())

        assert response.status_code == 422
        assert "Sky: Bluesky takes 300" in writer.problems_at("text")[0]
        assert messages.get_message(message.message.id).message.text == "Hi"

    def test_that_went_out_leads_to_its_own_page(self, writer: Writer, message: MessageWithDeliveries, table: Table):
        set_status(table, message, "published")

        response = writer.browser.get(f"{NEW}{message.message.id}/")

        assert response.status_code == 302
        assert not response["Location"].startswith(NEW)


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"text": ""}, "text", "The text is empty"),
            ({"text": "\u200b \u2060"}, "text", "The text is empty"),
            ({"text": "x" * 65_537}, "text", "65,537 characters"),
            ({"text": "a\x00b"}, "text", "NUL"),
            ({"title": "x" * 301}, "title", "301 characters"),
            ({"link": "javascript:alert(1)"}, "link", "no web address"),
            ({"link": "x"}, "link", "no web address"),
            ({"variant-mastodon": "\u200b"}, "variant-mastodon", "The text is empty"),
            ({"media": "{"}, "media", "could not be read"),
            ({"media": '[{"id": 7}]'}, "media", "could not be read"),
            ({"media": '[{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}]'}, "media", "no such medium"),
        ],
    )
    def test_is_said_next_to_its_field_and_at_the_top_and_nothing_typed_is_lost(
        self,
        writer: Writer,
        account: Account,
        put_account: PutAccount,
        typed: dict[str, str],
        field: str,
        sentence: str,
    ):
        put_account(channel="mastodon")
        whole = {"text": "Fine", "title": "Fine", "accounts": [account.id], **typed}
        writer.open()

        response = writer.send(**whole)

        assert response.status_code == 422
        assert sentence.lower() in writer.problems_at(field)[0].lower()
        assert sentence.lower() in writer.problems()[0].lower()
        assert f'href="#{field}"' in writer.page
        assert writer.area("text") == whole["text"]
        assert writer.field("title") == whole["title"]
        assert writer.ticked() == [account.id]
        assert every_message() == []

    def test_is_all_said_at_once(self, writer: Writer, account: Account):
        writer.open()

        writer.send(text="", title="x" * 301, link="x", accounts=account.id)

        assert len(writer.problems()) == 3

    def test_with_an_account_that_there_is_none_of(self, writer: Writer, account: Account):
        writer.open()

        response = writer.send(text="Hi", accounts=[account.id, new_id(datetime.now(UTC))])

        assert response.status_code == 422
        assert "There is no such account" in writer.problems()[0]
        assert writer.ticked() == [account.id]

    def test_with_more_accounts_than_possible(self, writer: Writer, put_account: PutAccount):
        every = [put_account(name=f"Hook {number}").id for number in range(51)]
        writer.open()

        response = writer.send(text="Hi", accounts=every)

        assert response.status_code == 422
        assert "51 accounts" in writer.problems_at("accounts")[0]
        assert len(writer.ticked()) == 51

    @pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.BLOCKED])
    def test_with_an_account_is_said_before_it_can_be_chosen(
        self, writer: Writer, put_account: PutAccount, status: AccountStatus
    ):
        account = put_account(status=status)

        writer.open()

        box = re.search(rf'<input[^>]*id="account-{account.id}"[^>]*>', writer.page)
        assert box
        assert " disabled" in box[0]
        assert status.value.capitalize() in writer.page
        assert writer.send(text="Hi", accounts=account.id).status_code == 422

    def test_with_a_credential_is_said_and_does_not_keep_from_writing(self, writer: Writer, put_account: PutAccount):
        account = put_account(status=AccountStatus.NEEDS_REAUTH)
        writer.open()

        assert "connected again" in writer.page
        assert stored(writer.send(text="Hi", accounts=account.id)).message.targets[0].account_id == account.id

    def test_with_an_account_that_was_disconnected_can_be_put_right(
        self, writer: Writer, account: Account, put_account: PutAccount
    ):
        writer.open()
        saved = writer.send(text="Hi", accounts=account.id)
        put_account(id=account.id, status=AccountStatus.DISCONNECTED)

        writer.open(saved["Location"])

        assert writer.ticked() == [account.id]
        assert writer.send(text="Edited", accounts=account.id).status_code == 422
        assert stored(writer.send(text="Edited")).message.targets == ()

    def test_keeps_a_message_from_being_scheduled_and_not_from_being_saved(
        self, writer: Writer, put_account: PutAccount
    ):
        bluesky = put_account(channel="bluesky", name="Sky")
        writer.open()

        refused = writer.send("schedule", text="x" * 301, accounts=bluesky.id, **tomorrow())

        assert refused.status_code == 422
        assert "Sky: Bluesky takes 300" in writer.problems_at("text")[0]
        assert stored(writer.send(text="x" * 301, accounts=bluesky.id)).message.status is MessageStatus.DRAFT

    def test_in_a_variant_is_said_at_the_variant(self, writer: Writer, put_account: PutAccount):
        bluesky = put_account(channel="bluesky", name="Sky")
        writer.open()

        writer.send("publish", text="Fine", accounts=bluesky.id, **{"variant-bluesky": "x" * 301})

        assert "Sky: Bluesky takes 300" in writer.problems_at("variant-bluesky")[0]

    def test_is_not_made_worse_by_a_button_that_does_not_exist(self, writer: Writer, account: Account):
        writer.open()

        assert writer.send("explode", text="Hi", accounts=account.id).status_code == 200
        assert every_message() == []

    def test_with_half_characters_never_reaches_the_table(self, writer: Writer, account: Account):
        writer.open()
        form = (
            f"csrfmiddlewaretoken={writer.field('csrfmiddlewaretoken')}&token={writer.field('token')}&text=a%ED%A0%80b"
        )

        response = writer.browser.client.post(
            NEW, form, content_type="application/x-www-form-urlencoded", secure=True,
            headers={"Origin": "https://testserver"},
        )  # fmt: skip

        assert stored(response).message.text.encode().decode() == "a\ufffd\ufffd\ufffdb"


class TestTheTime:
    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"date": "", "time": ""}, "date", "Choose the day"),
            ({"date": "2031-01-01", "time": ""}, "time", "Choose the time"),
            ({"date": "2020-01-01", "time": "09:00"}, "time", "has passed"),
            ({"date": "2041-01-01", "time": "09:00"}, "time", "365 days ahead"),
            ({"date": "soon", "time": "09:00"}, "time", "is no time"),
            ({"date": "2031-01-01", "time": "09:00", "zone": "Mars/Base"}, "zone", "no time zone"),
        ],
    )
    def test_that_cannot_be_is_refused_next_to_its_field(
        self, writer: Writer, account: Account, typed: dict[str, str], field: str, sentence: str
    ):
        writer.open()

        response = writer.send("schedule", text="Hi", accounts=account.id, **{"zone": "UTC", **typed})

        assert response.status_code == 422
        assert sentence in writer.problems_at(field)[0]
        assert writer.field("date") == typed["date"]
        assert every_message() == []

    def test_that_the_clock_leaves_out_is_answered_with_those_around_it(self, writer: Writer, account: Account):
        writer.open()
        gap = change_of_clocks(march=True)

        response = writer.send("schedule", text="Hi", accounts=account.id, date=gap, time="02:30", zone="Europe/Berlin")

        assert response.status_code == 422
        assert "Choose 01:30 or 03:30" in writer.problems_at("time")[0]

    @pytest.mark.parametrize(("offset", "utc"), [("+02:00", "00:30"), ("+01:00", "01:30")])
    def test_that_the_clock_shows_twice_is_settled_by_a_choice(
        self, writer: Writer, account: Account, offset: str, utc: str
    ):
        writer.open()
        when = {"date": change_of_clocks(march=False), "time": "02:30", "zone": "Europe/Berlin"}

        refused = writer.send("schedule", text="Hi", accounts=account.id, **when)

        assert refused.status_code == 422
        assert "happens twice" in writer.problems_at("time")[0]
        assert re.findall(r'name="offset" value="([^"]+)"', writer.page) == ["+02:00", "+01:00"]
        found = stored(writer.send("schedule", text="Hi", accounts=account.id, **when, offset=offset))
        assert f"{found.message.scheduled_at:%H:%M}" == utc

    def test_takes_an_offset_for_nothing_else(self, writer: Writer, account: Account):
        writer.open()

        found = stored(writer.send("schedule", text="Hi", accounts=account.id, **tomorrow(), offset="+09:00"))

        assert found.message.wall_time is not None
        assert found.message.wall_time.endswith("T09:00:00")


def change_of_clocks(*, march: bool) -> str:
    """Return the next day on which Berlin's clocks change."""
    day = datetime.now(UTC) + timedelta(days=1)
    while True:
        count = len(readings(at=f"{day:%Y-%m-%d}T02:30", zone="Europe/Berlin"))
        if count == (0 if march else 2):
            return f"{day:%Y-%m-%d}"
        day += timedelta(days=1)


class TestADryRun:
    def test_says_exactly_what_each_account_would_publish(self, writer: Writer, put_account: PutAccount):
        sky, toot = put_account(channel="bluesky", name="Sky"), put_account(channel="mastodon", name="Toot")
        writer.open()

        answer = writer.preview(
            text="Hi 👩‍👩‍👧‍👦", link="https://example.org/", accounts=[sky.id, toot.id], **tomorrow(),
            **{"variant-mastodon": "Only here"},
        ).json()  # fmt: skip

        by_channel = {one["channel"]: one for one in answer["accounts"]}
        assert (by_channel["bluesky"]["name"], by_channel["bluesky"]["limit"]) == ("Sky", 300)
        assert by_channel["mastodon"]["text"].startswith("Only here")
        assert answer["due"]["utc"].endswith("UTC")
        assert "09:00 Europe/Berlin" in answer["due"]["local"]
        assert answer["problems"] == []

    def test_writes_nothing(self, writer: Writer, account: Account, table: Table):
        writer.open()
        before = table.snapshot()

        writer.preview(text="Hi", accounts=account.id, **tomorrow())
        writer.send("check", text="Hi", accounts=account.id, **tomorrow())

        assert table.snapshot() == before

    def test_names_everything_that_is_wrong_with_its_field(self, writer: Writer, account: Account):
        writer.open()

        answer = writer.preview(
            text="", title="x" * 301, accounts=[account.id, "nobody"], date="2020-01-01", time="09:00"
        ).json()

        assert not answer["is_complete"]
        assert [one["field"] for one in answer["problems"]] == ["time", "text", "title", "account-nobody"]

    def test_offers_the_choice_where_the_clock_shows_a_time_twice(self, writer: Writer):
        writer.open()

        answer = writer.preview(
            text="Hi", date=change_of_clocks(march=False), time="02:30", zone="Europe/Berlin"
        ).json()

        assert answer["offsets"] == ["+02:00", "+01:00"]

    def test_is_shown_on_the_page_too(self, writer: Writer, put_account: PutAccount):
        sky = put_account(channel="bluesky", name="Sky")
        writer.open()

        response = writer.send("check", text=HOSTILE + "x" * 300, accounts=sky.id)

        assert response.status_code == 200
        assert html.escape(HOSTILE) in writer.page
        assert "Bluesky takes 300" in writer.page
        assert every_message() == []

    def test_is_counted_as_previews_of_the_api_are(self, writer: Writer, monkeypatch: pytest.MonkeyPatch):
        from dataclasses import replace

        from publishing.admin import composing
        from publishing.domain.limits import PREVIEW as LIMIT

        monkeypatch.setattr(composing, "PREVIEW", replace(LIMIT, count=1, block=1))
        writer.open()

        assert writer.preview(text="Hi").status_code == 200
        page = html.unescape(writer.page)
        writer.open()
        limited = writer.preview(text="Hi")

        assert limited.status_code == 429, page
        assert 1 <= limited.json()["retry_after"] <= 60
        writer.open()
        shown = writer.send("check", text="Kept")
        assert shown.status_code == 429
        assert writer.area("text") == "Kept"

    def test_is_no_way_around_the_forms_proof(self, writer: Writer):
        response = writer.browser.client.post(
            PREVIEW, {"text": "Hi"}, secure=True, headers={"Origin": "https://testserver"}
        )

        assert failure_of(response) == (403, "form")


class TestEveryText:
    def test_is_shown_as_it_was_typed_and_never_carried_out(self, writer: Writer, put_account: PutAccount):
        account = put_account(channel="mastodon", name=HOSTILE[:90])
        writer.open()

        writer.send(text=HOSTILE, title=HOSTILE, link=HOSTILE, accounts=account.id, **{"variant-mastodon": HOSTILE})

        assert (writer.area("text"), writer.area("variant-mastodon")) == (HOSTILE, HOSTILE)
        assert writer.field("title") == HOSTILE
        assert "<script>alert" not in writer.page
        assert "<img src=x" not in writer.page
        assert "{{ 7" in writer.page

    def test_is_the_same_after_it_was_stored(self, writer: Writer):
        writer.open()

        saved = writer.send(text=f"\n\n  {HOSTILE}\n")

        assert stored(saved).message.text == f"\n\n  {HOSTILE}\n"
        writer.open(saved["Location"])
        assert writer.area("text") == f"\n\n  {HOSTILE}\n"


class TestThePage:
    def test_takes_three_requests_of_the_table(self, writer: Writer, account: Account):
        address = writer.open()
        saved = writer.send(text="Hi", accounts=account.id)["Location"]

        with requests_counted() as new:
            writer.open(f"{NEW}?draft={'0' * 40}")
        with requests_counted() as edit:
            writer.open(saved)
        with requests_counted() as back:
            writer.browser.get(address)

        assert (len(new), len(edit), len(back)) == (3, 3, 2)

    def test_has_no_script_or_style_of_its_own(self, writer: Writer, account: Account):
        writer.open()
        writer.send("check", text="Hi", accounts=account.id)

        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))|<style|\sstyle=|\son\w+=", writer.page)

    def test_ties_every_field_to_its_label_and_its_problems(self, writer: Writer, account: Account):
        writer.open()
        writer.send("schedule", text="", accounts=account.id)

        ids = set(re.findall(r'\sid="([^"]+)"', writer.page))
        fields = re.findall(
            r'<(?:input type="(?:text|url|date|time|checkbox|search)"|textarea|select)[^>]*\sid="([^"]+)"', writer.page
        )
        labels = re.findall(r'<label[^>]*for="([^"]+)"', writer.page)
        described = " ".join(re.findall(r'aria-describedby="([^"]+)"', writer.page)).split()
        assert set(fields) <= set(labels)
        assert set(labels) <= ids
        assert set(described) <= ids
        assert len(ids) == len(re.findall(r'\sid="([^"]+)"', writer.page))

    def test_comes_back_after_a_session_that_ended_while_one_wrote(self, writer: Writer, account: Account):
        address = writer.open()
        token = writer.field("csrfmiddlewaretoken")
        writer.browser.session = "x"

        response = writer.browser.client.post(
            address, {"csrfmiddlewaretoken": token, "text": "Hi"}, secure=True, headers={"Origin": "https://testserver"}
        )

        assert response.status_code == 303
        assert response["Location"].startswith(f"/auth/login/?next=/admin/compose/%3Fdraft%3D{writer.field('token')}")

    def test_does_not_exist_for_a_message_that_there_is_none_of(self, writer: Writer):
        assert failure_of(writer.browser.get(f"{NEW}{new_id(datetime.now(UTC))}/")) == (404, "gone")


class TestWhoMay:
    def test_write_is_no_viewer(self, browser: Browser):
        writer = Writer(browser, "viewer")

        assert failure_of(browser.get(NEW)) == (403, "not_allowed")
        assert writer.browser.get("/admin/").status_code == 200

    def test_edit_is_no_viewer_who_may_read(self, writer: Writer, other_browser: Browser, account: Account):
        writer.open()
        address = writer.send(text="Hi", accounts=account.id)["Location"]

        Writer(other_browser, "viewer", sub="reader")

        response = other_browser.get(address)
        assert response.status_code == 302
        assert not response["Location"].startswith(NEW)

    def test_see_is_a_member_only_accounts_that_were_opened(self, browser: Browser, put_account: PutAccount):
        opened = put_account(name="Opened", open_to_members=True)
        closed = put_account(name="Closed to them")
        writer = Writer(browser, "member")
        writer.open()

        assert "Opened" in writer.page
        assert "Closed to them" not in writer.page
        refused = writer.send(text="Hi", accounts=[opened.id, closed.id])
        assert refused.status_code == 422
        assert "There is no such account" in writer.problems()[0]
        assert stored(writer.send(text="Hi", accounts=opened.id)).message.targets[0].account_id == opened.id

    def test_see_is_a_member_only_their_own_messages(self, writer: Writer, other_browser: Browser, account: Account):
        writer.open()
        address = writer.send(text="Hi", accounts=account.id)["Location"]
        Writer(other_browser, "member", sub="member")

        assert failure_of(other_browser.get(address)) == (404, "gone")

    def test_schedule_is_an_editor_only_where_no_review_is_asked_for(
        self, writer: Writer, account: Account, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("OMNIPUB_REVIEW", "true")
        context.cache_clear()
        writer.open()

        assert 'value="schedule"' not in writer.page
        refused = writer.send("schedule", text="Hi", accounts=account.id, **tomorrow())

        context.cache_clear()
        assert refused.status_code == 403
        assert "Review is on" in writer.problems()[0]
        assert writer.area("text") == "Hi"
        assert every_message() == []


class TestReadingAClock:
    def test_finds_one_moment_on_most_days_two_and_none_at_the_changes(self):
        assert [one.isoformat() for one in readings(at="2026-10-25T02:30", zone="Europe/Berlin")] == [
            "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00",
        ]  # fmt: skip
        assert readings(at="2026-03-29T02:30", zone="Europe/Berlin") == ()
        assert len(readings(at="2026-03-30T02:30", zone="Europe/Berlin")) == 1

    @pytest.mark.parametrize(
        ("at", "zone"), [("soon", "UTC"), ("2026-01-01", "Mars/Base"), ("0001-01-01", "Asia/Tokyo")]
    )
    def test_finds_none_for_nonsense(self, at: str, zone: str):
        assert readings(at=at, zone=zone) == ()
