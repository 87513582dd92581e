"""The composer's form: written, sent twice, by two people, changed after it was scheduled."""

from datetime import UTC, datetime, timedelta

import pytest

from publishing.domain.account import Account
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.store import messages
from tests.api.conftest import Table, account, put_account
from tests.web.composer import NEW, PutAccount, Writer, every_message, set_status, stored, tomorrow, writer
from tests.web.conftest import Browser

__all__ = ["account", "put_account", "writer"]


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
        assert "<bdi>Olga Other</bdi> saved another version:" in writer.page
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

        assert edited.message.scheduled_at is not None
        assert message.message.scheduled_at is not None
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
