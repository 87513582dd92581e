"""What each process of the laptop does alike: where state lies, how it logs, how it says it is ready and is stopped."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

#: A file that the supervisor waits for; touched once the process does its work.
READY_FILE: Final = "OMNIPUB_READY_FILE"
STATE_FOLDER: Final = "OMNIPUB_STATE"


def state_folder() -> Path:
    """Return the folder that holds everything that must outlive a run."""
    return Path(os.environ.get(STATE_FOLDER, ".state")).absolute()


def configure_logging() -> None:
    """Log to standard output, one line an event, unless the process has set up logging itself."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # One line for each retry of an emulator that is away would bury everything else.
    logging.getLogger("botocore").setLevel(logging.WARNING)


def announce_ready() -> None:
    """Tell the supervisor, if there is one, that this process does its work now."""
    if path := os.environ.get(READY_FILE):
        Path(path).touch()


def stop_on_signals(*, grace: float = 2.0) -> threading.Event:
    """Return an event that SIGTERM and SIGINT set. Main thread only.

    A process that is still there after the grace ends where it stands, as if killed: all state stands that.
    """
    stop = threading.Event()

    def begin_to_stop(*_: object) -> None:
        stop.set()
        last_call = threading.Timer(grace, os._exit, [0])
        last_call.daemon = True
        last_call.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, begin_to_stop)
    return stop


def region() -> str:
    """Return the region that the SDK uses."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def aws_client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    """Return a client that gives up soon: the callers have loops of their own."""
    import botocore.session
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1})
    return botocore.session.get_session().create_client(service, region_name=region(), config=config)
