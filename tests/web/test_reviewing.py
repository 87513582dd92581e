"""Review on the desk: what waits, how an approver decides on a message's page, and many at once."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.message import Message, MessageStatus
from publishing.domain.review import Decision, Review
from publishing.domain.user import User
from publishing.services.configured import context
from publishing.store import messages, users, writes
from tests.api.conftest import Table
from tests.web.conftest import Browser, failure_of
from tests.web.desk import HOSTILE, counted, put_account, put_message
from tests.web.test_lists import text_of

LIST = "/admin/publishing/message/"
S = MessageStatus


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def review(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMNIPUB_REVIEW", "true")
    context.cache_clear()
    yield
    context.cache_clear()


@pytest.fixture
def approver(browser: Browser) -> Browser:
    browser.sign_in(sub="ada", name="Ada King", groups=["approver"])
    return browser


def put_waiting(**fields: Any) -> Message:
    """Put a message that Alice submitted, with the timer by which it is found."""
    asked = Review(submitted_by="alice", submitted_at=now() - timedelta(hours=1))
    values: dict[str, Any] = {"scheduled_at": now() + timedelta(hours=3), "edited_by": "alice", "review": asked}
    found = put_message(S.IN_REVIEW, put_account(name="Page"), **{**values, **fields})
    writes.run(messages.replace_message(found, read=found))
    return found


def page_of(message: Message) -> str:
    return f"/admin/messages/{message.id}/"


def read(message: Message) -> Message:
    return messages.get_message(message.id).message


def decide(browser: Browser, message: Message, action: str, **form: str) -> Any:
    return browser.post(page_of(message), f"{page_of(message)}{action}/", **{"rev": str(message.rev), **form})


def panel(page: str) -> str:
    found = re.search(r'<section class="card review-panel".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


class TestAMessageInReview:
    def test_says_who_submitted_it_by_name_and_offers_both_decisions(self, approver: Browser, other_browser: Browser):
        other_browser.sign_in(sub="alice", name="Alice Moore", groups=["editor"])
        message = put_waiting()

        with counted() as asked:
            page = text_of(approver.get(page_of(message)))

        assert "Alice Moore" in panel(page)
        assert "Written by <bdi" in page
        assert 'title="alice">Alice Moore' in page
        assert f'name="rev" value="{message.rev}"' in panel(page)
        assert "Approve and schedule" in panel(page)
        assert "Send back" in panel(page)
        assert asked == {"Query": 2, "BatchGetItem": 2}

    def test_is_approved_for_the_time_that_was_wished_for(self, approver: Browser):
        message = put_waiting()

        response = decide(approver, message, "approve", when="wished", comment="Well said.")

        found = read(message)
        assert (found.status, found.is_approved, found.scheduled_at) == (S.SCHEDULED, True, message.scheduled_at)
        page = text_of(approver.get(response["Location"]))
        assert "Approved and scheduled." in page
        assert "Ada King" in panel(page)
        assert "Well said." in panel(page)

    def test_that_wished_for_no_time_becomes_a_draft_again(self, approver: Browser):
        message = put_waiting(scheduled_at=None)

        decide(approver, message, "approve", when="wished")

        assert (read(message).status, read(message).is_approved) == (S.DRAFT, True)

    def test_whose_time_has_passed_is_approved_for_now_or_for_another_time(self, approver: Browser):
        late, later = (put_waiting(scheduled_at=now() - timedelta(hours=2)) for _ in range(2))
        page = text_of(approver.get(page_of(late)))
        at = f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M}"

        refused = decide(approver, late, "approve", when="wished")
        decide(approver, late, "approve", when="now")
        decide(approver, later, "approve", when="anew", at=at)

        assert "Approve and publish now" in panel(page)
        assert 'name="at"' in panel(page)
        assert refused.status_code == 409
        assert "which has passed" in refused.content.decode()
        assert (read(late).status, read(late).is_approved) == (S.SCHEDULED, True)
        assert f"{read(later).scheduled_at:%Y-%m-%dT%H:%M}" == at

    def test_keeps_a_time_that_cannot_be_with_what_is_wrong_beside_it(self, approver: Browser):
        message = put_waiting(scheduled_at=now() - timedelta(hours=2))

        response = decide(approver, message, "approve", when="anew", at="2020-01-01T10:00", comment="Go")
        page = panel(response.content.decode())

        assert response.status_code == 422
        assert 'value="2020-01-01T10:00" aria-invalid="true"' in page
        assert "has passed. Choose a later time" in page
        assert ">\nGo</textarea>" in page
        assert read(message).status is S.IN_REVIEW

    def test_is_sent_back_with_a_comment(self, approver: Browser):
        message = put_waiting()

        response = decide(approver, message, "reject", comment=HOSTILE)

        found = read(message)
        assert found.status is S.DRAFT
        assert found.review is not None
        assert (found.review.decision, found.review.decided_by) == (Decision.REJECTED, "ada")
        page = approver.get(response["Location"]).content.decode()
        assert "Sent back" in panel(page)
        assert "<script>alert" not in page

    def test_is_not_sent_back_without_a_word_why(self, approver: Browser):
        message = put_waiting()

        response = decide(approver, message, "reject", comment="  ")
        page = panel(response.content.decode())

        assert response.status_code == 422
        assert page.index("The comment is empty.") > page.index('<textarea id="review-comment"')
        assert 'aria-describedby="review-hint review-comment-problem" aria-invalid="true"' in page
        assert read(message).status is S.IN_REVIEW

    def test_that_was_changed_meanwhile_is_shown_anew_with_who_did_and_what_was_typed(
        self, approver: Browser, table: Table
    ):
        writes.run(users.put_user(User(id="bob", name="Bob Stone", email="", roles=frozenset(), created_at=now(),
                                       updated_at=now(), signed_in_at=now())))  # fmt: skip
        message = put_waiting(text="Before")
        changed = put_waiting(id=message.id, text="After", rev=2, edited_by="bob")

        response = decide(approver, message, "approve", when="wished", comment="Fine")
        page = response.content.decode()

        assert response.status_code == 409
        assert "Bob Stone changed the message at" in panel(page)
        assert ">\nFine</textarea>" in panel(page)
        assert '<div class="message-text" dir="auto">After</div>' in page
        assert read(message).status is S.IN_REVIEW
        # Whoever read it now decides about what they read.
        assert f'name="rev" value="{changed.rev}"' in panel(page)
        decide(approver, changed, "approve", when="wished")
        assert read(message).status is S.SCHEDULED

    def test_is_not_for_its_writer_to_approve(self, browser: Browser):
        browser.sign_in(sub="alice", name="Alice Moore", groups=["approver"])
        message = put_waiting()

        page = panel(text_of(browser.get(page_of(message))))

        assert "somebody else approves or rejects it" in page
        assert "<button" not in page
        assert decide(browser, message, "approve").status_code == 403
        assert read(message).status is S.IN_REVIEW

    def test_is_not_for_editors_to_approve(self, browser: Browser):
        browser.sign_in(sub="eve", groups=["editor"])
        message = put_waiting()

        assert "<button" not in panel(text_of(browser.get(page_of(message))))
        assert failure_of(decide(browser, message, "reject", comment="No")) == (403, "not_allowed")


class TestADraft:
    def test_is_submitted_by_who_may_not_publish_it(self, browser: Browser):
        browser.sign_in(sub="alice", groups=["editor"])
        message = put_message(S.DRAFT, scheduled_at=None, text="Please")

        page = text_of(browser.get(page_of(message)))
        decide(browser, message, "submit")

        assert "Submit for review" in panel(page)
        assert read(message).status is S.IN_REVIEW

    def test_that_nobody_is_to_review_says_nothing_of_it(self, browser: Browser, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OMNIPUB_REVIEW", "false")
        context.cache_clear()
        browser.sign_in(sub="alice", groups=["editor"])

        assert panel(text_of(browser.get(page_of(put_message(S.DRAFT))))) == ""


class TestWhatWaits:
    def test_is_listed_for_approvers_the_longest_waiting_first_without_their_own(self, approver: Browser):
        asked = [Review(submitted_by="alice", submitted_at=now() - timedelta(hours=hours)) for hours in (1, 5)]
        put_waiting(title="Later", review=asked[0], updated_at=now() - timedelta(hours=1))
        put_waiting(title="Earlier", review=asked[1], updated_at=now() - timedelta(hours=5))
        put_waiting(title="My own", owner="ada", edited_by="ada")

        with counted() as counts:
            page = text_of(approver.get("/admin/reviews/"))

        assert page.index("Earlier") < page.index("Later")
        assert "My own" not in page
        assert counts["Query"] == 1
        # One of the two is the session's.
        assert sum(counts.values()) <= 3

    def test_is_asked_for_by_the_dashboard_of_approvers_alone(self, approver: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eve", groups=["editor"])

        with counted() as counts:
            page = text_of(approver.get("/admin/"))

        assert 'data-reviews="/admin/reviews/"' in page
        assert counts["Query"] <= 3
        assert "data-reviews" not in text_of(other_browser.get("/admin/"))

    def test_teaches_where_there_is_nothing(self, approver: Browser, table: Table):
        assert "Nothing waits for you" in text_of(approver.get("/admin/reviews/"))


class TestManyAtOnce:
    def chosen(self, *found: Message, **form: str) -> dict[str, Any]:
        return {"action": "approve", "_selected_action": [each.id for each in found], **form}

    def test_are_shown_first_and_approved_as_they_were_shown(self, approver: Browser):
        first, second = put_waiting(text="The first"), put_waiting(text="The second")
        draft = put_message(S.DRAFT, text="A draft")
        asked = text_of(approver.post(LIST, LIST, index="0", **self.chosen(first, second, draft)))
        put_waiting(id=second.id, text="Changed", rev=2)

        revs = {f"rev-{each.id}": str(each.rev) for each in (first, second)}
        response = approver.post(LIST, LIST, **self.chosen(first, second, sure="yes", **revs))
        page = text_of(approver.get(response["Location"]))

        assert "The first" in asked
        assert "1 of the chosen messages is not in review" in asked
        assert f'name="rev-{first.id}" value="1"' in asked
        assert read(first).status is S.SCHEDULED
        assert read(second).status is S.IN_REVIEW
        assert "1 was approved." in page
        assert "1 could not be: “Changed”." in page

    def test_are_offered_to_approvers_alone(self, approver: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eve", groups=["editor"])
        put_waiting()

        assert '<option value="approve">' in text_of(approver.get(LIST))
        assert '<option value="approve">' not in text_of(other_browser.get(LIST))
