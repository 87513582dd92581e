"""A table put back to an earlier time: it works under its new name, and nothing is published twice."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters import clock as time
from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import Draft, Resolution
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import SYSTEM
from publishing.domain.schedule import Due
from publishing.items.base import TableItem
from publishing.items.records import AuditItem
from publishing.services.scheduling import create_message, schedule_message
from publishing.services.settling import resolve_delivery
from publishing.store import timers, writes
from publishing.store.binding import bind
from tests.clock import Clock
from tests.emulator import Emulator
from tests.system import System, forget_processes_past


def type_in(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class Backup:
    """A copy of the table as it is at one time, and the way to go on with it: the variable, as in a new deployment."""

    def __init__(self, emulator: Emulator, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._client, self._monkeypatch = emulator.client("dynamodb"), monkeypatch
        pages = self._client.get_paginator("scan").paginate(TableName=table)
        self._rows = [row for page in pages for row in page["Items"]]
        self._name = emulator.create_table()
        self.point = f"{time.now():%Y-%m-%dT%H:%M:%SZ}"

    def restore(self) -> None:
        for row in self._rows:
            self._client.put_item(TableName=self._name, Item=row)
        self._monkeypatch.setenv("TABLE_NAME", self._name)
        forget_processes_past()
        bind(self._name)


@pytest.fixture
def back_up(emulator: Emulator, table: str, monkeypatch: pytest.MonkeyPatch):
    return lambda: Backup(emulator, table, monkeypatch)


def write(system: System, account_id: str, *, text: str, due_in: float) -> str:
    now = time.now()
    draft = Draft(text=text, account_ids=(account_id,), due=Due(at=now + timedelta(seconds=due_in)))
    created = create_message(actor=system.actor, draft=draft, now=now, context=system.context)
    return created.message.id


def texts(system: System) -> list[Any]:
    return sorted(post["text"] for post in system.posts())


class TestARestoredTable:
    def test_would_publish_again_what_was_published_after_its_time(self, system: System, clock: Clock, back_up):
        """The danger itself: without the command, a restore doubles. Should this fail, the command can go."""
        account = system.connect("webhook", "newsroom")
        write(system, account.id, text="Once", due_in=30)
        backup = back_up()
        clock.move(minutes=1)
        system.settle()

        backup.restore()
        system.settle()

        assert texts(system) == ["Once", "Once"]

    def test_publishes_nothing_twice_and_leaves_it_to_a_person(self, system: System, clock: Clock, back_up):
        account = system.connect("webhook", "newsroom")
        sent = write(system, account.id, text="Sent after the backup", due_in=30)
        later = write(system, account.id, text="Tomorrow", due_in=86_400)
        done = write(system, account.id, text="Sent before the backup", due_in=0)
        system.settle()
        backup = back_up()
        clock.move(minutes=1)
        system.settle()
        type_in("dispatch", "stop")
        backup.restore()

        type_in("dispatch", "stop")
        said = type_in("after_restore", "--point", backup.point)
        type_in("dispatch", "resume")
        clock.move(days=2)
        system.settle()

        assert texts(system) == ["Sent after the backup", "Sent before the backup"]
        assert "2 messages held for a person, 0 left to go out" in said
        assert [system.read(each).message.status for each in (sent, later, done)] == [
            MessageStatus.NEEDS_ATTENTION, MessageStatus.NEEDS_ATTENTION, MessageStatus.PUBLISHED,
        ]  # fmt: skip
        (delivery,) = system.read(sent).deliveries
        assert delivery.state is DeliveryState.UNCONFIRMED
        assert delivery.problem
        assert "It may have been published, changed or cancelled since" in delivery.problem.detail

    def test_works_on_under_its_new_name(self, system: System, clock: Clock, back_up):
        account = system.connect("webhook", "newsroom")
        gone, missed = (write(system, account.id, text=text, due_in=30) for text in ("Gone out", "Missed"))
        backup = back_up()
        type_in("dispatch", "stop")
        backup.restore()
        type_in("dispatch", "stop")
        type_in("after_restore", "--point", backup.point)
        type_in("dispatch", "resume")

        # A credential that was sealed before the restore opens; a person says what became of the others.
        write(system, account.id, text="New", due_in=0)
        for message_id, published in ((gone, True), (missed, False)):
            resolve_delivery(
                actor=SYSTEM, message_id=message_id, delivery_id="webhook", resolution=Resolution(published=published),
                now=time.now(), context=system.context,
            )  # fmt: skip
        schedule_message(
            actor=SYSTEM, message_id=missed, due=Due(at=time.now()), now=time.now(), context=system.context
        )
        system.settle()

        assert texts(system) == ["Missed", "New"]
        assert system.read(gone).message.status is MessageStatus.PUBLISHED
        assert system.read(missed).message.status is MessageStatus.PUBLISHED

    @pytest.mark.parametrize("fault", ["rate_limited", "accept_and_hang_up"])
    def test_holds_what_was_under_way(self, system: System, clock: Clock, back_up, fault):
        account = system.connect("webhook", "newsroom")
        system.misbehave("webhook", fault, count=1, retry_after=30)
        message_id = write(system, account.id, text="Once", due_in=0)
        system.tick()
        system.work()
        backup = back_up()
        clock.move(minutes=5)
        system.settle()
        before = len(system.posts())
        backup.restore()
        type_in("dispatch", "stop")

        type_in("after_restore", "--point", backup.point)
        type_in("dispatch", "resume")
        clock.move(minutes=30)
        system.settle()

        assert len(system.posts()) == before == 1
        assert system.read(message_id).message.status is MessageStatus.NEEDS_ATTENTION
        assert list(timers.iterate_all()) == []

    def test_finishes_what_had_ended_but_for_its_message(self, system: System, emulator: Emulator):
        account = system.connect("webhook", "newsroom")
        message_id = write(system, account.id, text="Once", due_in=0)
        system.settle()
        emulator.client("dynamodb").update_item(
            TableName=TableItem.Meta.table_name,
            Key={"PK": {"S": f"MSG#{message_id}"}, "SK": {"S": "METADATA"}},
            UpdateExpression="SET #s = :s, GSI2PK = :p, GSI2SK = :k",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":s": {"S": "publishing"}, ":p": {"S": "STATUS#publishing"}, ":k": {"S": "2026-01-01T00:00:00.000Z"},
            },
        )  # fmt: skip
        type_in("dispatch", "stop")

        type_in("after_restore", "--point", "2026-01-01T00:00:00Z")

        assert system.read(message_id).message.status is MessageStatus.PUBLISHED


class TestAfterRestore:
    def test_is_refused_while_dispatch_is_on(self, system: System):
        with pytest.raises(CommandError, match=r"Type: manage\.py dispatch stop"):
            type_in("after_restore", "--point", "2026-01-01T00:00:00Z")

    def test_leaves_later_messages_alone_where_that_is_asked_for(self, system: System, clock: Clock):
        account = system.connect("webhook", "newsroom")
        write(system, account.id, text="Tomorrow", due_in=86_400)
        due = write(system, account.id, text="Now", due_in=1)
        clock.move(seconds=10)
        type_in("dispatch", "stop")

        said = type_in("after_restore", "--point", "2026-01-01T00:00:00Z", "--keep-later")
        type_in("dispatch", "resume")
        clock.move(days=1)
        system.settle()

        assert "1 messages held for a person, 1 left to go out" in said
        assert texts(system) == ["Tomorrow"]
        assert system.read(due).message.status is MessageStatus.NEEDS_ATTENTION

    def test_writes_nothing_in_a_dry_run_and_says_nothing_new_the_second_time(self, system: System):
        message_id = write(system, system.connect("webhook", "newsroom").id, text="Soon", due_in=60)
        type_in("dispatch", "stop")
        point = ("--point", "2026-01-01T00:00:00Z")

        dry = type_in("after_restore", *point, "--dry-run")
        unchanged = system.read(message_id).message.status
        first, second = type_in("after_restore", *point), type_in("after_restore", *point)

        assert "1 messages would be held; nothing was written" in dry
        assert unchanged is MessageStatus.SCHEDULED
        assert "1 messages held" in first
        assert second == "0 messages held for a person, 0 left to go out at their time.\n"

    def test_is_recorded_for_every_message(self, system: System):
        message_id = write(system, system.connect("webhook", "newsroom").id, text="Soon", due_in=60)
        type_in("dispatch", "stop")

        type_in("after_restore", "--point", "2026-01-01T00:00:00Z")

        rows = TableItem.query(f"AUDIT#{time.now():%Y-%m-%d}")
        audited = [row for row in rows if isinstance(row, AuditItem) and row.action == "message.restored"]
        assert [(row.target, row.facts) for row in audited] == [
            (f"message:{message_id}", {"deliveries": 1, "status": "needs_attention"})
        ]

    @pytest.mark.parametrize(
        ("point", "sentence"),
        [
            ("yesterday", "no time with its zone"),
            ("2026-12-01T08:00:00", "no time with its zone"),
            ("2999-01-01T00:00:00Z", "lies in the future"),
        ],
    )
    def test_is_told_a_time_that_was(self, system: System, point, sentence):
        type_in("dispatch", "stop")

        with pytest.raises(CommandError, match=sentence):
            type_in("after_restore", "--point", point)


class TestTimers:
    def test_are_iterated_however_many_pages_there_are(self, system: System, monkeypatch):
        account = system.connect("webhook", "newsroom")
        written = {write(system, account.id, text="Soon", due_in=60 + number) for number in range(5)}
        real = writes.dispatch
        monkeypatch.setattr(timers, "dispatch", lambda what, asked: real(what, {**asked, "Limit": 2}))

        assert {timer.message_id for timer in timers.iterate_all()} == written
