"""The desk's first page: what it says of messages and accounts, to whom, and what it asks the table for that."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import AccountStatus, Hold
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Problem, Reason
from publishing.domain.quota import Quota, QuotaUnit
from publishing.store import accounts
from tests.web.conftest import Browser
from tests.web.desk import (
    HOSTILE,
    counted,
    now,
    put_account,
    put_delivery,
    put_message,
    put_published,
    stop,
)

S = MessageStatus
LATER = timedelta(hours=3)


def section(text: str, name: str) -> str:
    """The card with this heading's id."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}-head".*?</section>', text, re.DOTALL)
    assert found, name
    return found[0]


def read(browser: Browser) -> str:
    response = browser.get("/admin/")
    assert response.status_code == 200
    return str(response.content.decode())


class TestTheDashboard:
    def test_teaches_the_first_steps_where_there_is_nothing_yet(self, browser: Browser):
        browser.sign_in()

        page = read(browser)

        assert "First steps" in page
        assert "Connect an account" in page
        assert "An administrator does this." in page

    def test_stops_teaching_once_there_is_a_message(self, browser: Browser):
        browser.sign_in()
        put_message(S.SCHEDULED, scheduled_at=now() + LATER)

        assert "First steps" not in read(browser)

    def test_names_what_is_due_next_the_earliest_first(self, browser: Browser):
        browser.sign_in()
        account = put_account()
        put_message(S.SCHEDULED, account, title="Later", scheduled_at=now() + 2 * LATER)
        put_message(S.SCHEDULED, account, title="Sooner", scheduled_at=now() + LATER)
        put_message(S.DRAFT, account, title="Never", scheduled_at=None)

        due = section(read(browser), "due")

        assert due.index("Sooner") < due.index("Later")
        assert "Never" not in due
        assert "Overdue" not in due

    def test_says_so_when_something_should_have_gone_out(self, browser: Browser):
        browser.sign_in()
        put_message(S.SCHEDULED, title="Held back", scheduled_at=now() - LATER)
        stop()

        page = read(browser)

        assert "The stop switch is on" in page
        assert "Overdue" in section(page, "due")

    def test_shows_what_needs_somebody_the_most_urgent_first(self, browser: Browser):
        browser.sign_in()
        put_message(S.PARTLY_PUBLISHED, title="In part")
        put_message(S.FAILED, title="Not at all")
        put_message(S.NEEDS_ATTENTION, title="Nobody knows")
        put_message(S.PUBLISHED, title="Fine")
        put_account(name="Old page", status=AccountStatus.NEEDS_REAUTH,
                    problem=Problem(code="credential", detail="The password was changed.", retryable=True))  # fmt: skip

        card = section(read(browser), "attention")

        places = [card.index(title) for title in ("Nobody knows", "Not at all", "In part")]
        assert places == sorted(places)
        assert "Fine" not in card
        assert "The password was changed." in card
        assert "Old page" in card

    def test_shows_deliveries_that_wait_for_a_person(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHING)
        put_delivery(message, DeliveryState.RETRY, parked_since=now(), last=Reason.CREDENTIAL, next_at=now() + LATER)

        card = section(read(browser), "attention")

        assert "A delivery waits" in card
        assert "must be connected again" in card

    def test_counts_failures_by_channel_with_their_usual_reason(self, browser: Browser):
        browser.sign_in()
        mail = put_account(channel="email")
        for _ in range(2):
            message = put_message(S.FAILED, mail)
            refused = Problem(code="content", detail="Too long.", retryable=False)
            put_delivery(message, DeliveryState.FAILED, problem=refused)

        card = section(read(browser), "failures")

        assert "does not take this content" in card
        assert "<strong>2</strong>" in card

    def test_draws_how_late_things_went_out_and_says_it_in_a_table_too(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED, title="On the dot")
        put_published(message)

        page = read(browser)
        card = section(page, "late")

        assert "On the dot" in section(page, "today")
        assert card.count('<rect class="bar"') == 1
        assert "half within 0.0 seconds" in card
        assert '<td class="number">0.0</td>' in card

    def test_says_whose_quota_is_used_up_and_until_when(self, browser: Browser):
        browser.sign_in()
        account = put_account(name="Example page")
        accounts.hold_account(account.id, hold=Hold(until=now() + LATER, reason=Reason.QUOTA, detail="Daily quota."))

        card = section(read(browser), "accounts")

        assert "Quota used up" in card
        assert "goes on at" in card

    def test_marks_each_channel_of_a_message_once_and_counts_those_that_have_no_room(self, browser: Browser):
        browser.sign_in()
        kinds = ("bluesky", "email", "facebook", "linkedin", "mastodon", "sms", "webhook", "linkedin")
        put_message(S.SCHEDULED, *(put_account(channel=kind) for kind in kinds), scheduled_at=now() + LATER)

        due = section(read(browser), "due")

        assert due.count("#channel-linkedin") == 1
        assert '<span class="small">+1</span>' in due

    def test_says_what_is_left_as_the_latest_publication_told(self, browser: Browser):
        browser.sign_in()
        account = put_account(name="Example page")
        for hours, left in ((2, 17), (1, 3_000), (3, 9)):
            quota = Quota(left=left, limit=5_000, unit=QuotaUnit.POINTS, resets_at=now() + LATER)
            put_published(put_message(S.PUBLISHED, account, scheduled_at=now() - timedelta(hours=hours)), quota=quota)

        card = section(read(browser), "accounts")

        assert "3,000 of 5,000 points left; all of it again at" in card
        assert "Nearly used up" not in card

    def test_warns_before_a_quota_is_used_up(self, browser: Browser):
        browser.sign_in()
        account = put_account(name="Example page")
        quota = Quota(left=9, limit=100, unit=QuotaUnit.PERCENT)
        put_published(put_message(S.PUBLISHED, account, scheduled_at=now()), quota=quota)

        card = section(read(browser), "accounts")

        assert "9 % of the calls left" in card
        assert "Nearly used up" in card

    def test_takes_a_quota_for_whole_once_its_time_is_over(self, browser: Browser):
        browser.sign_in()
        account = put_account(name="Example page")
        quota = Quota(left=1, limit=300, resets_at=now() - timedelta(seconds=1))
        put_published(put_message(S.PUBLISHED, account, scheduled_at=now()), quota=quota)

        assert "300 of 300 calls left" in section(read(browser), "accounts")

    def test_shows_what_was_typed_as_it_was_typed(self, browser: Browser):
        browser.sign_in()
        put_message(S.FAILED, title=HOSTILE)
        put_account(name=HOSTILE, status=AccountStatus.BLOCKED)

        page = read(browser)

        assert "<script>alert" not in page
        assert (
            page.count("&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; \u202eRTL\u202c zero\u200bwidth") >= 2
        )


