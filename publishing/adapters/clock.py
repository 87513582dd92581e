"""The clock. Entry points read it; everything below them takes the time as an argument."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Wait."""
    if seconds > 0:
        time.sleep(seconds)
