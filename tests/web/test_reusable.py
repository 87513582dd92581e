"""Series, templates and groups of hashtags on the desk: lists, forms, what they show, and what they refuse."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Problem
from publishing.domain.permissions import Role
from publishing.domain.series import Frequency, Occurrence, Rule, Series, SeriesStatus, moment_of, occurrence_id
from publishing.domain.template import HashtagGroup, Template
from publishing.store import series as stored
from publishing.store import templates, writes
from tests.api.conftest import Table, put_account, surroundings
from tests.web.conftest import Browser, failure_of
from tests.web.counting import counted
from tests.web.desk import HOSTILE, put_message
from tests.web.test_administration import form_of
from tests.web.test_lists import text_of

__all__ = ["put_account", "surroundings"]

TEMPLATES = "/admin/publishing/template/"
GROUPS = "/admin/publishing/hashtaggroup/"
SERIES = "/admin/publishing/series/"


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def put_template(text: str = "Hello {{ name }}!", **fields: Any) -> Template:
    values: dict[str, Any] = {"id": "01KBCD0000000000000000000T", "owner": "alice", "name": "Welcome"}
    template = Template(**{**values, "text": text, "created_at": now(), "updated_at": now(), **fields})
    writes.run(templates.put(template))
    return template


def put_series(**fields: Any) -> Series:
    message = put_message(MessageStatus.DRAFT, scheduled_at=None, owner=fields.get("owner", "alice"))
    rule = Rule(frequency=Frequency.DAILY, at=time(9), zone="Europe/Berlin", starts_on=now().date() - timedelta(days=3))
    values: dict[str, Any] = {
        "id": "01KBCD0000000000000000000S", "owner": "alice", "roles": frozenset({Role.EDITOR}), "name": "Morning tip",
        "message_id": message.id, "rule": rule, "created_at": now(), "updated_at": now(),
    }  # fmt: skip
    series = Series(**{**values, **fields})
    writes.run(stored.put_series(series, make_at=None))
    return series


def editor(browser: Browser, sub: str = "alice", name: str = "Alice Moore") -> Browser:
    browser.sign_in(sub=sub, name=name, groups=["editor"])
    return browser


def errors_at(page: str, field: str) -> str:
    """Return what is said beside a field."""
    row = re.search(rf'<div class="form-row[^"]*field-{field}.*?(?=<div class="form-row|</fieldset>)', page, re.DOTALL)
    found = re.search(r'<ul class="errorlist".*?</ul>', row[0], re.DOTALL) if row else None
    return re.sub(r"<[^>]+>", "", found[0]) if found else ""


class TestTemplates:
    def test_teach_where_there_are_none(self, browser: Browser, table: Table):
        page = text_of(editor(browser).get(TEMPLATES))

        assert "No templates yet" in page
        assert f'href="{TEMPLATES}add/"' in page

    def test_are_listed_with_their_variables_in_two_reads(self, browser: Browser, table: Table):
        put_template("Hello {{ name }} in {{ place }}")
        editor(browser)

        with counted() as asked:
            page = text_of(browser.get(TEMPLATES))

        assert "Welcome" in page
        assert '<code class="variable">place</code>' in page
        assert asked["Query"] == 1
        # One of the reads is the session's.
        assert sum(asked.values()) <= 3

    def test_are_made_once_however_often_the_form_is_sent(self, browser: Browser, table: Table):
        editor(browser)
        address = f"{TEMPLATES}add/"
        typed = form_of(text_of(browser.get(address)), name="Fair", body="See you at {{ hall }}, {{ day }}.")

        first = browser.post(address, address, **typed)
        second = browser.post(address, address, **typed)

        assert (first.status_code, second.status_code) == (302, 302), text_of(first)
        assert first["Location"] == second["Location"]
        assert [each.name for each in templates.list_all(Template)] == ["Fair"]
        page = text_of(browser.get(first["Location"]))
        assert "See you at hall, day." in page
        assert 'data-sample="hall"' in page
        assert "“Fair” was made." in page

    def test_say_beside_the_field_what_is_wrong_and_keep_what_was_typed(self, browser: Browser, table: Table):
        editor(browser)
        address = f"{TEMPLATES}add/"
        typed = form_of(text_of(browser.get(address)), name="Fair", body="Braces {{ not a name }}")

        page = text_of(browser.post(address, address, **typed))

        assert "Doubled braces stand for a variable" in errors_at(page, "body")
        assert "Braces {{ not a name }}" in page
        assert templates.count(Template) == 0

    def test_tell_a_second_editor_who_was_first(self, browser: Browser, other_browser: Browser, table: Table):
        template = put_template()
        editor(browser)
        editor(other_browser, "bob", "Bob Stone")
        address = f"{TEMPLATES}{template.id}/change/"
        mine, theirs = (text_of(each.get(address)) for each in (browser, other_browser))
        sent = other_browser.post(address, address, **form_of(theirs, body="Theirs"))
        assert sent.status_code == 302, text_of(sent)

        page = text_of(browser.post(address, address, **form_of(mine, body="Mine")))

        assert templates.get(Template, template.id).text == "Theirs"
        assert "Bob Stone changed this at" in page
        assert "It says now: Theirs" in page
        assert browser.post(address, address, **form_of(page, body="Mine")).status_code == 302
        assert templates.get(Template, template.id).text == "Mine"

    def test_are_deleted_after_a_question(self, browser: Browser, table: Table):
        template = put_template()
        editor(browser)
        address = f"{TEMPLATES}{template.id}/delete/"
        assert "Are you sure" in text_of(browser.get(address))

        assert browser.post(address, address, post="yes").status_code == 302

        assert templates.find(Template, template.id) is None

    def test_show_what_was_typed_as_it_was_typed(self, browser: Browser, table: Table):
        put_template(HOSTILE, name="<b>Bold</b>")
        editor(browser)

        for address in (TEMPLATES, f"{TEMPLATES}01KBCD0000000000000000000T/change/"):
            page = browser.get(address).content.decode()
            assert "<script>alert" not in page
            assert "<b>Bold" not in page

    def test_are_only_shown_to_viewers_and_hidden_from_members(
        self, browser: Browser, other_browser: Browser, table: Table
    ):
        template = put_template()
        browser.sign_in(sub="vera", groups=["viewer"])
        other_browser.sign_in(sub="max", groups=["member"])
        address = f"{TEMPLATES}{template.id}/change/"

        page = text_of(browser.get(address))

        assert 'name="body"' not in page
        assert "Hello {{ name }}!" in page
        assert failure_of(browser.post(address, address, name="x", body="y"))[0] == 403
        assert failure_of(other_browser.get(address)) == (403, "not_allowed")
        assert TEMPLATES not in text_of(other_browser.get("/admin/"))


class TestHashtagGroups:
    def test_take_words_with_and_without_their_mark(self, browser: Browser, table: Table):
        editor(browser)
        address = f"{GROUPS}add/"
        typed = form_of(text_of(browser.get(address)), name="Fair", tags="#fair autumn,\nmünchen")

        response = browser.post(address, address, **typed)

        assert response.status_code == 302, text_of(response)
        assert [each.hashtags for each in templates.list_all(HashtagGroup)] == [("#fair", "#autumn", "#münchen")]
        assert "#münchen" in text_of(browser.get(GROUPS))

    def test_refuse_what_is_no_hashtag_beside_the_field(self, browser: Browser, table: Table):
        editor(browser)
        address = f"{GROUPS}add/"
        typed = form_of(text_of(browser.get(address)), name="Fair", tags="#fair #a-b 2026")

        page = text_of(browser.post(address, address, **typed))

        assert "A hashtag is one word with a letter in it" in errors_at(page, "tags")
        assert "#fair #a-b 2026" in page
        assert templates.count(HashtagGroup) == 0

    def test_are_changed_and_deleted(self, browser: Browser, table: Table):
        group = HashtagGroup(
            id="01KBCD0000000000000000000H", owner="alice", name="Fair", hashtags=("#fair",), created_at=now(),
            updated_at=now(),
        )  # fmt: skip
        writes.run(templates.put(group))
        editor(browser)
        address = f"{GROUPS}{group.id}/change/"

        browser.post(address, address, **form_of(text_of(browser.get(address)), tags="#fair #spring"))
        changed = templates.get(HashtagGroup, group.id)
        browser.post(f"{GROUPS}{group.id}/delete/", f"{GROUPS}{group.id}/delete/", post="yes")

        assert (changed.hashtags, changed.rev) == (("#fair", "#spring"), 2)
        assert templates.find(HashtagGroup, group.id) is None

    def test_teach_where_there_are_none(self, browser: Browser, table: Table):
        assert "No groups of hashtags yet" in text_of(editor(browser).get(GROUPS))


class TestSeries:
    def message(self) -> Message:
        return put_message(MessageStatus.DRAFT, scheduled_at=None, owner="alice", title="The tip")

    def new(self, browser: Browser, message: Message, **typed: Any) -> Any:
        address = f"{SERIES}add/?message={message.id}"
        page = text_of(browser.get(address))
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
        offered = text_of(browser.get(f"{SERIES}add/?message={message.id}"))

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
            text_of(browser.get(address)), name="Tip", message_id=message.id, frequency="daily", at="09:00",
            zone="UTC", starts_on=f"{now().date()}",
        )  # fmt: skip

        answers = [browser.post(address, address, **typed) for _ in range(2)]

        assert answers[0]["Location"] == answers[1]["Location"]
        assert len(stored.list_series()) == 1

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({"weekdays": []}, "weekdays", "A weekly series names its weekdays"),
            ({"frequency": "monthly"}, "month_day", "A monthly series names its day"),
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

        card = page[page.index('id="next-head"') : page.index('id="made-head"')]
        assert card.count("<li") == 5
        assert card.count("09:00 <span") == 5
        assert "Europe/Berlin" in card
        assert asked["Query"] <= 1
        assert sum(asked.values()) <= 4

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
        assert stored.get_series(series.id).status is SeriesStatus.ACTIVE

    def test_say_why_they_stopped(self, browser: Browser, table: Table):
        problem = Problem(code="gone", detail="The message that it repeats is gone.", retryable=False)
        series = put_series(status=SeriesStatus.STOPPED, problem=problem)
        editor(browser)

        page = text_of(browser.get(f"{SERIES}{series.id}/change/"))

        assert "It stopped by itself." in page
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
