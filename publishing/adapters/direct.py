"""Hints to the worker function itself, where a stage has no stream: asynchronous invocations with the same batches.

The worker sees the records of a Kinesis batch, so that it has one path for both. Nobody reads its answer then: a record
that it reports as failed is a lost hint, which the watchdog repeats (`docs/adr/0015-*`).
"""

import base64
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws, clock
from publishing.adapters.hints import Hints
from publishing.domain.events import StreamEvent
from publishing.domain.ids import new_id

#: As many as the stream's mapping hands over at once, and as many as the worker has lanes for. An event has at most
#: 4 KB, so a batch stays far below the 256 KB that an asynchronous invocation takes.
BATCH: Final = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Direct(Hints):
    """The worker function, invoked by name. Lambda keeps what it accepted until there is room for it, or it is old."""

    name: str
    kind = "worker function"

    def open(self) -> None:
        """Build the client."""
        aws.client("lambda")

    def _put(self, events: list[StreamEvent]) -> list[StreamEvent]:
        return [event for batch in batches(events) for event in self._invoke(batch)]

    def _invoke(self, events: list[StreamEvent]) -> list[StreamEvent]:
        payload = json.dumps({"Records": [_record(event) for event in events]}).encode()
        try:
            aws.client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=payload)
        except (ClientError, BotoCoreError):
            # Throttled, gone or out of reach; one batch says nothing about the next one.
            log.warning("direct.invoke_failed", exc_info=True)
            return events
        return []


def batches(events: Iterable[StreamEvent]) -> Iterator[list[StreamEvent]]:
    """Share events out: an account's together and in their order, in batches that the worker has lanes for.

    Only more of one account than fit into a batch come to lie in several, which then run side by side.
    """
    lanes: dict[str, list[StreamEvent]] = {}
    for event in events:
        lanes.setdefault(event.account_id, []).append(event)
    batch: list[StreamEvent] = []
    for lane in lanes.values():
        for part in _parts(lane):
            if batch and len(batch) + len(part) > BATCH:
                yield batch
                batch = []
            batch.extend(part)
    if batch:
        yield batch


def _parts(lane: Sequence[StreamEvent]) -> Iterator[Sequence[StreamEvent]]:
    return (lane[start : start + BATCH] for start in range(0, len(lane), BATCH))


def _record(event: StreamEvent) -> dict[str, Any]:
    """Return an event as a record of the stream. Its number is its own, also when Lambda invokes twice."""
    return {
        "kinesis": {
            "sequenceNumber": new_id(clock.now()),
            "partitionKey": event.account_id,
            "data": base64.b64encode(event.encode()).decode(),
        }
    }
