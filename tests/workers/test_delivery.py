"""The worker: whole batches in, whole answers out."""

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from publishing.adapters import clock
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import UnavailableError
from publishing.domain.events import Deliver
from publishing.services import performing, steps
from publishing.store import messages
from publishing.store.parked import count_parked
from tests.emulator import ROOT
from tests.system import InvocationContext, System, record
from workers import delivery


def sequence(number: int) -> str:
    return f"{number:056d}"


def build_event(**fields: Any) -> Deliver:
    ids = {"message_id": "01KBCD0000000000000000000A", "account_id": "01KBCD0000000000000000000B"}
    return Deliver(**{"delivery_id": "webhook", "gen": 1, **ids, **fields})


class TestABatch:
    def test_parks_what_is_not_ours_and_carries_out_the_rest(self, system: System):
        message = system.publish(system.connect("webhook", "newsroom")).message
        system.tick()
        (event,) = system.stream
        foreign = [b"\xff\xfe", b"[]", b'{"v":2}', b"x" * 5_000]
        records = [record(data, "elsewhere", place) for place, data in enumerate(foreign, start=1)]
        records.append(record(event.encode(), event.account_id, 9))

        answer = delivery.handler({"Records": records}, InvocationContext(300))

        assert answer == {"batchItemFailures": []}
        assert count_parked(f"{clock.now():%Y-%m-%d}") == len(foreign)
        assert system.read(message.id).deliveries[0].state is DeliveryState.PUBLISHED

    def test_reports_the_lowest_record_when_the_table_is_away(self, system: System, monkeypatch: pytest.MonkeyPatch):
        def be_away(_: str) -> None:
            raise UnavailableError("The table could not be reached.")

        monkeypatch.setattr(messages, "find_message", be_away)
        events = [build_event(), build_event(account_id="01KBCD0000000000000000000C")]

        answer = system.handle(events)

        assert answer == {"batchItemFailures": [{"itemIdentifier": sequence(1)}]}

    def test_goes_on_with_other_accounts_when_one_must_come_again(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ):
        seen: list[str] = []

        def read(message_id: str) -> None:
            seen.append(message_id)
            if message_id.endswith("X"):
                raise UnavailableError("The table could not be reached.")

        monkeypatch.setattr(messages, "find_message", read)
        lost = build_event(message_id="01KBCD0000000000000000000X")
        behind_it = build_event(message_id="01KBCD0000000000000000000Y")
        beside_it = build_event(message_id="01KBCD0000000000000000000Z", account_id="01KBCD0000000000000000000C")

        answer = system.handle([beside_it, lost, behind_it])

        assert answer == {"batchItemFailures": [{"itemIdentifier": sequence(2)}]}
        assert behind_it.message_id not in seen
        assert beside_it.message_id in seen

    def test_does_not_begin_without_time_and_asks_for_the_record_again(self, system: System):
        message = system.publish(system.connect("webhook", "newsroom")).message
        system.tick()

        answer = system.work(seconds=15)

        assert answer["batchItemFailures"]
        assert system.read(message.id).deliveries[0].claims == 0
        assert system.posts() == []

    def test_is_not_held_up_by_a_fault_of_ours(self, system: System, monkeypatch: pytest.MonkeyPatch):
        def break_down(_: str) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(messages, "find_message", break_down)

        assert system.handle([build_event()]) == {"batchItemFailures": []}

    def test_repeated_and_reordered_publishes_once(self, system: System):
        account = system.connect("webhook", "newsroom")
        for text in ("one", "two"):
            system.publish(account, text=text)
        system.tick()
        events = list(system.stream)
        system.stream.clear()

        system.handle([*reversed(events), *events, *events])
        system.handle(events)

        assert sorted(post["text"] for post in system.posts()) == ["one", "two"]

    def test_keeps_the_order_of_one_account(self, system: System):
        account = system.connect("webhook", "newsroom")
        ids = [system.publish(account, text=f"part {number}").message.id for number in range(4)]
        events = []
        system.tick()
        for message_id in ids:
            events += [
                event for event in system.stream if isinstance(event, Deliver) and event.message_id == message_id
            ]
        system.stream.clear()

        system.handle(events)

        assert [post["text"] for post in system.posts()] == ["part 0", "part 1", "part 2", "part 3"]

    def test_works_on_accounts_side_by_side_and_leaves_no_thread_behind(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ):
        # Both calls must be under way before either may go on: one after the other would never get through.
        together = threading.Barrier(2, timeout=20)
        publish = performing.PERFORMERS[steps.Publish]

        def meet(performer: performing.Performer, step: Any) -> Any:
            together.wait()
            return publish(performer, step)

        monkeypatch.setitem(performing.PERFORMERS, steps.Publish, meet)
        system.publish(system.connect("webhook", "one"), system.connect("webhook", "two"))
        system.tick()

        system.work()

        assert len(system.posts()) == 2
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("lane")]


def run_python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


class TestTheProcess:
    def test_names_everything_that_is_missing_at_once(self):
        code = "from workers.runtime import runtime; runtime('SECRETS_ARN', 'KINESIS_STREAM_NAME')"

        failed = run_python(code, {})

        last = failed.stderr.splitlines()[-1]
        assert failed.returncode == 1
        for name in ("TABLE_NAME", "SECRETS_ARN", "KINESIS_STREAM_NAME"):
            assert name in last

    def test_imports_no_django_and_stays_small(self, system: System, monkeypatch: pytest.MonkeyPatch):
        message = system.publish(system.connect("webhook", "newsroom"), system.connect("mastodon", "toots")).message
        system.tick()
        events = [(event.encode().decode(), event.account_id) for event in system.stream]
        code = f"""
import sys
from tests.light import Context, batch
from workers import delivery
answer = delivery.handler(batch({events!r}), Context())
assert answer == {{"batchItemFailures": []}}, answer
foreign = {{name.split(".")[0] for name in sys.modules}} & {{"django", "rest_framework", "boto3", "local", "pytest"}}
assert not foreign, foreign
print(len(sys.modules))
"""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

        done = run_python(code, environment)

        assert done.returncode == 0, done.stderr
        count = int(done.stdout.splitlines()[-1])
        assert count <= 520, f"{count} modules"
        assert {each.state for each in system.read(message.id).deliveries} == {DeliveryState.PUBLISHED}

    def test_ends_itself_rather_than_leave_a_stuck_lane_behind(self, system: System):
        code = f"""
import threading
from tests.light import Context, batch
from publishing.store import messages
from workers import delivery
messages.find_message = lambda _: threading.Event().wait()
delivery.handler(batch({[(build_event().encode().decode(), "lane")]!r}), Context(seconds=3))
print("came back")
"""

        ended = run_python(code, dict(os.environ))

        assert ended.returncode == 1
        assert "came back" not in ended.stdout
        assert "worker.lane_stuck" in ended.stdout + ended.stderr
