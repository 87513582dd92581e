"""Templates and groups of hashtags on the desk: lists, forms, what they show, and what they refuse."""

import re
from datetime import UTC, datetime
from typing import Any

from publishing.domain.template import HashtagGroup, Template
from publishing.store import templates, writes
from tests.api.conftest import Table, put_account, surroundings
from tests.web.conftest import Browser, failure_of
from tests.web.counting import counted
from tests.web.desk import HOSTILE
from tests.web.test_administration import form_of
from tests.web.test_lists import text_of

__all__ = ["put_account", "surroundings"]

TEMPLATES = "/admin/publishing/template/"
GROUPS = "/admin/publishing/hashtaggroup/"


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def put_template(text: str = "Hello {{ name }}!", **fields: Any) -> Template:
    values: dict[str, Any] = {"id": "01KBCD0000000000000000000T", "owner": "alice", "name": "Welcome"}
    template = Template(**{**values, "text": text, "created_at": now(), "updated_at": now(), **fields})
    writes.run(templates.put(template))
    return template


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
        typed = form_of(text_of(browser.open(address)), name="Fair", body="See you at {{ hall }}, {{ day }}.")

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
        typed = form_of(text_of(browser.open(address)), name="Fair", body="Braces {{ not a name }}")

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
        asked = text_of(browser.get(address))
        assert "Delete <bdi>Welcome</bdi>? This cannot be undone." in asked
        assert "Messages that were written with it stay as they are." in asked

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
        typed = form_of(text_of(browser.open(address)), name="Fair", tags="#fair autumn,\nmünchen")

        response = browser.post(address, address, **typed)

        assert response.status_code == 302, text_of(response)
        assert [each.hashtags for each in templates.list_all(HashtagGroup)] == [("#fair", "#autumn", "#münchen")]
        assert "#münchen" in text_of(browser.get(GROUPS))

    def test_refuse_what_is_no_hashtag_beside_the_field(self, browser: Browser, table: Table):
        editor(browser)
        address = f"{GROUPS}add/"
        typed = form_of(text_of(browser.open(address)), name="Fair", tags="#fair #a-b 2026")

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
