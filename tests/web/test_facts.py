"""What the audit log and histories say of a record, in words."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from publishing.admin.audit import _KINDS
from publishing.admin.facts import facts_of, marked
from publishing.admin.history import KINDS, SENTENCES
from publishing.items.records import AuditItem
from publishing.models import AuditEntry
from publishing.store import audit
from tests.api.conftest import Table, put_account, surroundings
from tests.web.conftest import Browser
from tests.web.test_lists import text_of

__all__ = ["put_account", "surroundings"]

ROOT = Path(__file__).parents[2] / "publishing"
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def record(action: str = "account.connect", **facts: str | int | bool) -> AuditEntry:
    item = AuditItem("AUDIT#2026-05-01", "01ARZ3NDEKTSV4RRFFQ69G5FAV", action=action, facts=facts)
    return AuditEntry.from_item(item)


def said(action: str = "account.connect", **facts: str | int | bool) -> dict[str, str]:
    return {fact.name: fact.value for fact in facts_of(record(action, **facts))}


def recorded() -> Iterator[str]:
    """Every action that a use case or the store records: texts of that shape, but for what goes to the log."""
    for folder in ("services", "store"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text())
            logged = {
                id(part)
                for call in ast.walk(tree)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
                if isinstance(call.func.value, ast.Name) and call.func.value.id == "log"
                for argument in call.args[:1]
                for part in ast.walk(argument)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in logged:
                    kind = node.value.partition(".")[0]
                    if ACTION.fullmatch(node.value) and kind in {name.partition(".")[0] for name in SENTENCES}:
                        yield node.value


class TestEveryAction:
    def test_that_is_recorded_has_words(self):
        found = set(recorded())

        assert {"message.create", "account.block", "user.invite", audit.REMOVED} <= found
        assert found - set(SENTENCES) == set()

    def test_belongs_to_a_kind_that_the_filter_names(self):
        assert {name.partition(".")[0] for name in SENTENCES} == set(_KINDS)
        assert {"hashtag_group", "template", "series", "user"} <= set(KINDS)


class TestFacts:
    def test_are_said_in_words(self):
        assert said(channel="bluesky", rev=1) == {"Channel": "Bluesky", "Version": "1"}
        assert said("message.edit", status="in_review") == {"Status": "In review"}
        assert said("key.create", scopes="read_message,submit_message") == {
            "May do": "Read messages, Submit messages for review"
        }
        assert said("user.sign_in", roles="approver,editor") == {"Roles": "Approver, Editor"}
        assert said("account.change", changed="base_url,credential") == {"What": "Address, Credential"}
        assert said("delivery.resolve", published=False, delivery="bluesky") == {
            "Delivery": "bluesky",
            "It is there": "No",
        }
        assert said("media.upload", size=2048)["Size"].replace("\xa0", " ") == "2.0 KB"
        assert said("audit.remove", size=2048) == {"Size": "2048"}
        assert said("series.advance", last_index=datetime(2026, 5, 4, tzinfo=UTC).toordinal()) == {
            "Made until": "May 4, 2026"
        }

    def test_that_have_no_words_stay_readable(self):
        assert said("account.change", changed="colour_scheme,name") == {"What": "colour_scheme, Name"}
        assert said(new_fact="as it is", channel="carrier_pigeon") == {
            "Channel": "carrier_pigeon", "New fact": "as it is"
        }  # fmt: skip

    def test_are_said_in_the_readers_language(self):
        with translation.override("de"):
            assert said(channel="bluesky", rev=1) == {"Kanal": "Bluesky", "Version": "1"}
            assert said("series.advance", status="active") == {"Status": "Aktiv"}

    def test_are_marked_up_as_values_and_never_as_markup(self):
        page = marked(facts_of(record(channel="<b>x</b>", delivery="bluesky.01ARZ3NDEKTSV4RRFFQ69G5FAV")))

        assert "<bdi>&lt;b&gt;x&lt;/b&gt;</bdi>" in page
        assert '<code title="bluesky.01ARZ3NDEKTSV4RRFFQ69G5FAV">bluesky.01ARZ3NDEKT…</code>' in page

    def test_of_a_record_without_any_are_nothing(self):
        assert marked(facts_of(record())) == ""


class TestPages:
    @pytest.fixture
    def account(self, put_account: Any, browser: Browser, surroundings: Any) -> str:
        made = put_account(name="Old page", channel="mastodon")
        browser.sign_in(sub="ada", name="Ada King", groups=["admin"])
        browser.post(f"/admin/publishing/account/{made.id}/change/", f"/admin/publishing/account/{made.id}/do/pause/")
        return str(made.id)

    def test_of_the_audit_log_say_it_in_words(self, browser: Browser, account: str):
        page = text_of(browser.get("/admin/publishing/auditentry/?q=account"))

        assert re.search(r'<span class="quiet">What</span> <bdi>Paused</bdi>', page)
        assert "changed: is_paused" not in page

    def test_of_histories_say_it_in_words_with_who_it_was(self, browser: Browser, account: str, table: Table):
        page = text_of(browser.get(f"/admin/publishing/account/{account}/history/"))

        assert "<strong>Changed</strong>" in page
        assert re.search(r'<span class="quiet">What</span> <bdi>Paused</bdi>', page)
        assert '<bdi title="ada">Ada King</bdi>' in page
        assert "1 entry" in page
