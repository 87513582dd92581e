"""The poller against a stream in memory, with real threads, a real handler call and real checkpoint files."""

import base64
import json
import threading
from collections import defaultdict
from datetime import timedelta

import pytest

from local.events.checkpoint import Checkpoints
from local.events.function import Function
from local.events.poller import Mapping, ShardPoller
from local.events.settings import MappingSettings
from local.events.stream import run_mapping
from tests.local.events.streams import MemoryStream, RecordingDestination

SETTINGS = MappingSettings(poll_interval=0.02, retry_delay=0.01, maximum_record_age=60.0, function_timeout=5.0)


def sequence_numbers(event):
    return [record["kinesis"]["sequenceNumber"] for record in event["Records"]]


class World:
    """A stream, a handler that a test gives, and what came of it."""

    def __init__(self, folder):
        self.stream = MemoryStream()
        self.destination = RecordingDestination()
        self.checkpoints = Checkpoints(folder=folder, stream=self.stream.name)
        self.events = []
        self.contexts = []
        self.answer = lambda event: None
        self._stop = threading.Event()
        self._thread = None

    def handler(self, event, context):
        self.events.append(event)
        self.contexts.append(context)
        return self.answer(event)

    def start(self, settings=SETTINGS):
        mapping = Mapping(
            stream=self.stream,
            function=Function(name="omnipub-worker", handler=self.handler, timeout=5.0, memory=1024),
            destination=self.destination,
            checkpoints=self.checkpoints,
            settings=settings,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run_mapping, args=(mapping,), kwargs={"stop": self._stop})
        self._thread.start()

    def stop(self):
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=20)

    @property
    def checkpoint(self):
        return self.checkpoints.read(self.stream.shard)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.stop()


class TestEvent:
    def test_looks_as_aws_sends_it(self, world, wait_until):
        number = world.stream.put("account-1", b'{"kind": "deliver"}')
        world.start()
        wait_until(lambda: world.checkpoint == number)

        (event,) = world.events

        (record,) = event["Records"]
        assert base64.b64decode(record["kinesis"]["data"]) == b'{"kind": "deliver"}'
        assert record["kinesis"]["partitionKey"] == "account-1"
        assert record["kinesis"]["sequenceNumber"] == number
        assert isinstance(record["kinesis"]["approximateArrivalTimestamp"], float)
        assert record["eventID"] == f"shardId-000000000000:{number}"
        assert record["eventSource"] == "aws:kinesis"
        assert record["eventName"] == "aws:kinesis:record"
        assert record["eventSourceARN"] == "arn:aws:kinesis:us-east-1:000000000000:stream/omnipub"
        assert record["awsRegion"] == "us-east-1"

    def test_comes_with_a_context_that_counts_down(self, world, wait_until):
        world.stream.put("account-1")
        world.start()
        wait_until(lambda: world.contexts)

        (context,) = world.contexts

        assert context.function_name == "omnipub-worker"
        assert context.memory_limit_in_mb == 1024
        assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:000000000000:function:omnipub-worker"
        assert 0 <= context.get_remaining_time_in_millis() <= 5000


