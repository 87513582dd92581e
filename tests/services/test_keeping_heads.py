"""The audit log's heads, kept where who can write to the table cannot reach them."""

import csv
import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters.audit_heads import HeadBucket, KeptHead
from publishing.domain.errors import NotAllowedError
from publishing.domain.permissions import SYSTEM, Actor
from publishing.items.base import TableItem
from publishing.services.auditing import verify
from publishing.services.halting import set_stop_switch
from publishing.services.keeping_heads import HeadKeeper, verify_heads
from publishing.store import audit
from tests.builders import NOW
from tests.emulator import Emulator
from workers import scheduler

DAY = f"{NOW:%Y-%m-%d}"
HOUR = timedelta(hours=1)


@pytest.fixture
def bucket(emulator: Emulator, table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadBucket]:
    """A bucket of its own under object lock; the process is configured for it."""
    s3, name = emulator.client("s3"), f"heads-{table}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    monkeypatch.setenv("OMNIPUB_AUDIT_BUCKET", name)
    scheduler.head_keeper.cache_clear()
    yield HeadBucket(name)
    scheduler.head_keeper.cache_clear()


def change(now: Any = NOW) -> None:
    set_stop_switch(actor=SYSTEM, is_on=True, now=now)


def forge(day: str) -> None:
    """Compute a chain of a day anew, as who can write to the table can: another first record, the same number."""
    links = audit.read_chain(day)
    for item in [*TableItem.query(f"AUDIT#{day}")]:
        item.delete()
    audit._heads.clear()
    for link in links:
        changed = audit.AuditRecord(actor="nobody", action=link.record.action, target=link.record.target, at=NOW)
        audit.transact_with_audit([], changed)


class TestTheHeads:
    def test_of_today_yesterday_and_the_days_are_kept_with_their_place(self, bucket: HeadBucket):
        change(NOW - timedelta(days=1))
        for _ in range(2):
            change()

        assert HeadKeeper(bucket).keep(now=NOW) == 3

        kept = {head.chain: head for head in bucket.heads()}
        assert {chain: head.size for chain, head in kept.items()} == {DAY: 2, "2026-11-30": 1, "DAYS": 2}
        assert kept[DAY].hash == audit.read_chain(DAY)[1].hash

    def test_are_looked_at_once_an_hour_and_kept_once(self, bucket: HeadBucket, monkeypatch: pytest.MonkeyPatch):
        change()
        read: list[str] = []
        read_head = audit.read_head

        def counted(chain: str) -> audit.Head | None:
            read.append(chain)
            return read_head(chain)

        monkeypatch.setattr(audit, "read_head", counted)
        keeper = HeadKeeper(bucket)

        new = [keeper.keep(now=NOW + timedelta(minutes=minute)) for minute in (0, 1, 59, 60, 61)]

        assert new == [2, 0, 0, 0, 0]
        assert len(read) == 6

    def test_that_could_not_be_kept_are_tried_again_and_stop_nothing(
        self, bucket: HeadBucket, caplog: pytest.LogCaptureFixture
    ):
        change()
        keeper = HeadKeeper(HeadBucket("there-is-no-such-bucket"))

        assert keeper.keep(now=NOW) == 0
        assert "audit.head_not_kept" in caplog.text
        keeper.bucket = bucket
        assert keeper.keep(now=NOW + timedelta(minutes=1)) == 2

    def test_are_in_the_log_as_well(self, bucket: HeadBucket, caplog: pytest.LogCaptureFixture):
        change()
        caplog.set_level(logging.INFO)

        HeadKeeper(bucket).keep(now=NOW)

        kept = [record for record in caplog.records if record.message == "audit.head"]
        assert {(record.__dict__["chain"], record.__dict__["size"]) for record in kept} == {(DAY, 1), ("DAYS", 1)}

    def test_say_what_they_are_to_people(self, bucket: HeadBucket, emulator: Emulator):
        head = KeptHead(chain=DAY, size=7, hash="a" * 64)
        bucket.keep(head, now=NOW)

        key = f"heads/{DAY}/000000007-{'a' * 64}.json"
        body = json.load(emulator.client("s3").get_object(Bucket=bucket.name, Key=key)["Body"])
        assert (body["chain"], body["size"], body["hash"]) == (DAY, 7, "a" * 64)


