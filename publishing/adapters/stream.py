"""Hints on the stream. Best effort: what does not arrive is repeated by the watchdog."""

import logging
from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.events import StreamEvent

#: PutRecords takes at most this many.
_BATCH: Final = 500
_TRIES: Final = 3

log = logging.getLogger(__name__)


def put_events(stream: str, events: Sequence[StreamEvent]) -> int:
    """Put events on the stream, each in its account's lane; return how many did not arrive. Never raises."""
    left = list(events)
    for _ in range(_TRIES):
        left = [event for start in range(0, len(left), _BATCH) for event in _put(stream, left[start : start + _BATCH])]
        if not left:
            return 0
    log.warning("stream.put_incomplete", extra={"unsent": len(left)})
    return len(left)


def _put(stream: str, events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Put a batch and return those that were not accepted."""
    records = [{"Data": event.encode(), "PartitionKey": event.account_id} for event in events]
    try:
        answer = aws.client("kinesis").put_records(StreamName=stream, Records=records)
    except (ClientError, BotoCoreError):
        log.warning("stream.put_failed", exc_info=True)
        return list(events)
    if not answer.get("FailedRecordCount"):
        return []
    return [event for event, result in zip(events, answer["Records"], strict=True) if result.get("ErrorCode")]
