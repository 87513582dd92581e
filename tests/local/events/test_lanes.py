"""Order per key, one batch a lane at a time, and a checkpoint that never skips."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from local.events.batches import Batch, Failure, Record
from local.events.lanes import Lanes, lane_of
from local.events.settings import MappingSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS = MappingSettings()
FAILED = Failure(first=0, reason="test", function_error=True)


def build_record(number, key="a", arrived_at=NOON):
    return Record(sequence_number=str(number), partition_key=key, data=b"{}", arrived_at=arrived_at)


def build_lanes(*records, settings=SETTINGS):
    lanes = Lanes(settings)
    lanes.feed(records)
    return lanes


def keys_in_different_lanes():
    key = next(f"key{n}" for n in range(100) if lane_of(f"key{n}", 10) != lane_of("a", 10))
    return "a", key


def numbers(batch):
    return [int(record.sequence_number) for record in batch.records]


class TestLane:
    def test_takes_no_more_than_a_batch_at_a_time(self):
        lanes = build_lanes(*(build_record(n) for n in range(1, 26)))

        first = lanes.start(now=0, wall=NOON).batches

        assert [numbers(batch) for batch in first] == [list(range(1, 11))]

    def test_starts_nothing_while_its_batch_runs(self):
        lanes = build_lanes(*(build_record(n) for n in range(1, 26)))
        lanes.start(now=0, wall=NOON)

        assert lanes.start(now=99, wall=NOON).batches == ()

    def test_of_another_key_is_not_held_up(self):
        key, other_key = keys_in_different_lanes()
        lanes = build_lanes(build_record(1, key), build_record(2, other_key))

        assert len(lanes.start(now=0, wall=NOON).batches) == 2

    def test_delivers_what_failed_before_what_is_new(self):
        lanes = build_lanes(*(build_record(n) for n in range(1, 13)))
        (batch,) = lanes.start(now=0, wall=NOON).batches
        lanes.finish(batch, replace(FAILED, first=8), now=0)

        (again,) = lanes.start(now=0, wall=NOON).batches

        assert numbers(again) == [9, 10]

    def test_waits_for_its_retry_and_lets_nothing_new_overtake_it(self):
        lanes = build_lanes(build_record(1))
        (batch,) = lanes.start(now=0, wall=NOON).batches
        lanes.finish(batch, FAILED, now=0)
        lanes.feed([build_record(2)])

        assert lanes.start(now=0.5, wall=NOON).batches == ()
        assert lanes.next_start() == 1.0
        (again,) = lanes.start(now=1.0, wall=NOON).batches
        assert numbers(again) == [1]

    def test_goes_on_after_it_gave_up_what_grew_too_old(self):
        old = build_record(1, arrived_at=NOON - timedelta(minutes=3))
        lanes = build_lanes(old, build_record(2))

        work = lanes.start(now=0, wall=NOON)

        assert [numbers(discard) for discard in work.discards] == [[1]]
        assert [numbers(batch) for batch in work.batches] == [[2]]

    def test_does_not_start_a_batch_that_is_old_throughout(self):
        old = [build_record(n, arrived_at=NOON - timedelta(minutes=3)) for n in range(1, 25)]
        lanes = build_lanes(*old, build_record(25))

        work = lanes.start(now=0, wall=NOON)

        assert [number for discard in work.discards for number in numbers(discard)] == list(range(1, 25))
        assert [numbers(batch) for batch in work.batches] == [[25]]


class TestCheckpoint:
    def test_is_where_it_was_until_something_is_finished(self):
        lanes = Lanes(SETTINGS, checkpoint="7")

        lanes.feed([build_record(8)])

        assert lanes.checkpoint == "7"

    def test_stays_before_the_first_unfinished_record(self):
        key, other_key = keys_in_different_lanes()
        lanes = build_lanes(build_record(1, key), build_record(2, other_key), build_record(3, key))
        batches = {batch.records[0].partition_key: batch for batch in lanes.start(now=0, wall=NOON).batches}

        lanes.finish(batches[key], None, now=0)

        assert lanes.checkpoint == "1"
        assert lanes.backlog == 2

    def test_passes_everything_once_all_is_finished(self):
        key, other_key = keys_in_different_lanes()
        lanes = build_lanes(build_record(1, key), build_record(2, other_key), build_record(3, key))

        for batch in lanes.start(now=0, wall=NOON).batches:
            lanes.finish(batch, None, now=0)

        assert lanes.checkpoint == "3"
        assert lanes.backlog == 0

    def test_waits_for_what_was_given_up_to_be_parked(self):
        lanes = build_lanes(build_record(1), settings=replace(SETTINGS, maximum_retry_attempts=0))
        (batch,) = lanes.start(now=0, wall=NOON).batches

        discard = lanes.finish(batch, FAILED, now=0)

        assert discard is not None
        assert lanes.checkpoint is None
        lanes.settle(discard.records)
        assert lanes.checkpoint == "1"


@given(data=st.data())
def test_whatever_fails_every_record_is_handled_or_parked_and_keys_keep_their_order(data):
    settings = MappingSettings(
        batch_size=data.draw(st.integers(1, 5)),
        parallelization_factor=data.draw(st.integers(1, 4)),
        maximum_retry_attempts=data.draw(st.integers(0, 2)),
        bisect_on_function_error=data.draw(st.booleans()),
    )
    keys = data.draw(st.lists(st.sampled_from("abcde"), max_size=25))
    lanes = Lanes(settings)
    unread = [build_record(number, key) for number, key in enumerate(keys, 1)]
    running: dict[int, Batch] = {}
    handled = defaultdict(list)
    ended = set()
    clock = 0.0

    while unread or running or lanes.backlog:
        # Anything that can happen next may: records arrive, time passes, a running batch ends somehow.
        arriving = data.draw(st.integers(0, min(3, len(unread))))
        lanes.feed(unread[:arriving])
        del unread[:arriving]
        clock += data.draw(st.sampled_from([0.0, 1.0, 40.0]))
        work = lanes.start(now=clock, wall=NOON + timedelta(seconds=clock))
        discards = list(work.discards)
        for batch in work.batches:
            assert batch.lane not in running
            running[batch.lane] = batch
        if running:
            batch = running.pop(data.draw(st.sampled_from(sorted(running))))
            first = data.draw(st.none() | st.integers(0, len(batch.records) - 1))
            for record in batch.records[:first]:
                handled[record.partition_key].append(int(record.sequence_number))
                ended.add(int(record.sequence_number))
            failure = None if first is None else replace(FAILED, first=first)
            if discard := lanes.finish(batch, failure, now=clock):
                discards.append(discard)
        for discard in discards:
            ended.update(numbers(discard))
            lanes.settle(discard.records)
        # Everything up to the checkpoint has ended, and nothing that ended is beyond reach of it.
        assert set(range(1, int(lanes.checkpoint or 0) + 1)) <= ended

    assert ended == set(range(1, len(keys) + 1))
    assert int(lanes.checkpoint or 0) == len(keys)
    for numbers_of_key in handled.values():
        assert numbers_of_key == sorted(set(numbers_of_key))
