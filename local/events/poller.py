"""The loop that reads one shard and hands its records to the function, as AWS's event source mapping does."""

import logging
import queue
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Final

from local.events.batches import Batch, Discard, Failure, read_answer
from local.events.checkpoint import Checkpoints
from local.events.envelope import failure_record, kinesis_event
from local.events.function import Function, FunctionError
from local.events.kinesis import PositionLostError, Stream, StreamUnavailableError
from local.events.lanes import Lanes
from local.events.parking import Destination
from local.events.settings import MappingSettings

log = logging.getLogger(__name__)

_READ_LIMIT: Final = 500
#: Unfinished records of a shard beyond which nothing more is read.
_MOST_UNFINISHED: Final = 2_000
#: Seconds between two tries to reach a stream that does not answer; doubles up to the second number.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One stream, one function, and how the two are tied."""

    stream: Stream
    function: Function
    destination: Destination
    checkpoints: Checkpoints
    settings: MappingSettings


class ShardPoller:
    """Reads one shard until it is told to stop. Records are delivered at least once, and in order per key."""

    def __init__(self, mapping: Mapping, shard: str, *, stop: Event, die: Callable[[], None]) -> None:
        self._mapping = mapping
        self._shard = shard
        self._stop = stop
        self._die = die
        self._saved = self._read_up_to = mapping.checkpoints.read(shard)
        self._lanes = Lanes(mapping.settings, checkpoint=self._saved)
        self._answers: queue.SimpleQueue[tuple[Batch, Failure | None]] = queue.SimpleQueue()
        self._next_read = 0.0
        self._wait = _FIRST_WAIT
        self._stream_arn = ""

    def run(self) -> None:
        """Deliver until `stop` is set; then let running batches end, start none, and return."""
        with ThreadPoolExecutor(self._mapping.settings.parallelization_factor, self._shard) as pool:
            running = 0
            while not self._stop.is_set() or running:
                if self._mapping.function.is_overdue():
                    log.error("%s overran its time; the process ends.", self._mapping.function.name)
                    self._die()
                if not self._stop.is_set():
                    self._read()
                    for batch in self._startable():
                        pool.submit(self._deliver, batch)
                        running += 1
                running -= self._take_answers()
                self._save()

    def _read(self) -> None:
        """Feed the lanes with what the shard has; a stream that does not answer is asked again later."""
        if time.monotonic() < self._next_read or self._lanes.backlog > _MOST_UNFINISHED:
            return
        try:
            self._stream_arn = self._stream_arn or self._mapping.stream.arn()
            records = self._mapping.stream.read(self._shard, after=self._read_up_to, limit=_READ_LIMIT)
        except StreamUnavailableError as error:
            log.info("Shard %s cannot be read, next try in %.1f s: %s", self._shard, self._wait, error)
            self._next_read = time.monotonic() + self._wait
            self._wait = min(self._wait * 2, _LONGEST_WAIT)
            return
        except PositionLostError as error:
            # Repeated hints are harmless, skipped ones cost a watchdog's turn: so from the start, not from the end.
            log.warning("Shard %s no longer knows %s and is read anew: %s", self._shard, self._read_up_to, error)
            self._mapping.checkpoints.forget(self._shard)
            self._saved = self._read_up_to = None
            return
        self._wait = _FIRST_WAIT
        self._lanes.feed(records)
        if records:
            self._read_up_to = records[-1].sequence_number
        if len(records) < _READ_LIMIT:
            self._next_read = time.monotonic() + self._mapping.settings.poll_interval

    def _startable(self) -> tuple[Batch, ...]:
        work = self._lanes.start(now=time.monotonic(), wall=datetime.now(UTC))
        for discard in work.discards:
            self._park(discard)
        return work.batches

    def _deliver(self, batch: Batch) -> None:
        function = self._mapping.function
        event = kinesis_event(batch.records, shard=self._shard, stream_arn=self._stream_arn, region=function.region)
        try:
            failure = read_answer(function.invoke(event), batch.records)
        except FunctionError as error:
            failure = Failure(first=0, reason=str(error), function_error=True)
        self._answers.put((batch, failure))

    def _take_answers(self) -> int:
        """Wait until there is something to do, take in all answers that are there, and return their number."""
        now = time.monotonic()
        wake_at = min(max(self._next_read, now), self._lanes.next_start() or now + 0.5, now + 0.5)
        taken = 0
        try:
            batch, failure = self._answers.get(timeout=max(wake_at - now, 0.01))
            while True:
                taken += 1
                discard = self._lanes.finish(batch, failure, now=time.monotonic())
                if discard is not None:
                    self._park(discard)
                batch, failure = self._answers.get_nowait()
        except queue.Empty:
            return taken

    def _park(self, discard: Discard) -> None:
        """Keep the evidence first, so that a crash in between parks twice rather than never."""
        record = failure_record(
            discard,
            shard=self._shard,
            stream_arn=self._stream_arn,
            arn=self._mapping.function.arn,
            request_id=str(uuid.uuid4()),
            now=datetime.now(UTC),
        )
        self._mapping.destination.park(record)
        self._lanes.settle(discard.records)
        reason = discard.failure.reason if discard.failure else "They were never tried."
        log.warning("Records given up: %d, %s. %s", len(discard.records), discard.condition, reason)

    def _save(self) -> None:
        checkpoint = self._lanes.checkpoint
        if checkpoint is not None and checkpoint != self._saved:
            self._mapping.checkpoints.write(self._shard, checkpoint)
            self._saved = checkpoint
