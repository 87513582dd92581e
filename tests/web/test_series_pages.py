"""Series on the desk: lists, the form with what becomes of it while it is typed, buttons, and what they refuse."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Problem
from publishing.domain.series import (
    Frequency,
    Occurrence,
    Rule,
    Series,
    SeriesStatus,
    Weekday,
    moment_of,
    occurrence_id,
    occurrences,
)
from publishing.services import configured as process
from publishing.store import messages, writes
from publishing.store import series as stored
from tests.api.conftest import Table, surroundings
from tests.builders import build_rule, build_series
from tests.web.conftest import Browser, failure_of
from tests.web.counting import counted
from tests.web.desk import HOSTILE, put_account, put_message
from tests.web.test_administration import form_of
from tests.web.test_lists import text_of
from tests.web.test_reusable import editor, errors_at, now

__all__ = ["surroundings"]

SERIES = "/admin/publishing/series/"


def put_series(**fields: Any) -> Series:
    message = put_message(MessageStatus.DRAFT, scheduled_at=None, owner=fields.get("owner", "alice"))
    values: dict[str, Any] = {
        "id": "01KBCD0000000000000000000S", "name": "Morning tip", "message_id": message.id, "created_at": now(),
        "rule": build_rule(starts_on=now().date() - timedelta(days=3)), "updated_at": now(),
    }  # fmt: skip
    series = build_series(**{**values, **fields})
    writes.run(stored.put_series(series, make_at=None))
    return series


class TestSeries:
    def message(self) -> Message:
        return put_message(MessageStatus.DRAFT, scheduled_at=None, owner="alice", title="The tip")

    def new(self, browser: Browser, message: Message, **typed: Any) -> Any:
        address = f"{SERIES}add/?message={message.id}"
        page = text_of(browser.open(address))
        rule = {
            "message_id": message.id, "name": "Tip", "frequency": "weekly", "at": "09:00", "zone": "Europe/Berlin",
            "starts_on": f"{now().date() + timedelta(days=1)}", "weekdays": ["monday", "thursday"],
        }  # fmt: skip
        return browser.post(address, address, **form_of(page, **{**rule, **typed}))

    def test_teach_where_there_are_none(self, browser: Browser, table: Table):
        assert "Nothing recurs yet" in text_of(editor(browser).get(SERIES))

    def test_are_made_from_a_message_of_ones_own(self, browser: Browser, surroundings: Any):
        editor(browser)
        message = self.message()
        offered = text_of(browser.open(f"{SERIES}add/?message={message.id}"))

        response = self.new(browser, message)

        assert f'<option value="{message.id}" selected>The tip</option>' in offered
        assert response.status_code == 302, text_of(response)
        (series,) = stored.list_series()
        assert (series.name, series.message_id, series.rule.at, series.rule.zone) == (
            "Tip", message.id, time(9), "Europe/Berlin",
        )  # fmt: skip
        assert {day.value for day in series.rule.weekdays} == {"monday", "thursday"}

    def test_are_made_once_however_often_the_form_is_sent(self, browser: Browser, surroundings: Any):
        editor(browser)
        message = self.message()
        address = f"{SERIES}add/"
        typed = form_of(
            text_of(browser.open(address)), name="Tip", message_id=message.id, frequency="daily", at="09:00",
            zone="UTC", starts_on=f"{now().date()}",
        )  # fmt: skip

        answers = [browser.post(address, address, **typed) for _ in range(2)]

        assert answers[0]["Location"] == answers[1]["Location"]
        assert len(stored.list_series()) == 1

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({"weekdays": []}, "weekdays", "A weekly series has weekdays. Choose at least one."),
            ({"frequency": "monthly", "month_day": ""}, "month_day", "A monthly series has a day of the month."),
            ({"ends_on": "2020-01-01"}, "ends_on", "The last date is before the first one"),
            ({"zone": "Mars/Base"}, "zone", "is no time zone"),
            ({"exceptions": "Christmas"}, "exceptions", "Write days as 2026-12-25"),
        ],
    )
    def test_say_beside_the_field_what_is_wrong(
        self, browser: Browser, surroundings: Any, typed: dict[str, Any], field: str, said: str
    ):
        editor(browser)

        page = text_of(self.new(browser, self.message(), **typed))

        assert said in (errors_at(page, field) or (page if field == "zone" else ""))
        assert stored.list_series() == ()

    def test_show_the_next_five_times_on_the_wall_of_their_zone(self, browser: Browser, table: Table):
        series = put_series()
        editor(browser)

        with counted() as asked:
            page = text_of(browser.get(f"{SERIES}{series.id}/change/"))

        card = page[page.index('id="next-head"') : page.index('id="repeats-head"')]
        assert card.count("<li") == 5
        assert card.count("09:00 <span") == 5
        assert "Europe/Berlin" in card
        assert asked["Query"] <= 1
        # The session, the series, its messages with the one that is repeated, and the accounts of that one.
        assert sum(asked.values()) <= 5

    def test_link_the_messages_that_they_made(self, browser: Browser, table: Table):
        today = now().date()
        on = today - timedelta(days=1)
        series = put_series(last_index=on.toordinal())
        moment = moment_of(on, time(9), "Europe/Berlin")
        made = put_message(
            MessageStatus.PUBLISHED, id=occurrence_id(series.id, Occurrence(on=on, at=moment)), scheduled_at=moment
        )
        editor(browser)

        page = text_of(browser.get(f"{SERIES}{series.id}/change/"))

        card = page[page.index('id="made-head"') :]
        assert f'href="/admin/messages/{made.id}/"' in card
        assert "Published" in card

    def test_are_paused_and_resumed(self, browser: Browser, surroundings: Any):
        series = put_series()
        editor(browser)
        address = f"{SERIES}{series.id}/"

        browser.post(f"{address}change/", f"{address}do/pause/")
        paused = stored.get_series(series.id).status
        page = text_of(browser.get(f"{address}change/"))
        browser.post(f"{address}change/", f"{address}do/resume/")

        assert paused is SeriesStatus.PAUSED
        assert "do/pause/" not in page
        assert "It is paused and makes no messages." in page
        assert "Those that it made stay scheduled." in page
        assert stored.get_series(series.id).status is SeriesStatus.ACTIVE

    def test_are_ended_and_may_go_on_while_their_rule_names_days(self, browser: Browser, surroundings: Any):
        series = put_series()
        editor(browser)
        address = f"{SERIES}{series.id}/"

        browser.post(f"{address}change/", f"{address}do/end/")
        page = text_of(browser.get(f"{address}change/"))
        ended = stored.get_series(series.id).status
        browser.post(f"{address}change/", f"{address}do/resume/")

        assert ended is SeriesStatus.ENDED
        assert "It has ended: it makes no more messages. Those that it made stay scheduled" in page
        assert ("do/end/" in page, "do/pause/" in page) == (False, False)
        assert stored.get_series(series.id).status is SeriesStatus.ACTIVE

    def test_without_a_day_left_cannot_go_on(self, browser: Browser, surroundings: Any):
        rule = Rule(frequency=Frequency.DAILY, at=time(9), zone="UTC", starts_on=date(2026, 1, 1), count=2)
        series = put_series(rule=rule, status=SeriesStatus.ENDED)
        editor(browser)
        address = f"{SERIES}{series.id}/"

        assert "do/resume/" not in text_of(browser.get(f"{address}change/"))
        said = browser.post(f"{address}change/", f"{address}do/resume/")

        assert stored.get_series(series.id).status is SeriesStatus.ENDED
        assert "names no date that is still to come" in text_of(browser.get(said["Location"]))

    def test_say_why_they_stopped(self, browser: Browser, table: Table):
        problem = Problem(code="gone", detail="The message that it repeats is gone.", retryable=False)
        series = put_series(status=SeriesStatus.STOPPED, problem=problem)
        editor(browser)

        page = text_of(browser.get(f"{SERIES}{series.id}/change/"))

        assert "It stopped by itself." in page
        assert "Until somebody resumes it, it makes no messages" in page
        assert "The message that it repeats is gone." in page
        assert "do/resume/" in page
        assert "The message that it repeats is gone." in text_of(browser.get(SERIES))

    def test_keep_their_rule_when_only_the_name_changes(self, browser: Browser, surroundings: Any):
        series = put_series()
        editor(browser)
        address = f"{SERIES}{series.id}/change/"
        typed = form_of(
            text_of(browser.get(address)), name="New name", message_id=series.message_id, frequency="daily",
            at="09:00", zone="Europe/Berlin", starts_on=series.rule.starts_on.isoformat(),
        )  # fmt: skip

        response = browser.post(address, address, **typed)

        assert response.status_code == 302, text_of(response)
        changed = stored.get_series(series.id)
        assert (changed.name, changed.rule, changed.rev) == ("New name", series.rule, 2)

    def test_tell_a_second_editor_that_they_came_second(
        self, browser: Browser, other_browser: Browser, surroundings: Any
    ):
        series = put_series()
        editor(browser)
        editor(other_browser, "bob", "Bob Stone")
        address = f"{SERIES}{series.id}/change/"
        typed = form_of(
            text_of(browser.get(address)), message_id=series.message_id, frequency="daily", at="10:00",
            zone="Europe/Berlin", starts_on=series.rule.starts_on.isoformat(),
        )  # fmt: skip
        other_browser.post(address, f"{SERIES}{series.id}/do/pause/")

        page = text_of(browser.post(address, address, **typed))

        assert "Bob Stone changed this at" in page
        assert stored.get_series(series.id).rule.at == time(9)

    def test_are_shown_to_viewers_without_a_form(self, browser: Browser, table: Table):
        series = put_series()
        browser.sign_in(sub="vera", groups=["viewer"])

        page = text_of(browser.get(f"{SERIES}{series.id}/change/"))

        assert 'name="at"' not in page
        assert "Every day at 09:00 (Europe/Berlin)" in page
        assert "do/pause/" not in page

    def test_are_listed_with_their_rule_and_next_time(self, browser: Browser, table: Table):
        put_series(name="<b>Bold</b>")
        editor(browser)

        with counted() as asked:
            page = browser.get(SERIES).content.decode()

        assert "Every day at 09:00 (Europe/Berlin)" in page
        assert "<b>Bold" not in page
        assert asked["Query"] == 1
        assert sum(asked.values()) <= 4

    def test_that_ended_name_no_further_day(self, browser: Browser, table: Table):
        rule = Rule(frequency=Frequency.DAILY, at=time(9), zone="UTC", starts_on=date(2026, 1, 1), count=2)
        series = put_series(rule=rule, status=SeriesStatus.ENDED)

        page = text_of(editor(browser).get(f"{SERIES}{series.id}/change/"))

        assert "The rule names no further day." in page


def last_sunday(month: int) -> date:
    """When clocks of Berlin change next year: in March they jump over 02:30, in October they show it twice."""
    day = date(now().year + 1, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


class TestTheirPreview:
    """The next times, while the rule is typed."""

    def look(self, browser: Browser, **typed: Any) -> dict[str, Any]:
        rule = {
            "frequency": "daily", "at": "09:00", "zone": "Europe/Berlin",
            "starts_on": f"{now().date() + timedelta(days=10)}",
        }  # fmt: skip
        response = browser.post(f"{SERIES}add/", f"{SERIES}preview/", **{**rule, **typed})
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def test_is_what_the_scheduler_would_make(self, browser: Browser, table: Table):
        editor(browser)
        first = now().date() + timedelta(days=10)
        rule = Rule(
            frequency=Frequency.WEEKLY, at=time(9), zone="Europe/Berlin", starts_on=first,
            weekdays=frozenset({Weekday.MONDAY, Weekday.FRIDAY}),
        )  # fmt: skip
        expected = [each.at.isoformat() for each, _ in zip(occurrences(rule, after=now()), range(5), strict=False)]

        answer = self.look(browser, frequency="weekly", weekdays=["monday", "friday"], starts_on=first.isoformat())

        assert answer["problems"] == {}
        assert [part.partition('"')[0] for part in answer["times"].split('datetime="')[1:]] == expected

    def test_writes_nothing_and_makes_no_query(self, browser: Browser, table: Table):
        editor(browser)
        message = put_message(MessageStatus.DRAFT, scheduled_at=None)
        series = put_series()
        text_of(browser.open(f"{SERIES}add/"))
        before = table.snapshot()
        browser.client.handler.enforce_csrf_checks = False

        with counted() as asked:
            response = browser.client.post(
                f"{SERIES}preview/",
                {"frequency": "daily", "at": "09:00", "zone": "UTC", "starts_on": f"{now().date()}",
                 "message_id": message.id, "series": series.id},
                secure=True,
            )  # fmt: skip

        assert response.status_code == 200
        assert table.snapshot() == before
        assert (asked["Query"], asked["Scan"]) == (0, 0)
        assert sum(asked.values()) <= 4

    def test_says_in_words_that_a_clock_jumps_over_the_time(self, browser: Browser, table: Table):
        on = last_sunday(3)

        times = self.look(editor(browser), at="02:30", starts_on=on.isoformat())["times"]

        assert f"The clock jumps over 02:30 on {on.day} March: it goes out at 03:00." in times

    def test_says_in_words_that_a_clock_shows_the_time_twice(self, browser: Browser, table: Table):
        on = last_sunday(10)

        times = self.look(editor(browser), at="02:30", starts_on=on.isoformat())["times"]

        assert f"The clock shows 02:30 twice on {on.day} October: it goes out the first time." in times

    @pytest.mark.parametrize("month", [3, 10])
    def test_says_that_the_time_stays_when_clocks_change(self, browser: Browser, table: Table, month: int):
        starts_on = last_sunday(month) - timedelta(days=1)

        times = self.look(editor(browser), starts_on=starts_on.isoformat())["times"]

        assert times.count("Clocks change before it: there, it stays 09:00.") == 1
        assert times.count("09:00 <span") == 5

    def test_says_which_months_are_too_short(self, browser: Browser, table: Table):
        starts_on = date(now().year + 1, 1, 1)

        times = self.look(editor(browser), frequency="monthly", month_day="31", starts_on=starts_on.isoformat())[
            "times"
        ]

        # February and April of the five.
        assert times.count("This month has no day 31: it goes out on the last one.") == 2

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({"frequency": "weekly"}, "weekdays", "Choose at least one"),
            ({"frequency": "monthly", "month_day": "40"}, "month_day", "less than or equal to 31"),
            ({"ends_on": "2020-01-01"}, "ends_on", "before the first one"),
            ({"zone": "Mars/Base"}, "zone", "is no time zone"),
            ({"exceptions": "Christmas"}, "exceptions", "Write days as 2026-12-25"),
            ({"count": "9999"}, "count", "from 1 to 1,000"),
            ({"starts_on": "2020-01-01", "ends_on": "2020-02-01"}, "ends_on", "no date that is still to come"),
        ],
    )
    def test_names_problems_by_their_fields(
        self, browser: Browser, table: Table, typed: dict[str, Any], field: str, said: str
    ):
        answer = self.look(editor(browser), **typed)

        assert said in " ".join(answer["problems"][field])
        assert list(answer["problems"]) == [field]
        assert "Put right what is marked" in answer["times"]

    def test_calls_what_is_not_typed_yet_no_problem(self, browser: Browser, table: Table):
        answer = self.look(editor(browser), at="", starts_on="")

        assert answer["problems"] == {}
        assert "Choose days, a time and a first day" in answer["times"]

    def test_of_a_change_leaves_out_dates_that_have_their_message(self, browser: Browser, table: Table):
        tomorrow = now().date() + timedelta(days=1)
        series = put_series(last_index=tomorrow.toordinal())

        answer = self.look(editor(browser), series=series.id, starts_on=now().date().isoformat(), at="23:59")

        assert f'data-skip="{tomorrow}"' not in answer["times"]
        assert f'data-skip="{tomorrow + timedelta(days=1)}"' in answer["times"]

    def test_tells_that_it_ends(self, browser: Browser, table: Table):
        answer = self.look(editor(browser), count="2")

        assert answer["times"].count("<li") == 2
        assert "Then it ends." in answer["times"]

    def test_warns_where_the_message_goes_out_by_itself_at_the_same_time(self, browser: Browser, table: Table):
        at = (now() + timedelta(days=3)).replace(hour=9, minute=0, second=0)
        message = put_message(MessageStatus.SCHEDULED, scheduled_at=at)

        answer = self.look(
            editor(browser), zone="UTC", message_id=message.id, starts_on=f"{at.date() - timedelta(days=1)}"
        )

        assert answer["times"].count("The message itself goes out at this time too.") == 1
        assert "It goes out by itself as well" in answer["repeats"]

    def test_is_only_for_who_may_make_series(self, browser: Browser, table: Table):
        browser.sign_in(sub="vera", groups=["viewer"])

        assert failure_of(browser.post("/admin/me/", f"{SERIES}preview/", at="09:00"))[0] == 403


class TestWhatTheyRepeat:
    def card(self, browser: Browser, series: Series) -> str:
        page = text_of(browser.get(f"{SERIES}{series.id}/change/"))
        return page[page.index('id="repeats-head"') : page.index('id="made-head"')]

    def series_of(self, message: Message, **fields: Any) -> Series:
        return put_series(message_id=message.id, **fields)

    def test_is_shown_as_it_was_typed_with_its_accounts(self, browser: Browser, table: Table):
        message = put_message(
            MessageStatus.DRAFT, put_account(name="Our <b>page</b>"), text=HOSTILE, scheduled_at=None, owner="alice"
        )
        editor(browser)

        card = self.card(browser, self.series_of(message))

        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in card
        assert "Our &lt;b&gt;page&lt;/b&gt;" in card
        assert f'href="/admin/messages/{message.id}/"' in card
        assert 'class="notice' not in card

    def test_that_is_gone_is_told_before_the_series_stops(self, browser: Browser, table: Table):
        editor(browser)

        card = self.card(browser, put_series(message_id="01KBCD0000000000000000000X"))

        assert "This message is gone, so that nothing can be made of it" in card

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (AccountStatus.DISCONNECTED, "Intranet is no longer connected."),
            (AccountStatus.PAUSED, "Intranet is paused."),
            (AccountStatus.BLOCKED, "Intranet is blocked."),
            (AccountStatus.NEEDS_REAUTH, "Intranet has to be connected again."),
        ],
    )
    def test_names_accounts_that_stand_in_the_way(
        self, browser: Browser, table: Table, status: AccountStatus, said: str
    ):
        message = put_message(MessageStatus.DRAFT, put_account(status=status), scheduled_at=None, owner="alice")

        assert said in self.card(editor(browser), self.series_of(message))

    def test_says_that_an_account_or_every_account_is_missing(self, browser: Browser, table: Table):
        lost = put_message(
            MessageStatus.DRAFT, Account(id="GONE", channel="webhook", name="x", created_at=now(), updated_at=now()),
            scheduled_at=None, owner="alice",
        )  # fmt: skip
        nowhere = put_message(MessageStatus.DRAFT, scheduled_at=None, owner="alice", targets=())
        editor(browser)

        assert "An account of it (Webhook) is gone." in self.card(browser, self.series_of(lost))
        other = self.series_of(nowhere, id="01KBCD0000000000000000000R")
        assert "It is addressed to no account." in self.card(browser, other)

    @pytest.mark.parametrize("status", [MessageStatus.DRAFT, MessageStatus.IN_REVIEW])
    def test_says_what_review_means_for_what_is_made(
        self, browser: Browser, table: Table, monkeypatch: pytest.MonkeyPatch, status: MessageStatus
    ):
        message = put_message(status, scheduled_at=None, owner="alice")
        series = self.series_of(message)
        editor(browser)
        assert "Review is on" not in self.card(browser, series)
        monkeypatch.setenv("OMNIPUB_REVIEW", "true")
        process.context.cache_clear()

        card = self.card(browser, series)

        process.context.cache_clear()
        assert "Review is on: each message that is made of it is submitted for review" in card
        assert "Whether this one is approved makes no difference." in card

    def test_is_told_with_what_a_change_does_to_messages_that_were_made(self, browser: Browser, table: Table):
        until = now().date() + timedelta(days=4)
        series = put_series(last_index=until.toordinal())

        page = text_of(editor(browser).get(f"{SERIES}{series.id}/change/"))

        assert f"Those up to {until:%a}, {until.day} {until:%b} {until.year} are made already" in page
        assert "Whoever changes the message changes what is made afterwards." in page


class TestWhatTheyMade:
    def test_is_found_after_the_rule_became_another_one(self, browser: Browser, table: Table):
        """A Monday's message is one of the series still, though the rule names Tuesdays by now."""
        monday = now().date() - timedelta(days=now().weekday() + 7)
        rule = Rule(
            frequency=Frequency.WEEKLY, at=time(9), zone="UTC", starts_on=monday, weekdays=frozenset({Weekday.TUESDAY})
        )
        series = put_series(rule=rule, rev=2, last_index=now().date().toordinal())
        at = datetime.combine(monday, time(9), UTC)
        made = put_message(
            MessageStatus.PUBLISHED, id=occurrence_id(series.id, Occurrence(on=monday, at=at)), scheduled_at=at
        )

        page = text_of(editor(browser).get(f"{SERIES}{series.id}/change/"))

        assert f'href="/admin/messages/{made.id}/"' in page[page.index('id="made-head"') :]


