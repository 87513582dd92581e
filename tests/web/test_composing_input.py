"""What the composer refuses, and says next to its field; nothing that was typed is lost."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus
from publishing.store import accounts, writes
from tests.api.conftest import account, put_account
from tests.web.composer import NEW, PutAccount, Writer, change_of_clocks, every_message, stored, tomorrow, writer

__all__ = ["account", "put_account", "writer"]


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
            ({"media": '[{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "alt_text": ""}]'}, "media", "no such medium"),
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
        whole: dict[str, Any] = {"text": "Fine", "title": "Fine", "accounts": [account.id], **typed}
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

    def test_with_an_account_that_was_disconnected_can_be_put_right(self, writer: Writer, account: Account):
        writer.open()
        saved = writer.send(text="Hi", accounts=account.id)
        gone = replace(account, status=AccountStatus.DISCONNECTED)
        writes.run(accounts.change_account(gone, read=account))

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
        held = "&".join(f"{name}={writer.field(name)}" for name in ("csrfmiddlewaretoken", "token"))
        form = f"{held}&action=save&text=a%ED%A0%80b"

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
