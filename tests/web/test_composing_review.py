"""The composer among others: texts that are used again, review, and times that are only wished for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from publishing.domain.account import Account
from publishing.domain.message import Message, MessageStatus
from publishing.domain.permissions import Actor, Role
from publishing.domain.template import HashtagGroupDraft, Template, TemplateDraft
from publishing.services.configured import context
from publishing.services.reviewing import approve_message
from publishing.services.templates import create_hashtag_group, create_template
from tests.api.conftest import Table, account, put_account
from tests.web.composer import (
    HOSTILE,
    NEW,
    PutAccount,
    Writer,
    every_message,
    stored,
    tomorrow,
    writer,
)
from tests.web.conftest import Browser, failure_of

__all__ = ["account", "put_account", "writer"]


EDITOR = Actor(id="another-editor", roles=frozenset({Role.EDITOR}))
APPROVER = Actor(id="an-approver", roles=frozenset({Role.APPROVER}))


class TestTextsThatAreUsedAgain:
    @pytest.fixture
    def template(self, writer: Writer) -> Template:
        draft = TemplateDraft(name="Welcome", text="Hello {{ name }}, see you in {{ place }}.", title="For {{ name }}")
        return create_template(actor=EDITOR, draft=draft, now=datetime.now(UTC))

    def test_are_offered_to_whoever_writes(self, writer: Writer, template: Template):
        draft = HashtagGroupDraft(name="Fair", hashtags=("#fair", "#autumn"))
        create_hashtag_group(actor=EDITOR, draft=draft, now=datetime.now(UTC))

        found = writer.browser.get("/admin/compose/texts/").json()

        assert [(one["name"], one["variables"]) for one in found["templates"]] == [("Welcome", ["name", "place"])]
        assert found["groups"][0]["hashtags"] == ["#fair", "#autumn"]

    def test_are_filled_in_as_they_are_typed(self, writer: Writer, template: Template):
        writer.open()

        answer = writer.send(
            "", path=f"/admin/compose/texts/{template.id}/", **{"value-name": HOSTILE, "value-place": "Rom"}
        )

        assert answer.json() == {"title": f"For {HOSTILE}", "text": f"Hello {HOSTILE}, see you in Rom."}

    def test_name_the_variable_that_has_no_value(self, writer: Writer, template: Template):
        writer.open()

        answer = writer.send("", path=f"/admin/compose/texts/{template.id}/", **{"value-name": "Ida"})

        assert answer.status_code == 422
        assert [one["name"] for one in answer.json()["problems"]] == ["place"]

    def test_are_the_staffs_and_not_members(self, browser: Browser):
        writer = Writer(browser, "member")
        writer.open()

        assert "data-toolbar" not in writer.page
        assert failure_of(browser.get("/admin/compose/texts/")) == (403, "not_allowed")


def approve(message: Message) -> None:
    approve_message(
        actor=APPROVER, message_id=message.id, rev=message.rev, now=datetime.now(UTC), context=context()
    )  # fmt: skip


class TestReview:
    @pytest.fixture(autouse=True)
    def review(self, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("OMNIPUB_REVIEW", "true")
        context.cache_clear()
        yield
        context.cache_clear()

    def test_is_asked_for_in_the_same_step_as_a_message_is_written(
        self, writer: Writer, account: Account, table: Table
    ):
        writer.open()
        before = len(table.records())

        found = stored(writer.send("submit", text="Please", accounts=account.id, **tomorrow())).message

        assert found.status is MessageStatus.IN_REVIEW
        assert found.wall_time == f"{tomorrow()['date']}T09:00:00"
        assert found.review is not None
        assert len(table.records()) == before + 1

    def test_is_asked_for_an_edit_too(self, writer: Writer, account: Account):
        writer.open()
        writer.open(writer.send(text="First", accounts=account.id)["Location"])
        page = writer.page

        found = stored(writer.send("submit", text="Second", accounts=account.id)).message
        writer.page = page
        again = stored(writer.send("submit", text="Second", accounts=account.id)).message

        assert (found.status, found.text, found.rev) == (MessageStatus.IN_REVIEW, "Second", 2)
        assert again.rev == 2

    def test_is_not_asked_for_what_an_account_would_refuse(self, writer: Writer, put_account: PutAccount):
        sky = put_account(channel="bluesky", name="Sky")
        writer.open()

        assert writer.send("submit", text="x" * 301, accounts=sky.id).status_code == 422
        assert every_message() == []

    def test_lets_an_editor_schedule_what_was_approved_and_nothing_else(self, writer: Writer, account: Account):
        writer.open()
        message = stored(writer.send("submit", text="Please", accounts=account.id)).message
        approve_message(
            actor=APPROVER, message_id=message.id, rev=message.rev, now=datetime.now(UTC), context=context()
        )
        writer.open(f"{NEW}{message.id}/")
        page = writer.page

        refused = writer.send("schedule", text="Something else", accounts=account.id, **tomorrow())
        writer.page = page
        found = stored(writer.send("schedule", text="Please", accounts=account.id, **tomorrow())).message

        assert refused.status_code == 403
        assert (found.status, found.is_approved, found.text) == (MessageStatus.SCHEDULED, True, "Please")

    def test_takes_back_what_is_changed_after_it_was_scheduled(self, writer: Writer, account: Account):
        writer.open()
        message = stored(writer.send("submit", text="Please", accounts=account.id, **tomorrow())).message
        approve_message(
            actor=APPROVER, message_id=message.id, rev=message.rev, now=datetime.now(UTC), context=context()
        )
        writer.open(f"{NEW}{message.id}/")

        found = stored(writer.send(text="Changed", accounts=account.id, **tomorrow())).message

        assert (found.status, found.is_approved) == (MessageStatus.IN_REVIEW, False)


class TestAWish:
    def test_for_a_time_is_kept_with_a_draft_and_taken_away_again(self, writer: Writer, account: Account):
        writer.open()
        saved = writer.send(text="Hi", accounts=account.id, **tomorrow())
        assert stored(saved).message.wall_time == f"{tomorrow()['date']}T09:00:00"
        assert stored(saved).message.status is MessageStatus.DRAFT
        writer.open(f"{NEW}{stored(saved).message.id}/")
        assert (writer.field("date"), writer.field("time")) == (tomorrow()["date"], "09:00")

        found = stored(writer.send(text="Hi", accounts=account.id, date="", time="", zone="Europe/Berlin"))

        assert found.message.scheduled_at is None

    def test_is_no_way_to_unschedule(self, writer: Writer, account: Account):
        writer.open()
        message = stored(writer.send("schedule", text="Hi", accounts=account.id, **tomorrow())).message
        writer.open(f"{NEW}{message.id}/")

        response = writer.send(text="Hi", accounts=account.id, date="", time="", zone="Europe/Berlin")

        assert response.status_code == 422
        assert "or cancel it" in writer.problems_at("time")[0]