class TestTheWayThere:
    def test_is_one_click_from_a_message_which_says_that_it_is_repeated(self, browser: Browser, table: Table):
        series = put_series(name="Morning <tip>")
        editor(browser)

        with counted() as asked:
            page = text_of(browser.get(f"/admin/messages/{series.message_id}/"))

        assert f'href="{SERIES}add/?message={series.message_id}"' in page
        assert f'href="{SERIES}{series.id}/change/"' in page
        assert "Morning &lt;tip&gt;" in page
        assert "Without this message it stops." in page
        assert asked["Query"] <= 3
        assert asked["Scan"] == 0

    def test_leads_back_from_a_message_that_a_series_made(self, browser: Browser, table: Table):
        series = put_series()
        made = put_message(MessageStatus.SCHEDULED, scheduled_at=now() + timedelta(days=2), series_id=series.id)

        page = text_of(editor(browser).get(f"/admin/messages/{made.id}/"))

        assert "This message was made by it." in page
        assert f'href="{SERIES}{series.id}/change/"' in page

    def test_keeps_the_clock_that_the_message_has_and_does_not_publish_it_twice(self, browser: Browser, table: Table):
        day = now() + timedelta(days=5)
        at = day.replace(hour=14, minute=30, second=0)
        message = put_message(MessageStatus.SCHEDULED, scheduled_at=at, zone="UTC", owner="alice", title="The tip")

        page = text_of(editor(browser).open(f"{SERIES}add/?message={message.id}"))

        weekday = tuple(Weekday)[at.weekday()].value
        assert f'<option value="{message.id}" selected>The tip</option>' in page
        assert 'name="name" value="The tip"' in page
        assert 'name="at" value="14:30"' in page
        assert f'value="{weekday}" ' in page
        assert f'name="starts_on" value="{at.date() + timedelta(days=1)}"' in page

    def test_keeps_the_choice_of_a_colleagues_message_when_something_is_wrong(
        self, browser: Browser, surroundings: Any
    ):
        message = put_message(MessageStatus.DRAFT, scheduled_at=None, owner="bob", title="Of Bob")
        address = f"{SERIES}add/"
        typed = form_of(
            text_of(editor(browser).open(address)), name="Tip", message_id=message.id, frequency="weekly",
            at="09:00", zone="Europe/Berlin", starts_on=f"{now().date()}",
        )  # fmt: skip

        page = text_of(browser.post(address, address, **typed))

        assert f'<option value="{message.id}" selected>' in page
        assert messages.get_message(message.id).message.owner == "bob"
