"""A stream in memory and a destination that remembers, for tests of the poller."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.events.batches import Record
from local.events.kinesis import PositionLostError, StreamUnavailableError


class MemoryStream:
    """One shard that a test writes to; it can be away, and it can forget."""

    name = "omnipub"
    shard = "shardId-000000000000"

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_away = False
        self.forgets = False
        self._number = 0
        self._lock = threading.Lock()

    def put(self, partition_key: str, data: bytes = b"{}", *, age: timedelta = timedelta()) -> str:
        with self._lock:
            self._number += 1
            arrived_at = datetime.now(UTC) - age
            number = f"{self._number:030d}"
            self.records.append(
                Record(sequence_number=number, partition_key=partition_key, data=data, arrived_at=arrived_at)
            )
            return number

    def arn(self) -> str:
        self._check()
        return "arn:aws:kinesis:us-east-1:000000000000:stream/omnipub"

    def shards(self) -> tuple[str, ...]:
        self._check()
        return (self.shard,)

    def read(self, shard: str, *, after: str | None, limit: int) -> tuple[Record, ...]:
        self._check()
        if self.forgets and after is not None:
            self.forgets = False
            raise PositionLostError(after)
        with self._lock:
            found = [record for record in self.records if after is None or record.position > int(after)]
        return tuple(found[:limit])

    def _check(self) -> None:
        if self.is_away:
            raise StreamUnavailableError("The stream is away.")


class RecordingDestination:
    """Keeps what was parked."""

    def __init__(self) -> None:
        self.parked: list[Mapping[str, Any]] = []

    def park(self, record: Mapping[str, Any]) -> None:
        self.parked.append(record)
