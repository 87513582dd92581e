"""`python -m local.events.clock`: EventBridge's minute rule for the scheduler function, and Lambda's Invoke for it.

Ticks come on the grid of the interval, so that two clocks tick at the same moments; a tick that a sleeping laptop
missed is not made up for.
"""

import argparse
import logging
import math
import os
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.events.asynchronous import AsynchronousInvoker
from local.events.envelope import scheduled_event
from local.events.function import OVERDUE_EXIT_CODE, Function, HandlerNotFoundError, start_function
from local.events.invoke_api import InvokeServer
from local.events.settings import seconds_between_ticks
from local.process import announce_ready, configure_logging, region, stop_on_signals

log = logging.getLogger(__name__)


def next_tick(now: datetime, interval: float) -> datetime:
    """Return the first moment of the interval's grid after `now`."""
    return datetime.fromtimestamp((math.floor(now.timestamp() / interval) + 1) * interval, UTC)


def tick_event(at: datetime) -> Mapping[str, Any]:
    """Return the rule's event for one tick."""
    return scheduled_event(at=at, event_id=str(uuid.uuid4()), region=region())


def run_clock(function: Function, invoker: AsynchronousInvoker, *, interval: float, stop: threading.Event) -> None:
    """Invoke the function now and then at each tick, until `stop` is set.

    The tick at the start is extra: what came due while nothing ran need not wait for the next minute.
    """
    at = datetime.now(UTC)
    while not stop.is_set():
        if not invoker.submit(function, tick_event(at)):
            log.error("A tick was dropped: too many invocations of %s wait.", function.name)
        at = next_tick(datetime.now(UTC), interval)
        while not stop.is_set() and (wait := (at - datetime.now(UTC)).total_seconds()) > 0:
            if function.is_overdue():
                log.error("%s overran its time; the process ends.", function.name)
                os._exit(OVERDUE_EXIT_CODE)
            stop.wait(min(wait, 0.5))


def main(arguments: Sequence[str] | None = None) -> int:
    """Tick and serve until a signal ends it; return the exit code."""
    options = _parser().parse_args(arguments)
    configure_logging()
    try:
        handler = start_function(options.function, options.handler)
    except HandlerNotFoundError as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence says it all
        return 1
    function = Function(name=options.function, handler=handler, timeout=options.timeout, memory=256, region=region())
    stop = stop_on_signals()
    invoker = AsynchronousInvoker(parallelism=options.parallelism)
    server = InvokeServer(options.port, {function.name: function}, invoker)
    server.start()
    announce_ready()
    try:
        run_clock(function, invoker, interval=options.interval, stop=stop)
    finally:
        server.shutdown()
        server.server_close()
        invoker.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.events.clock", description=__doc__)
    name = os.environ.get("OMNIPUB_SCHEDULER_FUNCTION", "omnipub-scheduler")
    parser.add_argument("--handler", default="workers.scheduler:handler", help="module:function to call")
    parser.add_argument("--function", default=name, help="the function's name")
    parser.add_argument(
        "--interval", type=float, default=seconds_between_ticks(os.environ), help="seconds between ticks"
    )
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds that one invocation may take")
    parser.add_argument("--parallelism", type=int, default=8, help="invocations that may run at a time")
    parser.add_argument("--port", type=int, default=4567, help="where Lambda's Invoke is served")
    return parser


if __name__ == "__main__":
    sys.exit(main())
