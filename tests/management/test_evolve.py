"""Evolutions of the table as operators run them: stopped half way, met by other writers, and run again."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters import clock
from publishing.domain.permissions import SYSTEM
from publishing.items.base import TableItem
from publishing.items.evolutions import EVOLUTIONS, Changes
from publishing.items.evolutions.attempts_by_account import ATTEMPTS_BY_ACCOUNT
from publishing.items.records import AuditItem
from publishing.services.evolving import Pacing, evolve, list_pending
from publishing.services.halting import set_stop_switch
from publishing.store import evolutions
from publishing.store.deliveries import list_published_ids
from publishing.store.errors import ContentionError
from tests.builders import build_delivery
from tests.emulator import Emulator
from tests.system import System

ROOT = Path(__file__).parents[2]
STARTED_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("evolve", *arguments, stdout=out)
    return out.getvalue()


class Old:
    """A table with attempts as an older version wrote them: not listed by account."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.client, self.name = emulator.client("dynamodb"), name

    def write(self, count: int) -> None:
        milliseconds = str(int(STARTED_AT.timestamp() * 1000))
        for number in range(count):
            partition = {"S": f"MSG#{number:04d}"}
            self.put(PK=partition, SK={"S": "CHANNEL#webhook"}, kind={"S": "delivery"}, account_id={"S": "news"})
            self.put(
                PK=partition,
                SK={"S": "ATTEMPT#webhook#000001"},
                kind={"S": "attempt"},
                started_at={"N": milliseconds},
                text={"S": f"Text {number}"},
            )

    def put(self, **attributes: Any) -> None:
        self.client.put_item(TableName=self.name, Item=attributes)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("scan").paginate(TableName=self.name)
        return [row for page in pages for row in page["Items"] if row["kind"]["S"] == kind]

    def listed(self) -> int:
        """How many attempts are listed by their account, in the form that those of today have."""
        found = self.client.query(
            TableName=self.name,
            IndexName="GSI3",
            KeyConditionExpression="GSI3PK = :account",
            ExpressionAttributeValues={":account": {"S": "LIST#SENT#news"}},
        )["Items"]
        assert {row["GSI3SK"]["S"] for row in found} <= {"2026-03-01T08:00:00.000Z"}
        return len(found)


@pytest.fixture
def old(emulator: Emulator, table: str) -> Old:
    return Old(emulator, table)


def carry_out(evolution=ATTEMPTS_BY_ACCOUNT, *, tell=lambda _: None, page: int = 10, **options: Any):
    pacing = Pacing(segments=options.pop("segments", 2), units=100_000, page=page, **options)
    return evolve(actor=SYSTEM, evolution=evolution, pacing=pacing, read_clock=clock.now, tell=tell)


