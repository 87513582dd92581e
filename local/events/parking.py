"""Where records go that were given up: the failure queue, and a file when there is none or it does not answer."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.durable import append_line

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


class Destination(Protocol):
    """Takes failure records. What it took is durable when the call returns."""

    def park(self, record: "Mapping[str, Any]") -> None:
        """Keep one failure record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingFile:
    """One JSON document a line, appended for good."""

    path: Path

    def park(self, record: "Mapping[str, Any]") -> None:
        """Append the record."""
        append_line(self.path, json.dumps(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingQueue:
    """An SQS queue; the file takes what the queue refuses, so that nothing given up goes unseen."""

    client: Any
    queue_url: str
    fallback: ParkingFile

    def park(self, record: "Mapping[str, Any]") -> None:
        """Send the record to the queue."""
        try:
            self.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(record))
        except (BotoCoreError, ClientError) as error:
            log.warning("The failure queue took no record (%s); it is in %s.", error, self.fallback.path.name)
            self.fallback.park(record)
