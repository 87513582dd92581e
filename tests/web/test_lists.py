"""The desk's lists over the real table: what they show, to whom, and how much they ask of the table."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account
from publishing.domain.ids import new_id
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.store import messages as stored
from tests.api.conftest import Table, put_account, surroundings
from tests.web.conftest import Browser, failure_of
from tests.web.counting import counted

__all__ = ["put_account", "surroundings"]

LIST = "/admin/publishing/message/"
Write = Callable[..., Message]
NOW = datetime.now(UTC)


def text_of(response: Any) -> str:
    assert response.status_code == 200, (response.status_code, response.content)
    return str(response.content.decode())


def names_in(page: str) -> list[str]:
    return re.findall(r'<bdi class="message-name">(.*?)</bdi>', page)


def link(page: str, label: str) -> str:
    """Return where a link with these words leads; empty when there is none."""
    found = re.search(rf'<a href="([^"]+)"[^>]*>{label}</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


class TestTheListOfMessages:
    def test_shows_an_owner_without_a_name_by_how_the_id_begins(self, browser: Browser, write_message: Write):
        owner = "407faa8d-5c1e-4a53-9a4e-0d8ff0a9d0f1"
        browser.sign_in(sub="ada", groups=["admin"])
        write_message(title="Sent by a program", owner=owner)

        page = text_of(browser.get(LIST))

        assert f'<bdi class="short-id" title="{owner}">407faa8d…</bdi>' in page

    def test_says_where_it_is_and_what_its_search_is_for(self, browser: Browser):
        browser.sign_in(sub="ada", groups=["admin"])

        page = text_of(browser.get(LIST))

        assert '<a href="/admin/">Dashboard</a> &rsaquo; Messages' in page
        assert re.search(r'<label for="searchbar"[^>]*>Search messages</label>', page)

    def test_teaches_when_it_is_empty_and_says_so_when_nothing_fits(self, browser: Browser):
        browser.sign_in(sub="ada", groups=["admin"])

        fresh = text_of(browser.get(LIST))
        narrowed = text_of(browser.get(f"{LIST}?status__exact=draft"))

        assert "There is nothing here so far." in fresh
        assert "Write a message" in fresh
        assert "Nothing fits so far." in narrowed
        assert "Clear all filters" in narrowed

    def test_shows_what_each_is_called_its_status_channels_due_time_and_owner(
        self, browser: Browser, write_message: Write
    ):
        browser.sign_in(sub="alice", name="Alice Moore")
        due = NOW + timedelta(hours=3)
        write_message(
            title="Spring sale", owner="alice", status=MessageStatus.SCHEDULED, scheduled_at=due,
            targets=build_targets([("a", "webhook"), ("b", "email")]),
        )  # fmt: skip

        page = text_of(browser.get(LIST))

        assert names_in(page) == ["Spring sale"]
        assert '<span class="badge badge-scheduled">Scheduled</span>' in page
        assert "#channel-webhook" in page
        assert "#channel-email" in page
        assert f'title="{due:%Y-%m-%d %H:%M:%S} UTC"' in page
        assert '<bdi title="alice">Alice Moore</bdi>' in page

    def test_shows_text_as_it_was_typed(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="<script>alert(1)</script> \u202eשלמ👩‍👩‍👧")

        page = text_of(browser.get(LIST))

        assert names_in(page) == ["&lt;script&gt;alert(1)&lt;/script&gt; \u202eשלמ👩‍👩‍👧"]

    def test_asks_the_table_at_most_three_times_and_once_for_names(self, browser: Browser, write_message: Write):
        browser.sign_in()
        for number in range(60):
            write_message(text=f"Message {number}", owner=f"user-{number % 7}")

        with counted() as asked:
            text_of(browser.get(LIST))

        assert asked["Query"] <= 3
        # One for who is signed in, one for the owners' names.
        assert asked["BatchGetItem"] <= 2
        assert sum(asked.values()) <= 5
        assert not asked["Scan"]

    def test_pages_both_ways_without_losing_or_repeating_any(self, browser: Browser, write_message: Write):
        browser.sign_in()
        for number in range(60):
            write_message(text=f"Message {number}", created_at=NOW - timedelta(days=number), id=new_id(NOW))
        ahead, pages = LIST, []

        while ahead:
            page = text_of(browser.get(ahead))
            pages.append(names_in(page))
            way = link(page, "Earlier") or (link(page, "Go on") if len(names_in(page)) else "")
            ahead = LIST + way if way else ""
        back = LIST + link(page, "Later")
        before = names_in(text_of(browser.get(back)))

        seen = [name for names in pages for name in names]
        assert seen == [f"Message {number}" for number in range(60)]
        assert before
        assert set(before) <= set(seen[: -len(pages[-1])] if pages[-1] else seen)

    def test_begins_with_what_is_due_soon_and_offers_what_is_due_later(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="Far", status=MessageStatus.SCHEDULED, scheduled_at=NOW + timedelta(days=75))
        write_message(text="Near", status=MessageStatus.SCHEDULED, scheduled_at=NOW + timedelta(days=1))

        first = text_of(browser.get(LIST))
        later = text_of(browser.get(LIST + link(first, "Later")))

        assert names_in(first) == ["Near"]
        assert names_in(later) == ["Far"]

    def test_says_how_far_it_looked_when_a_filter_cut_it_short(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="Old and failed", status=MessageStatus.FAILED, created_at=datetime(2026, 1, 5, tzinfo=UTC))
        page = text_of(browser.get(f"{LIST}?status__exact=failed"))
        assert not names_in(page)
        assert re.search(r"Looked as far as \w+ 20\d\d\.", page)
        for _ in range(60):
            ahead = link(page, "Go on")
            if names_in(page) or not ahead:
                break
            page = text_of(browser.get(LIST + ahead))

        assert names_in(page) == ["Old and failed"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("status__exact=failed", ["Broken"]),
            ("channel=email", ["Broken"]),
            ("mine=1", ["Mine"]),
            ("q=BROK", ["Broken"]),
            ("q=nothing-like-it", []),
        ],
    )
    def test_filters_and_searches(self, browser: Browser, write_message: Write, query: str, expected: list[str]):
        browser.sign_in(sub="alice")
        write_message(text="Mine", owner="alice")
        write_message(
            text="Broken", owner="bob", status=MessageStatus.FAILED, targets=build_targets([("b", "email")])
        )  # fmt: skip

        assert names_in(text_of(browser.get(f"{LIST}?{query}"))) == expected

    def test_finds_an_id_whatever_the_month(self, browser: Browser, write_message: Write):
        browser.sign_in()
        made = write_message(text="Ancient", created_at=datetime(2026, 1, 5, tzinfo=UTC))

        with counted() as asked:
            page = text_of(browser.get(f"{LIST}?q={made.id}"))

        assert names_in(page) == ["Ancient"]
        assert not asked["Query"]

    def test_drills_down_to_a_month_and_a_day(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="Third of May", created_at=datetime(2026, 5, 3, 12, tzinfo=UTC))
        write_message(text="Fourth of May", created_at=datetime(2026, 5, 4, 12, tzinfo=UTC))

        month = text_of(browser.get(f"{LIST}?at__year=2026&at__month=5"))
        day = text_of(browser.get(f"{LIST}?at__year=2026&at__month=5&at__day=3"))

        assert names_in(month) == ["Fourth of May", "Third of May"]
        assert "May 3" in month
        assert names_in(day) == ["Third of May"]

    def test_is_ordered_only_as_the_table_can(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="First")
        write_message(text="Second")

        page = text_of(browser.get(LIST))
        oldest_first = text_of(browser.get(f"{LIST}?o=4&at__year={NOW.year}&at__month={NOW.month}"))

        assert re.findall(r'<th scope="col" class="sortable column-(\w+)', page) == ["due"]
        assert names_in(oldest_first) == ["First", "Second"]

    @pytest.mark.parametrize("query", ["cursor=x", "title__regex=a", "status__exact=a&status__exact=b", "x=1"])
    def test_begins_anew_where_it_cannot_answer(self, browser: Browser, write_message: Write, query: str):
        browser.sign_in()
        write_message(text="There")

        response = browser.get(f"{LIST}?{query}")

        assert (response.status_code, response["Location"]) == (302, f"{LIST}?e=1")
        assert names_in(text_of(browser.get(response["Location"]))) == ["There"]

    def test_keeps_its_own_order_where_it_is_asked_for_one_of_no_column(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(text="There")

        assert names_in(text_of(browser.get(f"{LIST}?o=9"))) == ["There"]

    def test_exports_what_is_filtered_without_formulas(self, browser: Browser, write_message: Write):
        browser.sign_in()
        write_message(title="=HYPERLINK(1)", text="+1", owner="@alice")
        write_message(title="Plain", status=MessageStatus.FAILED)

        response = browser.get(f"{LIST}export/?status__exact=draft")

        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
        assert [(row["title"], row["text"], row["owner"]) for row in rows] == [("'=HYPERLINK(1)", "'+1", "'@alice")]
        assert response["Content-Disposition"].startswith("attachment; ")


class TestAMember:
    def test_sees_only_their_own(self, browser: Browser, write_message: Write):
        browser.sign_in(sub="mia", groups=["member"])
        write_message(text="Hers", owner="mia")
        other = write_message(text="Secret", owner="bob")

        assert names_in(text_of(browser.get(LIST))) == ["Hers"]
        assert names_in(text_of(browser.get(f"{LIST}?q={other.id}"))) == []
        assert names_in(text_of(browser.get(f"{LIST}?user__id__exact=bob"))) == []
        assert browser.get(f"{LIST}{other.id}/change/").status_code == 302
        assert "Secret" not in text_of(browser.get("/admin/"))

    def test_cannot_use_a_cursor_of_somebody_elses_list(
        self, browser: Browser, other_browser: Browser, write_message: Write
    ):
        for number in range(30):
            write_message(text=f"Secret {number}", owner="bob")
        other_browser.sign_in(sub="bob", groups=["member"])
        ahead = link(text_of(other_browser.get(LIST)), "Earlier")
        assert ahead
        browser.sign_in(sub="mia", groups=["member"])

        response = browser.get(LIST + ahead)

        assert response["Location"] == f"{LIST}?e=1"


class TestAViewer:
    def test_reads_and_changes_nothing(self, browser: Browser, write_message: Write, table: Table):
        browser.sign_in(sub="vera", groups=["viewer"])
        message = write_message(text="To be read")
        page = text_of(browser.get(LIST))
        before = table.snapshot()

        for action in ("publish_now", "cancel", "retry_failed", "duplicate", "delete_selected"):
            browser.post(LIST, LIST, action=action, _selected_action=message.id, index="0", post="yes")
        response = browser.post(LIST, f"{LIST}{message.id}/delete/", post="yes")

        assert 'value="export_selected"' in page
        assert 'value="publish_now"' not in page
        assert response.status_code == 403
        assert table.snapshot() == before
        assert "To be read" in text_of(browser.get(f"{LIST}{message.id}/change/", follow=True))


class TestActions:
    def test_say_what_happened_to_each(self, browser: Browser, put_account: Any, write_message: Write, table: Table):
        browser.sign_in(sub="alice")
        account: Account = put_account()
        targets = build_targets([(account.id, "webhook")])
        good = [write_message(text=f"Good {n}", targets=targets) for n in range(2)]
        done = write_message(text="Done", status=MessageStatus.PUBLISHED, targets=targets)

        page = act(browser, "cancel", *good, done)

        assert "2 were cancelled." in page
        assert "1 could not be: “Done”. The message is published: there is nothing to stop." in page
        for message in good:
            found = stored.find_message(message.id)
            assert found
            assert found.message.status is MessageStatus.CANCELLED
        assert sum(record["action"]["S"] == "message.cancel" for record in table.records()) == 2

    def test_publish_now(self, browser: Browser, put_account: Any, write_message: Write):
        browser.sign_in(sub="alice")
        account: Account = put_account()
        message = write_message(text="Go", targets=build_targets([(account.id, "webhook")]))

        page = act(browser, "publish_now", message)

        found = stored.find_message(message.id)
        assert "1 goes out now." in page
        assert found
        assert found.message.status is MessageStatus.SCHEDULED

    def test_that_fail_say_why(self, browser: Browser, write_message: Write):
        browser.sign_in(sub="alice")
        message = write_message(text="Nowhere")

        assert "1 could not be: “Nowhere”." in act(browser, "publish_now", message)
        assert "No delivery of it failed." in act(browser, "retry_failed", message)

    def test_duplicate_once_however_often_the_form_is_sent(self, browser: Browser, write_message: Write, table: Table):
        browser.sign_in(sub="alice")
        message = write_message(text="Again", owner="alice")
        page = text_of(browser.get(LIST))
        once = re.search(r'name="once" value="([^"]+)"', page)
        assert once

        for _ in range(2):
            act(browser, "duplicate", message, once=once[1])

        assert len(table.rows("MSG#")) == 2

    def test_delete_asks_first(self, browser: Browser, write_message: Write, table: Table):
        browser.sign_in(sub="alice")
        message = write_message(text="Away with it", owner="alice")
        kept = write_message(text="Sent", status=MessageStatus.PUBLISHED)
        form = {"action": "delete_selected", "_selected_action": [message.id, kept.id], "index": "0"}

        asked = text_of(browser.post(LIST, LIST, **form))  # type: ignore[arg-type]  # two of a name
        assert len(table.rows("MSG#")) == 2
        form.pop("index")
        response = browser.post(LIST, LIST, post="yes", **form)  # type: ignore[arg-type]  # as above
        page = text_of(browser.get(response["Location"]))

        assert "Away with it" in asked
        assert "1 was deleted." in page
        assert "1 could not be: “Sent”." in page
        assert [row["id"]["S"] for row in table.rows("MSG#")] == [kept.id]

    def test_take_a_hundred_at_most(self, browser: Browser, write_message: Write):
        browser.sign_in(sub="alice")
        write_message(text="One")

        response = browser.post(LIST, LIST, action="cancel", _selected_action=["x"] * 101, index="0")  # type: ignore[arg-type]

        assert "Choose at most 100 at once." in text_of(browser.get(response["Location"]))


class TestOneMessage:
    def test_is_shown_with_its_history(self, browser: Browser, put_account: Any, write_message: Write):
        browser.sign_in(sub="alice", name="Alice Moore")
        message = write_message(text="Long text", owner="alice")
        act(browser, "cancel", message)

        page = text_of(browser.get(f"{LIST}{message.id}/change/", follow=True))
        with counted() as asked:
            history = text_of(browser.get(f"{LIST}{message.id}/history/"))

        assert "Long text" in page
        assert "Cancelled" in history
        assert "Alice Moore" in history
        assert asked["Query"] == 1
        assert sum(asked.values()) <= 5

    def test_leads_to_the_composer_while_it_can_be_edited_and_to_its_page_afterwards(
        self, browser: Browser, other_browser: Browser, write_message: Write
    ):
        draft, sent = write_message(), write_message(status=MessageStatus.PUBLISHED)
        browser.sign_in(sub="alice")
        other_browser.sign_in(sub="vera", groups=["viewer"])

        def leads(who: Browser, message: Message) -> str:
            return str(who.get(f"{LIST}{message.id}/change/")["Location"])

        assert leads(browser, draft) == f"/admin/compose/{draft.id}/"
        assert leads(browser, sent) == f"/admin/messages/{sent.id}/"
        assert leads(other_browser, draft) == f"/admin/messages/{draft.id}/"
        assert browser.get(f"{LIST}add/")["Location"] == "/admin/compose/"

    def test_that_is_not_there_leads_back_to_the_desk(self, browser: Browser, table: Table):
        browser.sign_in()

        response = browser.get(f"{LIST}01KBCD0000000000000000000A/change/")

        assert (response.status_code, response["Location"]) == (302, "/admin/")

    def test_is_deleted_after_a_question(self, browser: Browser, write_message: Write, table: Table):
        browser.sign_in(sub="alice")
        message = write_message(text="Away with it", owner="alice")
        address = f"{LIST}{message.id}/delete/"
        assert "This cannot be undone." in text_of(browser.get(address))

        response = browser.post(address, address, post="yes")

        assert response["Location"] == LIST
        assert not table.rows("MSG#")

    def test_of_which_something_was_sent_is_kept_with_a_reason(self, browser: Browser, write_message: Write):
        browser.sign_in(sub="alice")
        message = write_message(text="Out there", status=MessageStatus.PUBLISHED)
        address = f"{LIST}{message.id}/delete/"

        response = browser.post(address, address, post="yes")

        assert "it is kept as evidence" in text_of(browser.get(response["Location"], follow=True))


class TestWhenTheTableIsAway:
    def test_the_list_says_so(self, browser: Browser, write_message: Write, monkeypatch: pytest.MonkeyPatch):
        browser.sign_in()
        from botocore.exceptions import EndpointConnectionError

        from publishing.items.message import MessageItem

        def away(*_: Any, **__: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://table.test/")

        monkeypatch.setattr(MessageItem, "query", away)

        assert failure_of(browser.get(LIST)) == (503, "unavailable")


def act(browser: Browser, action: str, *chosen: Message, once: str = "") -> str:
    """Do something to messages of the list; return the page that follows."""
    form: Any = {"action": action, "_selected_action": [message.id for message in chosen], "index": "0", "once": once}
    response = browser.post(LIST, LIST, **form)
    assert response.status_code == 302, response.content
    return text_of(browser.get(response["Location"]))