class TestEvolve:
    def test_changes_every_row_once_and_then_nothing(self, old: Old):
        old.write(30)

        first = run("--segments", "3")
        before = old.rows("attempt")
        second = run()

        assert "0001_attempts_by_account: 30 rows looked at, 30 changed." in first
        assert second == "0001_attempts_by_account: done before; nothing to do.\n"
        assert old.listed() == 30
        assert old.rows("attempt") == before
        assert "0001_attempts_by_account         done on 20" in run("list")

    def test_writes_nothing_at_all_in_a_dry_run(self, old: Old):
        old.write(5)
        before = [old.rows(kind) for kind in ("attempt", "delivery", "evolution", "evolution_segment")]

        said = run("--dry-run")

        assert "5 rows looked at, 5 would be changed; nothing was written." in said
        assert [old.rows(kind) for kind in ("attempt", "delivery", "evolution", "evolution_segment")] == before
        assert "not begun" in run("list")

    def test_is_recorded_in_the_audit_log(self, old: Old):
        old.write(2)

        run()

        rows = TableItem.query(f"AUDIT#{clock.now():%Y-%m-%d}")
        audited = [(row.action, row.target, row.facts) for row in rows if isinstance(row, AuditItem)]
        assert audited == [("table.evolve", "evolution:0001_attempts_by_account", {"changed": 2})]

    def test_leaves_alone_what_has_its_form_already_and_what_it_cannot_judge(self, system: System, old: Old):
        system.publish(system.connect("webhook", "newsroom"))
        system.settle()
        old.put(PK={"S": "MSG#lost"}, SK={"S": "ATTEMPT#webhook#000001"}, kind={"S": "attempt"}, started_at={"N": "1"})
        before = old.rows("attempt")

        assert "2 rows looked at, 0 changed." in run()
        assert old.rows("attempt") == before

    def test_makes_old_attempts_known_to_whoever_looks_for_evidence(self, old: Old):
        old.write(1)
        old.client.update_item(
            TableName=old.name,
            Key={"PK": {"S": "MSG#0000"}, "SK": {"S": "CHANNEL#webhook"}},
            UpdateExpression="SET post_id = :id, channel = :c, #s = :s, gen = :n, fence = :n, claims = :n, "
            "attempts = :n, waits = :n",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={
                ":id": {"S": "post-1"}, ":c": {"S": "webhook"}, ":s": {"S": "published"}, ":n": {"N": "1"},
            },
        )  # fmt: skip
        other = build_delivery(account_id="news")

        before = list_published_ids("news", since=STARTED_AT, but=other)
        run()

        assert before == frozenset()
        assert list_published_ids("news", since=STARTED_AT, but=other) == {"post-1"}

    @pytest.mark.parametrize("arguments", [("--segments", "0"), ("--units", "0"), ("--page", "0")])
    def test_refuses_a_pace_that_there_is_not(self, arguments):
        with pytest.raises(CommandError, match="from 1 to"):
            run(*arguments)

    def test_is_refused_in_a_function(self, monkeypatch):
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "omnipub-prod-web")

        with pytest.raises(CommandError, match=r"TABLE_NAME=<table> \.venv/bin/python manage\.py evolve"):
            run()

    def test_keeps_to_its_rate(self, old: Old):
        old.write(20)
        began = clock.now()

        run("--units", "20")

        # Twenty changes of a row in an index take two units each, at least.
        assert (clock.now() - began).total_seconds() > 1.5


