"""Parked records, as operators see them and put them back."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters import clock
from publishing.adapters.hints import Hints
from publishing.domain.delivery import DeliveryState
from publishing.items.base import TableItem
from publishing.items.records import AuditItem
from publishing.store.parked import park_record
from tests.system import System


def parked(*arguments: str) -> str:
    out = StringIO()
    call_command("parked", *arguments, stdout=out)
    return out.getvalue()


def park(data: bytes, *, sequence: str = "0007") -> str:
    """Park a record now, and return the day."""
    now = clock.now()
    park_record(data=data, reason="The record is not JSON.", partition_key="lane", sequence_number=sequence, now=now)
    return f"{now:%Y-%m-%d}"


@pytest.mark.usefixtures("table")
class TestParkedRecords:
    def test_are_listed_by_day(self):
        day = park(b"one", sequence="0001")
        park(b"two", sequence="0002")

        said = parked("list").splitlines()

        assert [line.split()[1:] for line in said] == [
            [sequence, "The", "record", "is", "not", "JSON."] for sequence in ("0001", "0002")
        ]
        assert parked("list", "--day", day).splitlines() == said
        assert parked("list", "--day", "2020-02-29") == "Nothing is parked on 2020-02-29.\n"

    def test_are_shown_as_they_came_without_steering_the_terminal(self):
        day = park(b"\x1b[2Jgone")

        said = parked("show", day, "0007")

        assert "reason     The record is not JSON." in said
        assert "\x1b" not in said
        assert r"b'\x1b[2Jgone'" in said

    def test_expire_after_a_month(self):
        day = park(b"one")

        (row,) = TableItem.query(f"PARKED#{day}")

        assert 29 < (row.ttl - clock.now().timestamp()) / 86_400 < 31

    @pytest.mark.parametrize("what", ["show", "again"])
    def test_that_are_not_there_are_named(self, what):
        with pytest.raises(CommandError, match=r"No record 0009 is parked on 2020-02-29\..*parked list"):
            parked(what, "2020-02-29", "0009")

    @pytest.mark.parametrize("arguments", [("list", "--day", "yesterday"), ("show", "29.2.2020", "1")])
    def test_of_a_day_that_is_none_are_refused(self, arguments):
        with pytest.raises(CommandError, match="is no day"):
            parked(*arguments)

    def test_that_cannot_be_read_yet_stay_where_they_are(self, monkeypatch):
        # Whatever reached the stream would be refused with another sentence.
        monkeypatch.setattr(Hints, "put_events", lambda _, events: len(events))
        day = park(b'{"v":2}')

        with pytest.raises(CommandError, match="This version cannot read it either"):
            parked("again", day, "0007")

        assert "put back   never" in parked("show", day, "0007")

    def test_that_do_not_reach_the_worker_are_said_to_wait(self, monkeypatch):
        monkeypatch.setattr(Hints, "put_events", lambda _, events: len(events))
        day = park(b'{"v":1,"kind":"check_account","account":"01KBCD0000000000000000000B"}')

        with pytest.raises(CommandError, match=r"did not reach the worker\. Nothing is lost"):
            parked("again", day, "0007")


class TestAParkedRecord:
    def test_is_carried_out_after_it_was_put_back_and_the_audit_says_so(self, system: System):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.tick()
        (event,) = system.stream
        system.stream.clear()
        day = park(event.encode())

        said = parked("again", day, "0007")
        system.work()

        assert "on its way to the worker again" in said
        assert system.read(message_id).deliveries[0].state is DeliveryState.PUBLISHED
        audited = [row for row in TableItem.query(f"AUDIT#{day}") if isinstance(row, AuditItem)]
        assert ("system", "parked.again", f"parked:{day}/0007") in [
            (row.actor, row.action, row.target) for row in audited
        ]
        assert "  put back\n" in parked("list")
