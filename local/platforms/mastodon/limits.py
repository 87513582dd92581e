"""The request limits of one account: fixed windows, as Mastodon reports them in its headers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from local.platforms.base import Headers, timestamp

WINDOW = 300.0
UPLOAD_WINDOW = 1_800.0
# Real servers allow 300, and 30 uploads in half an hour; a chaos run or a benchmark must not meet a limit that nobody
# asked for.
DEFAULT_LIMIT = 100_000


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left to an account in this window."""

    limit: int
    used: int
    reset_at: datetime

    @property
    def is_exceeded(self) -> bool:
        """Say whether this request is one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> Headers:
        """Return the X-RateLimit headers; the reset is an ISO 8601 time, not an epoch."""
        return rate_headers(self.limit, max(self.limit - self.used, 0), self.reset_at)


def rate_headers(limit: int, remaining: int, reset_at: datetime) -> Headers:
    """Build the three headers that every answer of the API carries."""
    return (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(remaining)),
        ("X-RateLimit-Reset", timestamp(reset_at)),
    )


class Windows:
    """How many requests each account made in its current window; forgotten on a restart."""

    def __init__(self, seconds: float = WINDOW) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._used: dict[str, tuple[float, int]] = {}

    def take(self, account: str, limit: int, now: datetime) -> Allowance:
        """Count one request."""
        seconds = now.timestamp()
        start = seconds - seconds % self._seconds
        with self._lock:
            began, used = self._used.get(account, (start, 0))
            used = used + 1 if began == start else 1
            self._used[account] = (start, used)
        return Allowance(limit=limit, used=used, reset_at=datetime.fromtimestamp(start + self._seconds, UTC))
