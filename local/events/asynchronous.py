"""Lambda's asynchronous invocations: queued, a few at a time, given up when too old, never tried twice.

That is how the scheduler function is configured on AWS (retries 0, event age 60 s): a tick that was missed is
repeated by the next one.
"""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from local.events.function import Function, FunctionError

log = logging.getLogger(__name__)

_MOST_WAITING: Final = 1_000


class _Invocation(NamedTuple):
    function: Function
    event: Mapping[str, Any]
    queued_at: float


class AsynchronousInvoker:
    """Runs invocations in threads of its own."""

    def __init__(self, *, parallelism: int = 8, maximum_event_age: float = 60.0) -> None:
        self._maximum_event_age = maximum_event_age
        self._waiting: queue.Queue[_Invocation | None] = queue.Queue(_MOST_WAITING)
        self._threads = [threading.Thread(target=self._work, name=f"invoke-{n}") for n in range(parallelism)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Function, event: Mapping[str, Any]) -> bool:
        """Queue an invocation; False when too many wait already."""
        try:
            self._waiting.put_nowait(_Invocation(function, event, time.monotonic()))
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Drop what waits, let what runs end, and return once it has."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (invocation := self._waiting.get()) is not None:
            function = invocation.function
            if time.monotonic() - invocation.queued_at > self._maximum_event_age:
                log.error("An event for %s was given up: it waited too long (EventAgeExceeded).", function.name)
                continue
            try:
                function.invoke(invocation.event)
            except FunctionError as error:
                log.error("An event for %s was given up: %s", function.name, error)  # noqa: TRY400 - logged in full there
