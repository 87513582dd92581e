"""A Lambda handler in this process: found by its dotted name, called with an event and a context.

A thread cannot be ended from outside. A handler that overruns its time is therefore seen by `is_overdue`, and the
process that runs it has to go, as the sandbox does on AWS.
"""

import importlib
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.events.envelope import function_arn

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], "LambdaContext"], object]

#: How a process says that a handler overran its time; sysexits calls this an internal software error.
OVERDUE_EXIT_CODE: Final = 70
#: Seconds after its time-out that a handler may still run before its process goes.
_GRACE: Final = 2.0


class HandlerNotFoundError(Exception):
    """The dotted name leads to no function."""


class FunctionError(Exception):
    """The handler raised, or returned what JSON cannot hold."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaContext:
    """What AWS's runtime hands to a handler beside the event."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str
    deadline: float
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the time-out, never below zero."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as it is deployed: its name, its limits and its handler. Safe to call from many threads."""

    name: str
    handler: Handler
    timeout: float
    memory: int = 128
    region: str = "us-east-1"
    _deadlines: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def arn(self) -> str:
        """Return the function's ARN."""
        return function_arn(self.name, region=self.region)

    def invoke(self, event: Mapping[str, Any], *, request_id: str | None = None) -> object:
        """Call the handler with a copy of the event and return its answer, both as JSON would carry them.

        Raises FunctionError for anything that the handler raises or cannot return; the traceback is logged.
        """
        request_id = request_id or str(uuid.uuid4())
        context = LambdaContext(
            function_name=self.name,
            memory_limit_in_mb=self.memory,
            invoked_function_arn=self.arn,
            aws_request_id=request_id,
            deadline=time.monotonic() + self.timeout,
            log_group_name=f"/aws/lambda/{self.name}",
        )
        with self._lock:
            self._deadlines[request_id] = context.deadline
        try:
            return json.loads(json.dumps(self.handler(json.loads(json.dumps(event)), context)))
        except Exception as error:  # the border: a handler may raise anything, as on AWS
            log.exception("%s failed.", self.name)
            raise FunctionError(type(error).__name__, str(error)) from error
        finally:
            with self._lock:
                del self._deadlines[request_id]

    def is_overdue(self) -> bool:
        """Tell whether a call has run so far past its time-out that this process must end."""
        with self._lock:
            deadlines = tuple(self._deadlines.values())
        return any(deadline + _GRACE < time.monotonic() for deadline in deadlines)


def start_function(name: str, dotted: str) -> Handler:
    """Import a handler as AWS's runtime does when a sandbox starts: the environment names the function.

    Raises HandlerNotFoundError.
    """
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = name
    return load_handler(dotted)


def load_handler(dotted: str) -> Handler:
    """Return the function that `package.module:name` names; raise HandlerNotFoundError when there is none."""
    module_name, _, name = dotted.partition(":")
    try:
        handler = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise HandlerNotFoundError(f"There is no handler {dotted}: {error}.") from error
    if not callable(handler):
        raise HandlerNotFoundError(f"{dotted} is not a function.")
    found: Handler = handler
    return found
