"""Which records of one shard may go to the function now, and how far the shard is done. No IO, no clock, no threads.

A shard is read in order and dealt to lanes by its records' partition keys. Lanes run side by side, each one batch at
a time, so that the order within a key is kept. The checkpoint is the last record before the first unfinished one.
"""

import hashlib
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from local.events.batches import Batch, Discard, Failure, Record, expire, judge
from local.events.settings import MappingSettings


class Work(NamedTuple):
    """Batches to start now, and records that grew too old while they waited."""

    batches: tuple[Batch, ...]
    discards: tuple[Discard, ...]


class _Lane:
    """One lane's queue: what must be delivered again goes before what is new."""

    def __init__(self) -> None:
        self.again: deque[Batch] = deque()
        self.new: deque[Record] = deque()
        self.is_busy = False


def lane_of(partition_key: str, lane_count: int) -> int:
    """Return the lane of a key; the same one for as long as the number of lanes is the same."""
    digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") % lane_count


class Lanes:
    """The unfinished records of one shard."""

    def __init__(self, settings: MappingSettings, *, checkpoint: str | None = None) -> None:
        self._settings = settings
        self._lanes = [_Lane() for _ in range(settings.parallelization_factor)]
        #: In the order of the shard: (sequence number, finished).
        self._order: deque[str] = deque()
        self._finished: set[str] = set()
        self._checkpoint = checkpoint

    @property
    def checkpoint(self) -> str | None:
        """Return the last sequence number up to which everything is finished; None while nothing is."""
        return self._checkpoint

    @property
    def backlog(self) -> int:
        """Return how many records were fed and not yet passed by the checkpoint."""
        return len(self._order)

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records as read from the shard, in its order."""
        for record in records:
            self._order.append(record.sequence_number)
            self._lanes[lane_of(record.partition_key, len(self._lanes))].new.append(record)

    def start(self, *, now: float, wall: datetime) -> Work:
        """Return the next batch of each idle lane that has one; the lane is busy until `finish`.

        `now` is the clock of the waits, `wall` the one of the records' arrival.
        """
        batches: list[Batch] = []
        discards: list[Discard] = []
        for number, lane in enumerate(self._lanes):
            while not lane.is_busy and (batch := self._next(number, lane, now=now)) is not None:
                fresh, discard = expire(batch, settings=self._settings, now=wall)
                if discard is not None:
                    discards.append(discard)
                if fresh is not None:
                    lane.is_busy = True
                    batches.append(fresh)
        return Work(tuple(batches), tuple(discards))

    def finish(self, batch: Batch, failure: Failure | None, *, now: float) -> Discard | None:
        """Take in the function's answer. What is returned must be parked, then passed to `settle`."""
        lane = self._lanes[batch.lane]
        lane.is_busy = False
        verdict = judge(batch, failure, settings=self._settings, now=now)
        lane.again.extendleft(reversed(verdict.again))
        self.settle(verdict.done)
        return verdict.discard

    def settle(self, records: Iterable[Record]) -> None:
        """Mark records as finished, that is handled or durably parked, and move the checkpoint."""
        self._finished.update(record.sequence_number for record in records)
        while self._order and self._order[0] in self._finished:
            self._checkpoint = self._order.popleft()
            self._finished.discard(self._checkpoint)

    def next_start(self) -> float | None:
        """Return when the first waiting retry of an idle lane may start; None when no idle lane waits for one."""
        return min((lane.again[0].not_before for lane in self._lanes if lane.again and not lane.is_busy), default=None)

    def _next(self, number: int, lane: _Lane, *, now: float) -> Batch | None:
        if lane.again:
            return lane.again.popleft() if lane.again[0].not_before <= now else None
        count = min(len(lane.new), self._settings.batch_size)
        records = tuple(lane.new.popleft() for _ in range(count))
        return Batch(lane=number, records=records) if records else None
