"""The composer's page: its dry run, what it costs, how it is read, and who may use it."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publishing.admin import composing
from publishing.domain.account import Account
from publishing.domain.ids import new_id
from publishing.domain.limits import PREVIEW as LIMIT
from publishing.domain.schedule import readings
from publishing.services.configured import context
from tests.api.conftest import Table, account, put_account
from tests.web.composer import (
    HOSTILE,
    NEW,
    PREVIEW,
    PutAccount,
    Writer,
    change_of_clocks,
    every_message,
    requests_counted,
    stored,
    tomorrow,
    writer,
)
from tests.web.conftest import Browser, failure_of

__all__ = ["account", "put_account", "writer"]


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
    def test_takes_three_requests_besides_the_sessions(self, writer: Writer, account: Account):
        address = writer.open()
        saved = writer.send(text="Hi", accounts=account.id)["Location"]

        with requests_counted() as new:
            writer.open(f"{NEW}?draft={'0' * 40}")
        with requests_counted() as edit:
            writer.open(saved)
        with requests_counted() as back:
            writer.browser.get(address)

        # The first one of each is the web session's, which every page of the desk reads.
        assert [len(each) - 1 for each in (new, edit, back)] == [3, 3, 1]

    def test_has_no_script_or_style_of_its_own(self, writer: Writer, account: Account):
        writer.open()
        writer.send("check", text="Hi", accounts=account.id)

        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))|<style|\sstyle=|\son\w+=", writer.page)

    def test_ties_every_field_to_its_label_and_its_problems(self, writer: Writer, account: Account):
        writer.open()
        writer.send("schedule", text="", accounts=account.id)

        writer.page = writer.page[writer.page.index('id="composer"') :]
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