class TestAnEvolutionThatStopsHalfWay:
    def test_by_kill_9_goes_on_where_it_was(self, old: Old, emulator: Emulator):
        old.write(60)
        environment = {**os.environ, **emulator.environment, "TABLE_NAME": old.name}
        slow = [sys.executable, "manage.py", "evolve", "--segments", "1", "--page", "10", "--units", "20"]
        with subprocess.Popen(slow, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                if re.search(r"[1-9]\d* changed", line):
                    break
            process.send_signal(signal.SIGKILL)
        half_way = old.listed()
        progress = evolutions.find(ATTEMPTS_BY_ACCOUNT.id)
        assert progress
        (segment,) = progress.segments

        said = run("--segments", "4")

        assert 0 < half_way < 60
        assert 0 < segment.changed <= half_way
        assert "going on; 0 of 1 segments are done" in said
        # Counted on from the page that was noted last, and cut as before, whatever was asked for now.
        (last,) = [line for line in said.splitlines() if line.endswith(" changed.")]
        assert last.startswith("0001_attempts_by_account: 60 rows looked at")
        assert old.listed() == 60

    def test_by_an_error_says_how_to_go_on(self, old: Old, monkeypatch):
        old.write(3)

        def never_still(*_: object, **__: object) -> None:
            raise ContentionError

        monkeypatch.setattr(evolutions, "evolve_row", never_still)
        with pytest.raises(CommandError, match="Type the same again, and it goes on from there"):
            run()
        monkeypatch.undo()

        assert evolutions.list_done([ATTEMPTS_BY_ACCOUNT.id]) == frozenset()


class TestAConcurrentChange:
    def test_is_not_lost(self, old: Old):
        """Between the read and the write of each row, somebody lists it under another account."""
        old.write(8)

        def meddle(row, companion):
            changes = ATTEMPTS_BY_ACCOUNT.change(row, companion)
            if changes:
                old.client.update_item(
                    TableName=old.name,
                    Key={"PK": row["PK"], "SK": row["SK"]},
                    UpdateExpression="SET GSI3PK = :pk, GSI3SK = :sk",
                    ExpressionAttributeValues={":pk": {"S": "LIST#SENT#theirs"}, ":sk": {"S": "2026"}},
                )
            return changes

        ended = carry_out(replace(ATTEMPTS_BY_ACCOUNT, change=meddle))

        assert sum(segment.changed for segment in ended.segments) == 0
        assert {row["GSI3PK"]["S"] for row in old.rows("attempt")} == {"LIST#SENT#theirs"}

    def test_of_another_attribute_stays_beside_the_evolutions_own(self, old: Old):
        old.write(4)

        def meddle(row, companion):
            old.client.update_item(
                TableName=old.name,
                Key={"PK": row["PK"], "SK": row["SK"]},
                UpdateExpression="SET outcome = :outcome",
                ExpressionAttributeValues={":outcome": {"S": "published"}},
            )
            return ATTEMPTS_BY_ACCOUNT.change(row, companion)

        carry_out(replace(ATTEMPTS_BY_ACCOUNT, change=meddle))

        rows = old.rows("attempt")
        assert {(row["outcome"]["S"], row["GSI3PK"]["S"]) for row in rows} == {("published", "LIST#SENT#news")}

    def test_that_deletes_the_row_is_not_undone(self, old: Old):
        old.write(3)

        def meddle(row, companion):
            old.client.delete_item(TableName=old.name, Key={"PK": row["PK"], "SK": row["SK"]})
            return ATTEMPTS_BY_ACCOUNT.change(row, companion)

        carry_out(replace(ATTEMPTS_BY_ACCOUNT, change=meddle))

        assert old.rows("attempt") == []


class TestAnEvolution:
    @pytest.mark.parametrize("evolution", EVOLUTIONS, ids=lambda each: each.id)
    def test_reads_whatever_it_changes_so_that_its_condition_covers_it(self, evolution):
        row = {"PK": {"S": "MSG#1"}, "SK": {"S": "ATTEMPT#webhook#000001"}, "kind": {"S": evolution.kind}}
        changes = evolution.change({**row, "started_at": {"N": "1"}}, {"account_id": {"S": "news"}})

        assert isinstance(changes, Changes)
        assert {*changes.sets, *changes.removes} <= set(evolution.reads)

    def test_has_a_number_of_its_own_in_order(self):
        numbers = [each.id.partition("_")[0] for each in EVOLUTIONS]

        assert numbers == [f"{number:04d}" for number in range(1, len(EVOLUTIONS) + 1)]


@pytest.mark.usefixtures("table")
class TestWhatIsPending:
    MADE_BEFORE = date(2026, 1, 1)
    MADE_AFTER = date(2027, 1, 1)

    def test_is_what_an_older_table_was_not_taken_through(self):
        before = list_pending(actor=SYSTEM, table_made_on=self.MADE_BEFORE)
        run()

        assert before == EVOLUTIONS
        assert list_pending(actor=SYSTEM, table_made_on=self.MADE_BEFORE) == ()

    def test_is_nothing_for_a_table_that_never_held_old_rows(self):
        set_stop_switch(actor=SYSTEM, is_on=False, now=datetime(2027, 1, 2, tzinfo=UTC))

        assert list_pending(actor=SYSTEM, table_made_on=self.MADE_AFTER) == ()

    def test_is_seen_in_a_restored_table_by_its_oldest_audit_day(self):
        set_stop_switch(actor=SYSTEM, is_on=False, now=datetime(2026, 5, 1, tzinfo=UTC))

        assert list_pending(actor=SYSTEM, table_made_on=self.MADE_AFTER) == EVOLUTIONS