class TestWhoIsSigned:
    def test_as_a_member_sees_only_what_is_theirs(self, browser: Browser):
        browser.sign_in(groups=["member"], sub="mallory")
        put_account(name="Secret page")
        put_account(name="Open page", open_to_members=True)
        put_message(S.SCHEDULED, title="Of somebody else", scheduled_at=now() + LATER, owner="alice")
        put_message(S.SCHEDULED, title="Of their own", scheduled_at=now() + LATER, owner="mallory")

        page = read(browser)

        assert "Of their own" in page
        assert "Open page" in page
        assert "Of somebody else" not in page
        assert "Secret page" not in page

    def test_without_a_role_is_told_how_to_get_one(self, browser: Browser):
        browser.sign_in(groups=[])

        assert "You have no role yet" in read(browser)


class TestItsCost:
    @pytest.mark.parametrize("day", [3, 20])
    @pytest.mark.parametrize("groups", [["admin"], ["member"]])
    def test_is_three_queries_and_one_read_whatever_day_it_is(
        self, browser: Browser, monkeypatch: pytest.MonkeyPatch, day: int, groups: list[str]
    ):
        browser.sign_in(groups=groups)
        at = datetime(2026, 11, day, 12, tzinfo=UTC)
        each = [put_account(open_to_members=True) for _ in range(12)]
        for hours in range(-60, 60, 4):
            status = S.SCHEDULED if hours > 0 else S.NEEDS_ATTENTION
            put_message(status, *each[:4], scheduled_at=at + timedelta(hours=hours), title=f"At {hours}")
        # The session is judged by the real time, the page by its own.
        monkeypatch.setattr("publishing.admin.dashboard.clock", _At(at))

        with counted() as asked:
            page = read(browser)

        assert asked["Query"] <= 3
        # One of the two is the session's, which the door reads.
        assert asked["BatchGetItem"] <= 2
        assert set(asked) <= {"Query", "BatchGetItem"}
        if groups == ["admin"]:
            assert "At 4" in section(page, "due")
            assert "At 0" in section(page, "attention")

    def test_looks_into_the_month_before_in_the_first_days_of_one(
        self, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ):
        browser.sign_in()
        put_message(S.FAILED, title="Last month", scheduled_at=datetime(2026, 10, 31, 23, tzinfo=UTC))
        put_message(S.SCHEDULED, title="This month", scheduled_at=datetime(2026, 11, 9, tzinfo=UTC))
        monkeypatch.setattr("publishing.admin.dashboard.clock", _At(datetime(2026, 11, 1, 1, tzinfo=UTC)))

        page = read(browser)

        assert "Last month" in section(page, "attention")
        assert "This month" in section(page, "due")


class _At:
    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self, *_: Any) -> datetime:
        return self._moment