class TestDelivery:
    def test_of_a_failed_record_starts_again_at_the_lowest_one(self, world, wait_until):
        numbers = [world.stream.put("account-1") for _ in range(4)]
        failures = [{"batchItemFailures": [{"itemIdentifier": numbers[n]} for n in (3, 2)]}]
        world.answer = lambda event: failures.pop() if failures else {"batchItemFailures": []}

        world.start()
        wait_until(lambda: world.checkpoint == numbers[3])

        assert [sequence_numbers(event) for event in world.events] == [numbers, numbers[2:]]
        assert world.destination.parked == []

    def test_isolates_one_poisonous_record_and_delivers_the_rest(self, world, wait_until):
        numbers = [world.stream.put("account-1") for _ in range(10)]

        def refuse_the_seventh(event):
            if numbers[6] in sequence_numbers(event):
                raise ValueError("poison")

        world.answer = refuse_the_seventh

        world.start()
        wait_until(lambda: world.checkpoint == numbers[9])

        (parked,) = world.destination.parked
        assert parked["KinesisBatchInfo"]["startSequenceNumber"] == numbers[6]
        assert parked["KinesisBatchInfo"]["endSequenceNumber"] == numbers[6]
        assert parked["KinesisBatchInfo"]["batchSize"] == 1
        assert parked["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert parked["responseContext"]["functionError"] == "Unhandled"
        assert [sequence_numbers(event) for event in world.events].count([numbers[6]]) == 3

    def test_is_retried_no_more_often_for_partial_failures(self, world, wait_until):
        number = world.stream.put("account-1")
        world.answer = lambda event: {"batchItemFailures": [{"itemIdentifier": number}]}

        world.start()
        wait_until(lambda: world.checkpoint == number)

        assert len(world.events) == 3
        (parked,) = world.destination.parked
        assert parked["requestContext"]["approximateInvokeCount"] == 3
        assert "functionError" not in parked["responseContext"]

    def test_of_too_old_a_record_is_not_tried(self, world, wait_until):
        old = world.stream.put("account-1", age=timedelta(minutes=5))
        fresh = world.stream.put("account-1")

        world.start()
        wait_until(lambda: world.checkpoint == fresh)

        assert [sequence_numbers(event) for event in world.events] == [[fresh]]
        (parked,) = world.destination.parked
        assert parked["KinesisBatchInfo"]["startSequenceNumber"] == old
        assert parked["requestContext"]["condition"] == "RecordAgeExceeded"
        assert "responseContext" not in parked

    def test_keeps_the_order_of_each_key_while_keys_run_side_by_side(self, world, wait_until):
        keys = [f"account-{n % 7}" for n in range(120)]
        numbers = [world.stream.put(key) for key in keys]
        seen = defaultdict(list)
        running: set[str] = set()

        def handle(event):
            batch_keys = {record["kinesis"]["partitionKey"] for record in event["Records"]}
            assert not batch_keys & running
            running.update(batch_keys)
            for record in event["Records"]:
                seen[record["kinesis"]["partitionKey"]].append(record["kinesis"]["sequenceNumber"])
            running.difference_update(batch_keys)

        world.answer = handle

        world.start()
        wait_until(lambda: world.checkpoint == numbers[-1])

        assert {key: seen[key] for key in keys} == {
            key: [number for number, its_key in zip(numbers, keys, strict=True) if its_key == key] for key in keys
        }
        assert all(len(event["Records"]) <= 10 for event in world.events)

    def test_does_not_wait_for_a_slow_key(self, world, wait_until):
        release = threading.Event()
        slow = world.stream.put("slow")

        def hold_the_slow_one(event):
            if slow in sequence_numbers(event):
                release.wait(20)

        world.answer = hold_the_slow_one
        world.start()
        wait_until(lambda: world.events)
        others = [world.stream.put(f"key-{n}") for n in range(20)]

        wait_until(lambda: len({number for event in world.events for number in sequence_numbers(event)}) >= 15)

        assert world.checkpoint is None
        release.set()
        wait_until(lambda: world.checkpoint == others[-1])


class TestRestart:
    def test_goes_on_after_the_checkpoint(self, world, wait_until):
        before = world.stream.put("account-1")
        world.start()
        wait_until(lambda: world.checkpoint == before)
        world.stop()
        after = world.stream.put("account-1")

        world.start()
        wait_until(lambda: world.checkpoint == after)

        assert [sequence_numbers(event) for event in world.events] == [[before], [after]]

    def test_delivers_anew_what_was_not_finished(self, world, wait_until):
        number = world.stream.put("account-1")
        world.answer = lambda event: {"batchItemFailures": [{"itemIdentifier": number}]}
        world.start(MappingSettings(poll_interval=0.02, retry_delay=600.0))
        wait_until(lambda: world.events)
        world.stop()
        world.answer = lambda event: None

        world.start()
        wait_until(lambda: world.checkpoint == number)

        assert [sequence_numbers(event) for event in world.events] == [[number], [number]]

    def test_reads_from_the_start_when_the_stream_lost_the_position(self, world, wait_until):
        number = world.stream.put("account-1")
        world.start()
        wait_until(lambda: world.checkpoint == number)
        world.stop()
        world.stream.forgets = True

        world.start()
        wait_until(lambda: len(world.events) == 2)

        assert [sequence_numbers(event) for event in world.events] == [[number], [number]]


class TestAbsentStream:
    def test_is_waited_for_at_the_start(self, world, wait_until):
        world.stream.is_away = True
        number = world.stream.put("account-1")
        world.start()

        world.stream.is_away = False

        wait_until(lambda: world.checkpoint == number)

    def test_is_waited_for_while_running(self, world, wait_until):
        before = world.stream.put("account-1")
        world.start()
        wait_until(lambda: world.checkpoint == before)
        world.stream.is_away = True
        after = world.stream.put("account-1")

        world.stream.is_away = False

        wait_until(lambda: world.checkpoint == after)


class TestOverrunningHandler:
    def test_ends_the_process_as_the_sandbox_would(self, world, wait_until):
        stop, release, died = threading.Event(), threading.Event(), threading.Event()
        world.stream.put("account-1")
        mapping = Mapping(
            stream=world.stream,
            function=Function(name="omnipub-worker", handler=lambda *_: release.wait(20), timeout=-10.0),
            destination=world.destination,
            checkpoints=world.checkpoints,
            settings=SETTINGS,
        )
        poller = threading.Thread(target=ShardPoller(mapping, world.stream.shard, stop=stop, die=died.set).run)

        poller.start()
        has_died = died.wait(20)
        stop.set()
        release.set()
        poller.join()

        assert has_died


class TestCheckpointFile:
    def test_that_is_damaged_counts_as_none(self, tmp_path):
        checkpoints = Checkpoints(folder=tmp_path, stream="omnipub")
        checkpoints.write("shardId-1", "42")
        (file,) = tmp_path.iterdir()

        for content in ("", "{", "[]", '{"sequence_number": null}', '{"sequence_number": "x"}', json.dumps("x")):
            file.write_text(content)
            assert checkpoints.read("shardId-1") is None

    def test_is_kept_per_shard(self, tmp_path):
        checkpoints = Checkpoints(folder=tmp_path, stream="omnipub")

        checkpoints.write("shardId-1", "42")

        assert checkpoints.read("shardId-1") == "42"
        assert checkpoints.read("shardId-2") is None
