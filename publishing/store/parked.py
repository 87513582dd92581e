"""Stream records that could not be understood: parked with the reason, so that their batch goes on."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from publishing.items import keys
from publishing.items.records import ParkedItem
from publishing.store import writes
from publishing.store.reads import query
from publishing.store.writes import Write

DATA_LIMIT: Final = 4_096
#: Long enough for a weekend and for whoever has to be asked; the deliveries do not wait for it, they carry timers.
KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRecord:
    """A record as it came, and why it was parked."""

    sequence_number: str
    reason: str
    partition_key: str
    at: datetime
    #: Cut to `DATA_LIMIT`.
    data: bytes = field(repr=False)
    #: When somebody last put it on the stream again.
    again_at: datetime | None = None


def park_record(*, data: bytes, reason: str, partition_key: str, sequence_number: str, now: datetime) -> None:
    """Keep a record that is no event of ours, for 30 days. The same record parked twice is one row."""
    item = ParkedItem(keys.parked(f"{now:%Y-%m-%d}"), sequence_number)
    item.data = base64.b64encode(data[:DATA_LIMIT]).decode()
    item.reason, item.partition_key, item.at = reason, partition_key, now
    item.ttl = int((now + KEPT_FOR).timestamp())
    writes.run(writes.put(item))


def count_parked(day: str) -> int:
    """Return how many records were parked on a day (`2026-12-01`, UTC)."""
    return ParkedItem.count(keys.parked(day))


def list_parked(day: str, *, limit: int) -> tuple[ParkedRecord, ...]:
    """Return a day's parked records in the order of the stream, at most `limit`. Raises UnavailableError."""
    rows = query(ParkedItem, keys.parked(day), consistent_read=True, limit=limit)
    return tuple(_record(row) for row in rows if isinstance(row, ParkedItem))


def find_parked(day: str, sequence_number: str) -> ParkedRecord | None:
    """Return one parked record, or None. Raises UnavailableError."""
    is_it = ParkedItem.SK == sequence_number  # noqa: SIM300 - pynamodb builds the condition from this side
    rows = query(ParkedItem, keys.parked(day), is_it, consistent_read=True)
    return next((_record(row) for row in rows if isinstance(row, ParkedItem)), None)


def note_again(day: str, sequence_number: str, *, now: datetime) -> Write:
    """Build the note that a record was put on the stream again; it holds as long as the record is kept."""
    row = ParkedItem(keys.parked(day), sequence_number)
    return writes.update(row, [ParkedItem.again_at.set(now)], ParkedItem.PK.exists())


def _record(item: ParkedItem) -> ParkedRecord:
    return ParkedRecord(
        sequence_number=item.SK,
        reason=item.reason,
        partition_key=item.partition_key or "",
        at=item.at,
        data=base64.b64decode(item.data),
        again_at=item.again_at,
    )
