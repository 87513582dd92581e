"""What a batch of stream records is and what its function's answer means for it. Pure; AWS's rules, no others.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html and
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, read 2026-11-22.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from local.events.settings import MappingSettings

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]

#: The longest wait between two tries of a batch, in retry delays.
_LONGEST_WAIT: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it lies on a shard."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: datetime

    @property
    def position(self) -> int:
        """Return the sequence number as the number by which a shard is ordered."""
        return int(self.sequence_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A function's answer that is not success: `first` is the index of the first record that is not done."""

    first: int
    reason: str
    #: True when the function raised or ran out of time; False when it reported items.
    function_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one lane, in order, that go to the function together."""

    lane: int
    records: tuple[Record, ...]
    retry_count: int = 0
    invoke_count: int = 0
    #: The answer to the last try.
    failure: Failure | None = None
    #: Seconds on the caller's clock before which it is not tried again.
    not_before: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Records given up, with what AWS tells the on-failure destination."""

    records: tuple[Record, ...]
    condition: Condition
    invoke_count: int
    #: The last answer; None when the records grew too old before any try.
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a batch: records done, batches to deliver again in this order, records given up."""

    done: tuple[Record, ...] = ()
    again: tuple[Batch, ...] = ()
    discard: Discard | None = None


def read_answer(payload: object, records: tuple[Record, ...]) -> Failure | None:
    """Return the failure that a function's return value reports, or None for success.

    Nothing, an empty answer and an empty or null list are success. Anything that names no record of this batch
    fails all of it: AWS cannot know what was meant.
    """
    if payload is None or payload == {}:
        return None
    if not isinstance(payload, Mapping):
        return Failure(first=0, reason="The function's answer is not an object.", function_error=False)
    reported = payload.get("batchItemFailures")
    if reported is None or reported == []:
        return None
    index_of = {record.sequence_number: index for index, record in enumerate(records)}
    if not isinstance(reported, list):
        return Failure(first=0, reason="batchItemFailures is not a list.", function_error=False)
    try:
        first = min(index_of[item["itemIdentifier"]] for item in reported)
    except (KeyError, TypeError):
        return Failure(first=0, reason="An itemIdentifier names no record of the batch.", function_error=False)
    return Failure(first=first, reason="The function reported failed records.", function_error=False)


def judge(batch: Batch, failure: Failure | None, *, settings: MappingSettings, now: float) -> Verdict:
    """Decide what becomes of a batch after one try.

    Records before the first failed one are done, whatever else was reported. The rest is delivered again: split at
    the failed record, or in halves when that is the first, which uses up no retry; otherwise whole, until the retries
    are used up and it is discarded.
    """
    tried = replace(batch, invoke_count=batch.invoke_count + 1, failure=failure)
    if failure is None:
        return Verdict(done=batch.records)
    done, rest = batch.records[: failure.first], batch.records[failure.first :]
    if settings.bisect_on_function_error and len(batch.records) > 1:
        cut = len(rest) // 2 if not done else 0
        halves = tuple(half for half in (rest[:cut], rest[cut:]) if half)
        return Verdict(done=done, again=tuple(replace(tried, records=half, not_before=now) for half in halves))
    if batch.retry_count >= settings.maximum_retry_attempts:
        discard = Discard(
            records=rest, condition="RetryAttemptsExhausted", invoke_count=tried.invoke_count, failure=failure
        )
        return Verdict(done=done, discard=discard)
    wait = settings.retry_delay * min(2**batch.retry_count, _LONGEST_WAIT)
    again = replace(tried, records=rest, retry_count=batch.retry_count + 1, not_before=now + wait)
    return Verdict(done=done, again=(again,))


def expire(batch: Batch, *, settings: MappingSettings, now: datetime) -> tuple[Batch | None, Discard | None]:
    """Part a batch into what may still be tried and what has grown too old for it."""

    def is_old(record: Record) -> bool:
        return (now - record.arrived_at).total_seconds() > settings.maximum_record_age

    old = tuple(record for record in batch.records if is_old(record))
    if not old:
        return batch, None
    fresh = tuple(record for record in batch.records if not is_old(record))
    discard = Discard(
        records=old, condition="RecordAgeExceeded", invoke_count=batch.invoke_count, failure=batch.failure
    )
    return (replace(batch, records=fresh) if fresh else None), discard
