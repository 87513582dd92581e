"""Hints on the Kinesis stream, whose mapping hands them to the worker."""

import logging
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.adapters.hints import Hints
from publishing.domain.events import StreamEvent

#: PutRecords takes at most this many.
_BATCH: Final = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stream(Hints):
    """A stream; the account is the partition key, so that one account's hints stay in order."""

    name: str
    kind = "stream"

    def open(self) -> None:
        """Build the client."""
        aws.client("kinesis")

    def _put(self, events: list[StreamEvent]) -> list[StreamEvent]:
        batches = (events[start : start + _BATCH] for start in range(0, len(events), _BATCH))
        return [event for batch in batches for event in self._put_batch(batch)]

    def _put_batch(self, events: list[StreamEvent]) -> list[StreamEvent]:
        records = [{"Data": event.encode(), "PartitionKey": event.account_id} for event in events]
        try:
            answer = aws.client("kinesis").put_records(StreamName=self.name, Records=records)
        except (ClientError, BotoCoreError):
            log.warning("stream.put_failed", exc_info=True)
            return events
        if not answer.get("FailedRecordCount"):
            return []
        return [event for event, result in zip(events, answer["Records"], strict=True) if result.get("ErrorCode")]
