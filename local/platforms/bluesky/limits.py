"""Rate limits: fixed windows, reported in the headers of the reference server."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

from local.platforms.base import Headers

# Real servers allow 5,000 points an hour (a new record costs 3) and 30 sessions in five minutes; a chaos run, which
# kills workers and their sessions every 2 s, must not meet a limit that nobody asked for.
DEFAULT_POINTS = 1_000_000
DEFAULT_SESSIONS = 1_000_000
POINTS_WINDOW = 3_600
SESSIONS_WINDOW = 300
POINTS_OF_A_RECORD = 3


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left in this window."""

    limit: int
    used: int
    window: int
    reset_at: float

    @property
    def is_exceeded(self) -> bool:
        """Say whether this request is one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> Headers:
        """Return the RateLimit headers; there is no Retry-After."""
        return rate_headers(self.limit, max(self.limit - self.used, 0), self.reset_at, self.window)


def rate_headers(limit: int, remaining: int, reset_at: float, window: int) -> Headers:
    """Build the four headers; the reset is in seconds of the epoch."""
    return (
        ("RateLimit-Limit", str(limit)),
        ("RateLimit-Remaining", str(remaining)),
        ("RateLimit-Reset", str(math.ceil(reset_at))),
        ("RateLimit-Policy", f"{limit};w={window}"),
    )


class Windows:
    """What each account used up in its current window; forgotten on a restart."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._lock = threading.Lock()
        self._used: dict[str, tuple[float, int]] = {}

    def take(self, account: str, points: int, *, limit: int, now: float) -> Allowance:
        """Count one request."""
        start = now - now % self._window
        with self._lock:
            began, used = self._used.get(account, (start, 0))
            used = used + points if began == start else points
            self._used[account] = (start, used)
        return Allowance(limit=limit, used=used, window=self._window, reset_at=start + self._window)