class TestTheScheduler:
    def test_keeps_them_at_its_first_tick_of_an_hour(self, system: Any, bucket: HeadBucket):
        system.publish(system.connect("webhook", "newsroom"))

        system.tick()

        assert {head.chain for head in bucket.heads()} >= {"DAYS"}

    def test_asks_for_nothing_where_no_bucket_is_configured(self, system: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OMNIPUB_AUDIT_BUCKET", raising=False)
        scheduler.head_keeper.cache_clear()

        system.tick()

        assert scheduler.head_keeper() is None
        scheduler.head_keeper.cache_clear()


class TestAVerifier:
    def test_sees_by_them_that_a_whole_chain_was_computed_anew(self, bucket: HeadBucket):
        for _ in range(2):
            change()
        HeadKeeper(bucket).keep(now=NOW)

        forge(DAY)

        assert all(verdict.problem is None for verdict in verify(actor=SYSTEM, day=DAY))
        (verdict,) = verify_heads(actor=SYSTEM, bucket=bucket, day=DAY)
        assert verdict.problem is not None
        assert "number 2 is gone or another" in verdict.problem

    def test_sees_by_them_that_a_chain_was_cut_off(self, bucket: HeadBucket):
        change()
        HeadKeeper(bucket).keep(now=NOW)
        for item in [*TableItem.query(f"AUDIT#{DAY}")]:
            item.delete()

        assert all(verdict.problem is None for verdict in verify(actor=SYSTEM, day=DAY))
        assert [verdict.problem is None for verdict in verify_heads(actor=SYSTEM, bucket=bucket, day=DAY)] == [False]

    def test_finds_nothing_wrong_with_what_went_on_since(self, bucket: HeadBucket):
        keeper = HeadKeeper(bucket)
        for hour in range(3):
            change()
            keeper.keep(now=NOW + hour * HOUR)

        verdicts = {verdict.chain: verdict for verdict in verify_heads(actor=SYSTEM, bucket=bucket)}
        assert {chain: (verdict.size, verdict.problem) for chain, verdict in verdicts.items()} == {
            DAY: (3, None),
            "DAYS": (1, None),
        }

    def test_serves_administrators_only(self, bucket: HeadBucket):
        with pytest.raises(NotAllowedError):
            verify_heads(actor=Actor(id="ada", roles=frozenset()), bucket=bucket)


class TestTheCommand:
    def test_says_that_the_log_holds_what_was_kept(self, bucket: HeadBucket, capsys: pytest.CaptureFixture[str]):
        change()
        HeadKeeper(bucket).keep(now=NOW)

        call_command("audit", "verify", "--heads")

        assert f"{DAY}: holds the 1 heads that were kept of it" in capsys.readouterr().out

    def test_fails_when_it_does_not(self, bucket: HeadBucket):
        change()
        HeadKeeper(bucket).keep(now=NOW)
        forge(DAY)

        with pytest.raises(CommandError, match="not whole: 2026-12-01: Its record number 1 is gone or another"):
            call_command("audit", "verify", "--heads", "--day", DAY)

    def test_claims_nothing_where_none_was_kept(self, bucket: HeadBucket, capsys: pytest.CaptureFixture[str]):
        call_command("audit", "verify", "--heads")

        assert "No head was kept: nothing is shown by that." in capsys.readouterr().out

    def test_says_so_where_no_bucket_is_configured(self, table: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OMNIPUB_AUDIT_BUCKET", raising=False)

        with pytest.raises(CommandError, match="OMNIPUB_AUDIT_BUCKET is not set"):
            call_command("audit", "verify", "--heads")

    def test_exports_a_table_without_formulas(self, table: str, capsys: pytest.CaptureFixture[str]):
        record = audit.AuditRecord(
            actor="=cmd|' /C calc'!A0", action="x", target="message:1", at=NOW, facts={"a": "@b"}
        )
        audit.transact_with_audit([], record)

        call_command("audit", "export", "--format", "csv")

        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [(row["actor"], row["target"], row["position"]) for row in rows] == [
            ("'=cmd|' /C calc'!A0", "message:1", "1")
        ]
        assert json.loads(rows[0]["facts"]) == {"a": "@b"}
