"""Asynchronous invocation of the scheduler function."""

import json
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws

#: Wakes closer together than this are one: the tick that the first one started looks again a second later.
_TOGETHER: Final = 0.5

log = logging.getLogger(__name__)


def invoke_scheduler(function: str, message_ids: Sequence[str] = (), *, serves_until: datetime | None = None) -> bool:
    """Ask the scheduler for a tick, or for these messages; return whether that was accepted. Never raises."""
    if not function:
        return False
    payload: dict[str, object] = {"source": "omnipub", "message_ids": list(message_ids)}
    if serves_until is not None:
        payload["serves_until"] = serves_until.isoformat()
    try:
        aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode())
    except (ClientError, BotoCoreError):
        # Nothing is lost: the next tick comes within a minute.
        log.warning("scheduler.invoke_failed", exc_info=True)
        return False
    return True


class SchedulerWaker:
    """Wakes the scheduler function when something becomes due before its next tick."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._woken = float("-inf")

    def wake(self) -> None:
        """Ask for a tick now, without waiting for it. Never raises: the next tick comes anyway."""
        with self._lock:
            moment = time.monotonic()
            if moment - self._woken < _TOGETHER:
                return
            self._woken = moment
        invoke_scheduler(self._function)
