"""The port by which hints reach the worker. Best effort: what does not arrive is repeated by the watchdog.

`adapters/transports` chooses what is behind it: the stream, or the worker function invoked directly.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from publishing.domain.events import StreamEvent

_TRIES: Final = 3

log = logging.getLogger(__name__)


class Hints(ABC):
    """A way to the worker."""

    #: What it is, and its name: for operators.
    kind: str
    name: str

    def put_events(self, events: Sequence[StreamEvent]) -> int:
        """Put events on their way, each in its account's lane; return how many did not arrive. Never raises."""
        left = list(events)
        for _ in range(_TRIES):
            left = self._put(left)
            if not left:
                return 0
        log.warning("hints.put_incomplete", extra={"unsent": len(left), "by": self.kind})
        return len(left)

    @abstractmethod
    def open(self) -> None:
        """Build the client, which the first hint would otherwise wait for."""

    @abstractmethod
    def _put(self, events: list[StreamEvent]) -> list[StreamEvent]:
        """Put events once and return those that were not accepted. Never raises."""


class Nowhere(Hints):
    """What a process has that sends no hints; those that do refuse to start without a transport."""

    kind, name = "nothing", ""

    def open(self) -> None:
        """Do nothing."""

    def _put(self, events: list[StreamEvent]) -> list[StreamEvent]:
        return events
