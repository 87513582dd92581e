"""The audit log as operators verify and export it."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.domain.permissions import SYSTEM
from publishing.items.base import TableItem
from publishing.items.records import AuditItem
from publishing.services.halting import set_stop_switch
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("table")


@pytest.fixture
def _three_changes(table: str) -> None:
    for is_on in (True, False, True):
        set_stop_switch(actor=SYSTEM, is_on=is_on, now=NOW)


@pytest.mark.usefixtures("_three_changes")
class TestTheAuditLog:
    def test_is_said_to_be_whole(self, capsys):
        call_command("audit", "verify")

        said = capsys.readouterr().out
        assert "2026-12-01: whole, 3 records, head " in said
        assert "DAYS: whole, 1 records" in said

    def test_that_was_changed_ends_the_command_with_the_record(self):
        items = [item for item in TableItem.query("AUDIT#2026-12-01") if isinstance(item, AuditItem)]
        second = next(item for item in items if item.position == 2)
        second.update(actions=[AuditItem.action.set("dispatch.stop")])

        with pytest.raises(CommandError, match=f"2026-12-01: Record {second.SK} .number 2. was changed"):
            call_command("audit", "verify", "--day", "2026-12-01")

    def test_is_exported_as_lines_of_json(self, capsys):
        call_command("audit", "export")

        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line.get("action") for line in lines] == ["dispatch.stop", "dispatch.resume", "dispatch.stop", None]
        assert lines[3]["head"] == lines[2]["hash"]

    def test_is_asked_for_by_days_only(self):
        with pytest.raises(CommandError, match="like 2026-12-01"):
            call_command("audit", "verify", "--day", "today")


def test_the_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TABLE_NAME", raising=False)

    with pytest.raises(CommandError, match="TABLE_NAME is not set"):
        call_command("audit", "verify")
