"""Stream records that could not be understood: parked with the reason, so that their batch goes on."""

import base64
from datetime import datetime
from typing import Final

from publishing.items import keys
from publishing.items.records import ParkedItem
from publishing.store import writes

DATA_LIMIT: Final = 4_096


def park_record(*, data: bytes, reason: str, partition_key: str, sequence_number: str, now: datetime) -> None:
    """Keep a record that is no event of ours. The same record parked twice is one row."""
    item = ParkedItem(keys.parked(f"{now:%Y-%m-%d}"), sequence_number)
    item.data = base64.b64encode(data[:DATA_LIMIT]).decode()
    item.reason, item.partition_key, item.at = reason, partition_key, now
    writes.run(writes.put(item))


def count_parked(day: str) -> int:
    """Return how many records were parked on a day (`2026-12-01`, UTC)."""
    return ParkedItem.count(keys.parked(day))
