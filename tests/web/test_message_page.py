"""A message's page: the evidence it shows, the buttons it offers to whom, and what they do."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.domain.account import AccountStatus
from publishing.domain.attempt import AttemptOutcome
from publishing.domain.content import MediaUse
from publishing.domain.delivery import DeliveryState
from publishing.domain.feedback import FeedbackKind, KeptFeedback
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Problem, Reason
from publishing.domain.video import VideoFacts
from publishing.store import feedback, messages
from tests.api.conftest import Table
from tests.pictures import build_rendition
from tests.web.conftest import Browser, failure_of
from tests.web.desk import (
    HOSTILE,
    counted,
    now,
    put_account,
    put_attempt,
    put_delivery,
    put_message,
    put_published,
)

S, D = MessageStatus, DeliveryState
LATER = timedelta(hours=3)


def address(message: Message) -> str:
    return f"/admin/messages/{message.id}/"


def read(browser: Browser, message: Message) -> str:
    response = browser.get(address(message))
    assert response.status_code == 200
    return str(response.content.decode())


def act(browser: Browser, message: Message, path: str, **form: str) -> tuple[Any, str]:
    """Click a button of the page; return the answer, and what the page it leads to says."""
    response = browser.post(address(message), f"{address(message)}{path}/", **form)
    followed = browser.get(response["Location"].partition("#")[0]) if response.has_header("Location") else response
    return response, followed.content.decode()


def told(page: str) -> list[str]:
    """What a page says about what was just done."""
    found = re.search(r'<ul class="messagelist">(.*?)</ul>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<li.*?</li>", found[1])] if found else []


class TestTheMessageItself:
    def test_plays_its_videos_with_their_descriptions_and_loads_none_before(self, browser: Browser):
        browser.sign_in()
        facts = VideoFacts(duration_ms=6_000, codec="avc1", sound="mp4a")
        file = replace(build_rendition("video/mp4"), video=facts)
        message = put_message(S.DRAFT, media=(MediaUse(id="film", alt_text="A <b>door</b> opens", renditions=(file,)),))

        page = read(browser, message)

        assert (
            f'<video src="https://media.test/{file.key}" controls preload="none" playsinline '
            'aria-label="A &lt;b&gt;door&lt;/b&gt; opens"></video>'
        ) in page
        assert "no description" not in page

    def test_shows_its_pictures_with_their_descriptions(self, browser: Browser):
        browser.sign_in()
        large, small = build_rendition(size=9_000), build_rendition(size=900)
        message = put_message(S.DRAFT, media=(MediaUse(id="door", renditions=(large, small)),))

        page = read(browser, message)

        assert f'<img src="https://media.test/{small.key}" alt="" loading="lazy">' in page
        assert "no description" in page


class TestTheReceipt:
    def test_says_when_it_was_planned_sent_and_confirmed_how_late_and_where_it_is(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED, put_account(name="Example page"))
        put_published(message, url="https://example.org/posts/7")

        page = read(browser, message)

        steps = ["Due", "Claimed by a worker", "Sending began", "Published, as the platform confirmed"]
        places = [page.index(f'<span class="step-title">{step}</span>') for step in steps]
        assert places == sorted(places)
        assert "0.0 s late" in page
        assert 'href="https://example.org/posts/7"' in page
        assert "<code>post-1</code>" in page
        assert "Example page" in page
        assert "We are live!" in page

    def test_shows_every_attempt_with_its_reason_in_words(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHING)
        waiting = put_delivery(message, D.RETRY, fence=3, last=Reason.UNAVAILABLE, next_at=now() + LATER)
        put_attempt(waiting, fence=1, outcome=AttemptOutcome.UNKNOWN, reason=Reason.LOST_SIGHT, detail="Cut off.")
        put_attempt(waiting, fence=2)
        put_attempt(
            waiting, fence=3, outcome=AttemptOutcome.DEFERRED, reason=Reason.UNAVAILABLE, detail="Answer 503.",
            ended_at=now(),
        )  # fmt: skip

        page = read(browser, message)

        assert [f"Attempt {number}" in page for number in (1, 2, 3)] == [True] * 3
        assert "The answer was lost – Cut off." in page  # noqa: RUF001 - as the page writes it
        assert "Lost sight of" in page
        assert "The platform could not be reached – Answer 503." in page  # noqa: RUF001
        assert "Tries again" in page

    def test_shows_what_platforms_reported_later(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED, put_account(channel="email"))
        delivery = put_published(message, url="")
        report = KeptFeedback(
            id="r1", message_id=message.id, delivery_id=delivery.id, gen=1, kind=FeedbackKind.BOUNCED, at=now(),
            received_at=now(), publication_id="post-1", detail="The mailbox does not exist.",
        )  # fmt: skip
        feedback.keep(report, effect=None)

        page = read(browser, message)

        assert "Bounced" in page
        assert "The mailbox does not exist." in page

    def test_says_what_to_do_about_a_problem(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.NEEDS_ATTENTION)
        late = Problem(code="late", detail="It did not start in time.", retryable=True)
        put_delivery(message, D.FAILED, problem=late)

        page = read(browser, message)

        assert "It did not start in time." in page
        assert "retry it: it goes out at once" in page

    def test_makes_no_link_of_an_address_that_is_none(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED)
        put_published(message, url="javascript:alert(1)")

        assert "javascript:" not in read(browser, message)

    def test_shows_what_was_typed_as_it_was_typed(self, browser: Browser):
        browser.sign_in()
        account = put_account(name=HOSTILE)
        message = put_message(S.FAILED, account, text=HOSTILE, title=HOSTILE, link="https://example.org/?a=<b>")
        put_delivery(message, D.FAILED, problem=Problem(code="content", detail=HOSTILE, retryable=False))

        page = read(browser, message)

        assert "<script>alert" not in page
        assert (
            page.count("&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; \u202eRTL\u202c zero\u200bwidth") >= 4
        )

    def test_costs_two_queries_and_one_read_however_many_deliveries_there_are(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED, *[put_account() for _ in range(20)])
        for place in range(20):
            put_published(message, target=place)

        with counted() as asked:
            page = read(browser, message)

        assert page.count('<section class="card delivery"') == 20
        # One of the reads is the session's, which the door makes; one of the queries finds the series that repeat it.
        assert asked == {"Query": 2, "BatchGetItem": 2}


class TestButtons:
    OFFERED = ("publish", "cancel", "delete", "duplicate")

    def offered(self, page: str) -> set[str]:
        return {name for name in (*self.OFFERED, "retry", "resolve", "unblock") if f"/{name}/" in page}

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (S.DRAFT, {"publish", "cancel", "delete", "duplicate"}),
            (S.SCHEDULED, {"publish", "cancel", "delete", "duplicate"}),
            (S.PUBLISHING, {"cancel", "duplicate"}),
            (S.PUBLISHED, {"duplicate"}),
        ],
    )
    def test_are_those_that_the_status_allows(self, browser: Browser, status: MessageStatus, expected: set[str]):
        browser.sign_in()

        assert self.offered(read(browser, put_message(status))) == expected

    def test_are_none_for_a_viewer(self, browser: Browser):
        browser.sign_in(groups=["viewer"])
        message = put_message(S.FAILED)
        put_delivery(message, D.UNCONFIRMED)

        assert self.offered(read(browser, message)) == set()

    def test_do_nothing_for_who_may_not(self, browser: Browser):
        browser.sign_in(groups=["viewer"])
        message = put_message(S.DRAFT)
        for path in ("publish", "cancel", "delete", "duplicate"):
            # Any form of the page has the token.
            response = browser.post(address(message), f"{address(message)}{path}/")
            assert failure_of(response) == (403, "not_allowed"), path
        assert messages.get_message(message.id).message == message

    @pytest.mark.parametrize(
        ("states", "is_offered"),
        [((D.UNCONFIRMED, D.UNKNOWN), False), ((D.PUBLISHED, D.UNCONFIRMED), False), ((D.PUBLISHED, D.FAILED), True)],
    )
    def test_publish_nothing_anew_that_is_there_or_may_be(
        self, browser: Browser, states: tuple[DeliveryState, ...], is_offered: bool
    ):
        browser.sign_in()
        message = put_message(S.NEEDS_ATTENTION, put_account(), put_account())
        for place, state in enumerate(states):
            put_delivery(message, state, target=place)

        assert ("publish" in self.offered(read(browser, message))) is is_offered

    def test_publish_at_once(self, browser: Browser):
        browser.sign_in()
        account = put_account()
        message = put_message(S.DRAFT, account, scheduled_at=None)

        response, page = act(browser, message, "publish")

        assert response.status_code == 303
        assert told(page) == ["It is going out now. This page shows how."]
        after = messages.get_message(message.id)
        assert after.message.status is S.SCHEDULED
        assert after.message.scheduled_at is not None

    def test_cancel_and_say_for_each_delivery_whether_that_was_in_time(self, browser: Browser):
        browser.sign_in()
        names = [put_account(channel=kind) for kind in ("email", "facebook", "mastodon")]
        message = put_message(S.PUBLISHING, *names)
        put_delivery(message, D.PENDING, target=0)
        put_delivery(message, D.PUBLISHED, target=1)
        put_delivery(message, D.COMMITTING, target=2, leased_until=now() + LATER)

        _, page = act(browser, message, "cancel")

        assert told(page) == [
            "Cancelled, and certainly not published: Email.",
            "Too late, it had ended already: Facebook.",
            "Being sent just now, so it is being checked: Mastodon.",
        ]

    def test_delete_what_was_never_sent(self, browser: Browser, table: Table):
        browser.sign_in()
        message = put_message(S.DRAFT)

        response, page = act(browser, message, "delete", rev="1")

        assert response["Location"] == "/admin/"
        assert told(page) == ["The message is deleted."]
        assert messages.find_message(message.id) is None
        assert failure_of(browser.get(address(message))) == (404, "gone")

    def test_delete_nothing_that_somebody_changed_meanwhile(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.DRAFT, rev=4)

        _, page = act(browser, message, "delete", rev="3")

        assert "Somebody changed the message" in told(page)[0]
        assert messages.find_message(message.id) is not None

    def test_copy_once_however_often_the_same_form_is_sent(self, browser: Browser, table: Table):
        browser.sign_in()
        message = put_message(S.PUBLISHED, text="Say it again")
        before = len(table.rows("MSG#"))

        first, page = act(browser, message, "duplicate", token="the-forms-own")
        second, _ = act(browser, message, "duplicate", token="the-forms-own")
        other, _ = act(browser, message, "duplicate", token="another-forms")

        assert first["Location"] == second["Location"] != other["Location"]
        assert "This is the copy: a draft of yours, without a due time." in told(page)
        assert len(table.rows("MSG#")) == before + 2

    def test_retry_what_failed(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.FAILED)
        failed = put_delivery(message, D.FAILED, fence=1)
        assert "/retry/" in read(browser, message)

        _, page = act(browser, message, f"deliveries/{failed.id}/retry")

        assert told(page) == ["It is tried again now."]
        assert messages.get_message(message.id).message.status is S.PUBLISHING

    def test_tell_why_when_it_is_too_late(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED)
        done = put_published(message)

        _, page = act(browser, message, f"deliveries/{done.id}/retry")

        assert told(page) == ["The delivery is published; only a failed or cancelled one can be retried."]

    def test_unblock_an_account_for_administrators_only(self, browser: Browser, other_browser: Browser):
        browser.sign_in(groups=["admin"])
        other_browser.sign_in(sub="bob")
        account = put_account(name="Ada", status=AccountStatus.BLOCKED)
        message = put_message(S.FAILED, account)
        failed = put_delivery(message, D.FAILED)
        assert "/unblock/" not in read(other_browser, message)

        _, page = act(browser, message, f"deliveries/{failed.id}/unblock")

        assert told(page) == ["Ada can be sent to again."]
        assert "/unblock/" not in read(browser, message)


class TestAnUnconfirmedDelivery:
    @pytest.mark.parametrize(
        ("there", "state", "status"), [("yes", D.PUBLISHED, S.PUBLISHED), ("no", D.FAILED, S.FAILED)]
    )
    def test_is_what_a_person_saw(self, browser: Browser, there: str, state: DeliveryState, status: MessageStatus):
        browser.sign_in()
        message = put_message(S.NEEDS_ATTENTION)
        doubtful = put_delivery(message, D.UNCONFIRMED, fence=1)
        assert "Open the account, look whether it is there" in read(browser, message)

        act(browser, message, f"deliveries/{doubtful.id}/resolve", there=there, url="https://example.org/7")

        after = messages.get_message(message.id)
        assert (after.deliveries[0].state, after.message.status) == (state, status)
        assert ("https://example.org/7" in read(browser, message)) is (there == "yes")

    def test_keeps_what_was_typed_and_says_beside_it_what_is_wrong(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.NEEDS_ATTENTION)
        doubtful = put_delivery(message, D.UNCONFIRMED)

        response, page = act(
            browser, message, f"deliveries/{doubtful.id}/resolve", there="yes", url='it"s <there>'
        )  # fmt: skip

        assert response.status_code == 422
        assert 'value="it&quot;s &lt;there&gt;"' in page
        assert "The address is no web address." in page
        assert messages.get_message(message.id).deliveries[0].state is D.UNCONFIRMED


class TestThePartThatChanges:
    def version(self, page: str, name: str) -> str:
        found = re.search(rf'id="{re.escape(name)}" data-version="([^"]+)"', page)
        assert found
        return found[1]

    def live(self, browser: Browser, message: Message) -> str:
        response = browser.get(f"{address(message)}live/")
        assert response.status_code == 200
        return str(response.content.decode())

    def test_is_the_same_until_something_happens(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHING, put_account(), put_account(channel="email"))
        sending = put_delivery(message, D.SENDING, target=0)
        waiting = put_delivery(message, D.PENDING, target=1)
        page = read(browser, message)
        assert 'data-watch="now"' in page
        before = [self.version(page, each.id) for each in (sending, waiting)]
        assert before == [self.version(self.live(browser, message), each.id) for each in (sending, waiting)]

        put_published(message)

        after = [self.version(self.live(browser, message), each.id) for each in (sending, waiting)]
        assert after[0] != before[0]
        assert after[1] == before[1]

    def test_is_a_part_and_no_page(self, browser: Browser):
        browser.sign_in()

        assert "<html" not in self.live(browser, put_message(S.PUBLISHING))

    @pytest.mark.parametrize("status", [S.DRAFT, S.PUBLISHED, S.FAILED, S.CANCELLED, S.NEEDS_ATTENTION])
    def test_is_not_asked_for_where_nothing_happens_by_itself(self, browser: Browser, status: MessageStatus):
        browser.sign_in()

        assert 'data-watch=""' in read(browser, put_message(status))

    def test_is_asked_for_from_its_due_time_on(self, browser: Browser):
        browser.sign_in()
        at = now() + LATER

        assert f'data-watch="{at.isoformat()}"' in read(browser, put_message(S.SCHEDULED, scheduled_at=at))


class TestWhoMayRead:
    def test_is_nobody_but_its_owner_among_members(self, browser: Browser):
        browser.sign_in(groups=["member"], sub="mallory")

        assert failure_of(browser.get(address(put_message(S.DRAFT, owner="alice")))) == (404, "gone")
        assert browser.get(address(put_message(S.DRAFT, owner="mallory"))).status_code == 200

    def test_is_told_that_there_is_no_such_message(self, browser: Browser):
        browser.sign_in()

        assert failure_of(browser.get("/admin/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV/")) == (404, "gone")
