"""What a function's answer means for its batch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.events.batches import Batch, Failure, Record, expire, judge, read_answer
from local.events.settings import MappingSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS = MappingSettings()
WITHOUT_BISECT = replace(SETTINGS, bisect_on_function_error=False)


def build_records(count, *, key="a", first=1, arrived_at=NOON):
    return tuple(
        Record(sequence_number=str(number), partition_key=key, data=b"{}", arrived_at=arrived_at)
        for number in range(first, first + count)
    )


def build_batch(count=4, **values):
    return Batch(lane=0, records=build_records(count), **values)


def reported(*identifiers):
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


def failed_at(index, *, function_error=False):
    return Failure(first=index, reason="test", function_error=function_error)


def numbers(records):
    return [int(record.sequence_number) for record in records]


class TestAnswer:
    @pytest.mark.parametrize(
        "payload", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": "field"}]
    )
    def test_that_names_no_failure_is_success(self, payload):
        assert read_answer(payload, build_records(3)) is None

    def test_that_names_several_records_counts_by_the_lowest(self):
        failure = read_answer(reported("3", "2", "4"), build_records(4))

        assert failure is not None
        assert failure.first == 1
        assert not failure.function_error

    def test_counts_by_number_where_text_would_order_otherwise(self):
        failure = read_answer(reported("10", "9"), build_records(4, first=8))

        assert failure is not None
        assert failure.first == 1

    @pytest.mark.parametrize(
        "payload",
        [
            reported("99"),
            reported(""),
            reported(None),
            reported("3", "99"),
            reported(["3"]),
            reported(3),
            {"batchItemFailures": [{"itemIdentifer": "3"}]},
            {"batchItemFailures": ["3"]},
            {"batchItemFailures": [None]},
            {"batchItemFailures": "3"},
            {"batchItemFailures": {"itemIdentifier": "3"}},
            "done",
            True,
            [],
        ],
    )
    def test_that_cannot_be_understood_fails_the_whole_batch(self, payload):
        failure = read_answer(payload, build_records(4))

        assert failure is not None
        assert failure.first == 0


class TestVerdict:
    def test_on_success_is_done(self):
        verdict = judge(build_batch(3), None, settings=SETTINGS, now=0)

        assert numbers(verdict.done) == [1, 2, 3]
        assert not verdict.again
        assert verdict.discard is None

    def test_on_a_partial_failure_delivers_everything_from_the_lowest_again(self):
        verdict = judge(build_batch(4), failed_at(2), settings=SETTINGS, now=0)

        assert numbers(verdict.done) == [1, 2]
        assert [numbers(batch.records) for batch in verdict.again] == [[3, 4]]

    def test_on_an_error_splits_the_batch_and_uses_no_retry(self):
        verdict = judge(build_batch(5), failed_at(0, function_error=True), settings=SETTINGS, now=7)

        assert [numbers(batch.records) for batch in verdict.again] == [[1, 2], [3, 4, 5]]
        assert [batch.retry_count for batch in verdict.again] == [0, 0]
        assert [batch.not_before for batch in verdict.again] == [7, 7]

    def test_on_a_partial_failure_at_the_first_record_splits_too(self):
        verdict = judge(build_batch(2), failed_at(0), settings=SETTINGS, now=0)

        assert [numbers(batch.records) for batch in verdict.again] == [[1], [2]]

    def test_without_bisect_delivers_the_whole_batch_again_as_a_retry(self):
        verdict = judge(build_batch(4), failed_at(0), settings=WITHOUT_BISECT, now=0)

        assert [numbers(batch.records) for batch in verdict.again] == [[1, 2, 3, 4]]
        assert verdict.again[0].retry_count == 1

    @pytest.mark.parametrize("function_error", [True, False])
    def test_gives_up_after_the_last_retry_whatever_the_kind_of_failure(self, function_error):
        last_try = build_batch(1, retry_count=2, invoke_count=2)

        verdict = judge(last_try, failed_at(0, function_error=function_error), settings=SETTINGS, now=0)

        assert not verdict.again
        assert verdict.discard is not None
        assert verdict.discard.condition == "RetryAttemptsExhausted"
        assert verdict.discard.invoke_count == 3

    def test_without_bisect_counts_partial_progress_as_a_retry_too(self):
        last_try = build_batch(3, retry_count=2)

        verdict = judge(last_try, failed_at(1), settings=WITHOUT_BISECT, now=0)

        assert numbers(verdict.done) == [1]
        assert verdict.discard is not None
        assert numbers(verdict.discard.records) == [2, 3]

    def test_waits_longer_with_each_retry(self):
        waits = [
            judge(build_batch(1, retry_count=count), failed_at(0), settings=SETTINGS, now=100).again[0].not_before - 100
            for count in (0, 1)
        ]

        assert waits == [1.0, 2.0]

    @pytest.mark.parametrize("settings", [SETTINGS, WITHOUT_BISECT])
    @pytest.mark.parametrize("count", range(1, 11))
    @pytest.mark.parametrize("retry_count", range(3))
    def test_accounts_for_every_record_once_and_in_order(self, settings, count, retry_count):
        for first in range(count):
            verdict = judge(build_batch(count, retry_count=retry_count), failed_at(first), settings=settings, now=0)

            again = tuple(record for batch in verdict.again for record in batch.records)
            discarded = verdict.discard.records if verdict.discard else ()
            assert numbers(verdict.done + again + discarded) == list(range(1, count + 1))
            assert numbers(verdict.done) == list(range(1, first + 1))


class TestAge:
    def test_parts_old_records_from_those_that_may_still_be_tried(self):
        old = build_records(1, arrived_at=NOON - timedelta(seconds=121))
        batch = Batch(lane=0, records=old + build_records(1, first=2, arrived_at=NOON - timedelta(seconds=120)))

        fresh, discard = expire(batch, settings=SETTINGS, now=NOON)

        assert fresh is not None
        assert numbers(fresh.records) == [2]
        assert discard is not None
        assert numbers(discard.records) == [1]
        assert discard.condition == "RecordAgeExceeded"
        assert discard.failure is None

    def test_leaves_nothing_of_a_batch_that_is_old_throughout(self):
        fresh, discard = expire(build_batch(2), settings=SETTINGS, now=NOON + timedelta(hours=1))

        assert fresh is None
        assert discard is not None

    def test_remembers_the_answer_of_a_try_before(self):
        tried = build_batch(1, invoke_count=1, failure=failed_at(0, function_error=True))

        _, discard = expire(tried, settings=SETTINGS, now=NOON + timedelta(hours=1))

        assert discard is not None
        assert discard.failure == failed_at(0, function_error=True)
