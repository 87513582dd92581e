"""Retention as operators type it: what is removed, whole; what is kept; and what the audit log says of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters.audit_heads import HeadBucket, KeptHead
from publishing.domain.errors import NotAllowedError
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import SYSTEM, Role
from publishing.items.base import TableItem
from publishing.items.message import AttemptItem
from publishing.items.records import AuditItem
from publishing.services import auditing, retaining
from publishing.services.halting import set_stop_switch
from publishing.services.keeping_heads import HeadKeeper, verify_heads
from publishing.store import audit, messages, retention, writes
from tests.builders import NOW, build_actor, build_delivery, build_message
from tests.clock import Clock
from tests.emulator import Emulator
from tests.system import System

DAYS = timedelta(days=365)


def rows_of(message_id: str) -> list[str]:
    return sorted(item.SK for item in TableItem.query(f"MSG#{message_id}"))


@pytest.fixture
def configured(table: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Messages are kept for a year; nothing is said of the audit log."""
    monkeypatch.setenv("OMNIPUB_RETENTION_DAYS", "365")
    for name in ("OMNIPUB_AUDIT_RETENTION_DAYS", "OMNIPUB_AUDIT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


class TestAMessage:
    def test_that_ended_long_ago_is_removed_with_all_its_evidence(
        self, system: System, clock: Clock, configured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        account = system.connect("webhook", "kept")
        system.misbehave("webhook", "rate_limited", on="*", count=1)
        old = system.publish(account).message.id
        for _ in range(3):
            system.settle(ticks=1)
            clock.move(seconds=130)
        assert system.read(old).message.status is MessageStatus.PUBLISHED
        assert {key.split("#")[0] for key in rows_of(old)} == {"METADATA", "CHANNEL", "ATTEMPT"}
        clock.move(seconds=364 * 86_400)
        call_command("retention", "run")
        assert rows_of(old)
        young = system.publish(account).message.id
        system.settle()
        clock.move(seconds=2 * 86_400)

        call_command("retention", "run", "--dry-run")
        assert rows_of(old)
        call_command("retention", "run")

        assert rows_of(old) == []
        assert rows_of(young)
        said = capsys.readouterr().out.splitlines()
        assert [line for line in said if line.startswith("Messages")] == [
            "Messages: 0 removed that ended more than 365 days ago.",
            "Messages: 1 would be removed that ended more than 365 days ago.",
            "Messages: 1 removed that ended more than 365 days ago.",
        ]
        assert "Audit log: all of it is kept; OMNIPUB_AUDIT_RETENTION_DAYS is not set." in said
        records = [link.record for day in auditing.list_days(actor=SYSTEM) for link in audit.read_chain(day)]
        assert [each.target for each in records if each.action == "message.expire"] == [f"message:{old}"]
        assert all(verdict.problem is None for verdict in auditing.verify(actor=SYSTEM))

    def test_is_kept_for_ever_where_nothing_is_configured(
        self, configured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        configured.delenv("OMNIPUB_RETENTION_DAYS")
        put(MessageStatus.PUBLISHED)

        call_command("retention", "run")

        assert rows_of(build_message().id)
        assert "Messages: all are kept; OMNIPUB_RETENTION_DAYS is not set." in capsys.readouterr().out

    @pytest.mark.parametrize("status", list(MessageStatus))
    def test_is_removed_only_when_nothing_is_left_to_do(self, table: str, status: MessageStatus):
        put(status)

        found = list(retaining.remove_messages(actor=SYSTEM, kept_for=DAYS, limit=9, now=NOW + 2 * DAYS))

        ended = {MessageStatus.PUBLISHED, MessageStatus.PARTLY_PUBLISHED, MessageStatus.FAILED, MessageStatus.CANCELLED}
        assert bool(found) is (status in ended)
        assert bool(rows_of(build_message().id)) is (status not in ended)

    def test_that_is_taken_up_again_meanwhile_is_kept_whole(self, table: str):
        put(MessageStatus.FAILED)
        found = messages.get_message(build_message().id)
        writes.run(messages.wake_message(found.message, gen=2, now=NOW))
        record = audit.AuditRecord(actor="system", action="message.expire", target="message:x", at=NOW)

        assert not retention.remove_message(found, record)

        assert rows_of(found.message.id) == ["CHANNEL#webhook", "METADATA"]
        assert audit.read_head(f"{NOW:%Y-%m-%d}") is None

    def test_goes_with_more_rows_than_one_transaction_takes(self, table: str):
        put(MessageStatus.FAILED)
        message_id = build_message().id
        for fence in range(1, 201):
            build_attempt_row(message_id, fence)

        assert list(retaining.remove_messages(actor=SYSTEM, kept_for=DAYS, limit=1, now=NOW + 2 * DAYS)) == [message_id]

        assert rows_of(message_id) == []

    def test_beyond_the_limit_is_left_to_the_next_run(
        self, configured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        configured.setenv("OMNIPUB_RETENTION_DAYS", "30")
        old = NOW - timedelta(days=3_650)
        for number in range(3):
            put(MessageStatus.PUBLISHED, id=f"01KBCD000000000000000000{number:02d}", scheduled_at=old, updated_at=old)

        for _ in range(2):
            call_command("retention", "run", "--limit", "2")

        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Messages")]
        assert said == [
            "Messages: 2 removed that ended more than 30 days ago. There may be more: type the same again.",
            "Messages: 1 removed that ended more than 30 days ago.",
        ]

    def test_that_there_is_no_time_for_is_left_to_the_next_run(
        self, configured: pytest.MonkeyPatch, clock: Clock, capsys: pytest.CaptureFixture[str]
    ):
        """A function has half a minute, whatever there is to do; half a message is never removed."""
        configured.setenv("OMNIPUB_RETENTION_DAYS", "30")
        configured.setenv("OMNIPUB_AUDIT_RETENTION_DAYS", "30")
        configured.setenv("OMNIPUB_AUDIT_BUCKET", "heads-that-are-not-asked-for")
        old = NOW - timedelta(days=3_650)
        ids = [f"01KBCD000000000000000000{number:02d}" for number in range(3)]
        for message_id in ids:
            put(MessageStatus.PUBLISHED, id=message_id, scheduled_at=old, updated_at=old)
        really = retention.remove_message

        def slowly(*arguments: Any) -> bool:
            clock.move(seconds=12)
            return really(*arguments)

        configured.setattr(retention, "remove_message", slowly)

        call_command("retention", "run", "--seconds", "20")

        assert capsys.readouterr().out.splitlines() == [
            "Messages: 2 removed that ended more than 30 days ago. There may be more: type the same again.",
            "Audit log: no time was left for it; type the same again.",
        ]
        assert [bool(rows_of(message_id)) for message_id in ids].count(True) == 1

    @pytest.mark.parametrize("given", [("--limit", "0"), ("--seconds", "0"), ("--seconds", "nan")])
    def test_is_not_removed_within_bounds_that_are_none(
        self, configured: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, given: tuple[str, str]
    ):
        with pytest.raises(CommandError, match="--limit should be 1 or more, --seconds from 1 to 86400"):
            call_command("retention", "run", *given)

        assert caplog.records == []

    def test_is_removed_by_those_who_may_stop_everything(self, table: str):
        with pytest.raises(NotAllowedError):
            list(retaining.remove_messages(actor=build_actor(Role.APPROVER), kept_for=DAYS, limit=1, now=NOW))


def put(status: MessageStatus, **fields: Any) -> None:
    message = build_message(status=status, **fields)
    writes.run(messages.put_message(message))
    writes.run(messages.put_delivery(build_delivery(message_id=message.id)))


def build_attempt_row(message_id: str, fence: int) -> None:
    row = AttemptItem(f"MSG#{message_id}", f"ATTEMPT#webhook#{fence:06d}")
    row.delivery_id, row.gen, row.fence, row.text, row.payload_sha = "webhook", 1, fence, "x", "y"
    row.claimed_at = row.started_at = NOW
    writes.run(writes.put(row))


class TestADayOfTheAuditLog:
    LATER = NOW + timedelta(days=100)

    @pytest.fixture
    def bucket(self, emulator: Emulator, table: str) -> HeadBucket:
        """A bucket that holds the heads of one old day, of two records."""
        name = f"heads-{table}"
        emulator.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        for is_on in (True, False):
            set_stop_switch(actor=SYSTEM, is_on=is_on, now=NOW)
        return HeadBucket(name)

    def remove(self, bucket: HeadBucket, *, is_dry: bool = False) -> list[retaining.RemovedDay]:
        days = retaining.remove_days(
            actor=SYSTEM, bucket=bucket, kept_for=timedelta(days=90), now=self.LATER, is_dry=is_dry
        )
        return list(days)

    def test_is_removed_whole_and_said_to_be_so(
        self, bucket: HeadBucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        HeadKeeper(bucket).keep(now=NOW)
        head = audit.read_head("2026-12-01")
        assert head is not None
        monkeypatch.setenv("OMNIPUB_AUDIT_BUCKET", bucket.name)

        assert [day.refusal for day in self.remove(bucket, is_dry=True)] == [None]
        assert list(TableItem.query("AUDIT#2026-12-01"))
        assert self.remove(bucket) == [retaining.RemovedDay(day="2026-12-01", size=2)]
        assert self.remove(bucket) == []

        assert list(TableItem.query("AUDIT#2026-12-01")) == []
        call_command("audit", "verify", "--heads")
        said = capsys.readouterr().out
        assert f"2026-12-01: removed by retention on 2027-03-11: 2 records, head {head.hash}" in said
        assert "2026-12-01: was removed by retention on 2027-03-11, as its last kept head has it" in said
        assert "DAYS: whole, 2 records" in said

    def test_whose_last_head_is_not_kept_elsewhere_stays(
        self, bucket: HeadBucket, monkeypatch: pytest.MonkeyPatch, clock: Clock, capsys: pytest.CaptureFixture[str]
    ):
        HeadKeeper(bucket).keep(now=NOW)
        set_stop_switch(actor=SYSTEM, is_on=True, now=NOW + timedelta(minutes=1))

        (day,) = self.remove(bucket)

        assert day.refusal == "Its last head is not in the bucket of audit heads."
        assert len(audit.read_chain("2026-12-01")) == 3

    def test_that_is_not_whole_stays_as_it_is(self, bucket: HeadBucket):
        HeadKeeper(bucket).keep(now=NOW)
        second = next(i for i in TableItem.query("AUDIT#2026-12-01") if isinstance(i, AuditItem) and i.position == 2)
        second.update(actions=[AuditItem.action.set("nothing.happened")])

        (day,) = self.remove(bucket)

        assert "was changed" in str(day.refusal)
        assert len(audit.read_chain("2026-12-01")) == 2

    def test_that_a_broken_try_left_is_removed_by_the_next(self, bucket: HeadBucket, monkeypatch: pytest.MonkeyPatch):
        HeadKeeper(bucket).keep(now=NOW)
        with monkeypatch.context() as broken:
            broken.setattr(retention, "remove_records", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                self.remove(bucket)
        assert len(audit.read_chain("2026-12-01")) == 2

        self.remove(bucket)

        assert audit.read_chain("2026-12-01") == []
        assert all(verdict.problem is None for verdict in auditing.verify(actor=SYSTEM))

    def test_that_somebody_else_deleted_is_still_missed(self, bucket: HeadBucket):
        HeadKeeper(bucket).keep(now=NOW)
        for item in TableItem.query("AUDIT#2026-12-01"):
            item.delete()

        (_, day) = auditing.verify(actor=SYSTEM)
        assert day.problem == "The day had records, and all of them are gone."
        assert [each.refusal for each in self.remove(bucket)] == ["Its records are gone already."]

    def test_that_was_removed_under_another_head_is_seen_by_the_kept_one(self, bucket: HeadBucket):
        HeadKeeper(bucket).keep(now=NOW)
        head = audit.read_head("2026-12-01")
        assert head is not None
        facts: dict[str, str | int | bool] = {"head": "0" * 64, "size": 1}
        record = audit.AuditRecord(
            actor="system", action=audit.REMOVED, target="day:2026-12-01", at=self.LATER, facts=facts
        )
        assert retention.mark_day_removed("2026-12-01", head, record)

        verdicts = {each.chain: each.problem for each in verify_heads(actor=SYSTEM, bucket=bucket)}
        assert "not as it had ended" in str(verdicts["2026-12-01"])

    def test_of_yesterday_cannot_be_meant(self, table: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OMNIPUB_AUDIT_RETENTION_DAYS", "1")

        with pytest.raises(CommandError, match=r"OMNIPUB_AUDIT_RETENTION_DAYS cannot be read: .* from 30 to 36500"):
            call_command("retention", "run")

    def test_is_removed_by_the_command_which_ends_with_an_error_while_one_is_kept(
        self, bucket: HeadBucket, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.setenv("OMNIPUB_AUDIT_RETENTION_DAYS", "90")
        monkeypatch.delenv("OMNIPUB_RETENTION_DAYS", raising=False)
        monkeypatch.delenv("OMNIPUB_AUDIT_BUCKET", raising=False)
        monkeypatch.setattr("publishing.adapters.clock.now", lambda: self.LATER)
        with pytest.raises(CommandError, match="OMNIPUB_AUDIT_BUCKET is not set"):
            call_command("retention", "run")
        monkeypatch.setenv("OMNIPUB_AUDIT_BUCKET", bucket.name)
        with pytest.raises(CommandError, match="1 days of the audit log are kept although their time is over"):
            call_command("retention", "run")
        (head,) = [audit.read_head("2026-12-01")]
        assert head is not None
        bucket.keep(KeptHead(chain="2026-12-01", size=head.size, hash=head.hash), now=NOW)

        call_command("retention", "run")

        said = capsys.readouterr().out
        assert "2026-12-01: kept. Its last head is not in the bucket of audit heads." in said
        assert "2026-12-01: 2 records removed." in said
        assert audit.read_chain("2026-12-01") == []

    def test_is_left_to_the_next_run_when_the_time_is_over(
        self, bucket: HeadBucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        set_stop_switch(actor=SYSTEM, is_on=True, now=NOW + timedelta(days=1))
        HeadKeeper(bucket).keep(now=NOW + timedelta(days=1))
        now = iter([self.LATER, self.LATER, *[self.LATER + timedelta(seconds=21)] * 9])
        monkeypatch.setenv("OMNIPUB_AUDIT_RETENTION_DAYS", "30")
        monkeypatch.setenv("OMNIPUB_AUDIT_BUCKET", bucket.name)
        monkeypatch.delenv("OMNIPUB_RETENTION_DAYS", raising=False)
        monkeypatch.setattr("publishing.adapters.clock.now", lambda: next(now))

        call_command("retention", "run", "--seconds", "20")

        assert capsys.readouterr().out.splitlines()[1:] == [
            "2026-12-01: 2 records removed.",
            "Audit log: there may be more; type the same again.",
        ]
        assert len(audit.read_chain("2026-12-02")) == 1


class TestARunThatFails:
    """By night nobody reads what it says: an alarm reads the log."""

    def failed(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [
            record.__dict__["reason"]
            for record in caplog.records
            if (record.message, record.levelname) == ("retention.failed", "CRITICAL")
        ]

    def test_is_a_critical_line_with_what_is_to_be_done(
        self, configured: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        configured.setenv("OMNIPUB_AUDIT_RETENTION_DAYS", "90")

        with pytest.raises(CommandError):
            call_command("retention", "run")

        (reason,) = self.failed(caplog)
        assert reason.startswith("OMNIPUB_AUDIT_BUCKET is not set")

    def test_for_a_fault_of_ours_is_one_too_and_shows_nothing_of_what_it_met(
        self, configured: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        put(MessageStatus.PUBLISHED)
        configured.setattr("publishing.adapters.clock.now", lambda: NOW + 2 * DAYS)

        def break_down(*_: object) -> bool:
            raise KeyError("what a message said")

        configured.setattr(retention, "remove_message", break_down)

        with pytest.raises(KeyError):
            call_command("retention", "run")

        assert self.failed(caplog) == ["KeyError"]

    def test_is_none_where_all_went_well(self, configured: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
        call_command("retention", "run")

        assert self.failed(caplog) == []
