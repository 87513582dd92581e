"""Hold actors to limits. Counted in the table; a process keeps the blocks that it took until it has spent them."""

import threading
from datetime import datetime
from typing import Final

from publishing.domain.errors import LimitedError
from publishing.domain.ids import digest
from publishing.domain.limits import SIGN_IN_FROM, SIGN_IN_THROUGH, Limit
from publishing.domain.wording import phrase
from publishing.store import limits

#: More subjects than a process serves in a minute; beyond it, blocks are forgotten, which grants less and never more.
_REMEMBERED: Final = 10_000

_SPANS: Final = {60: phrase("a minute"), 300: phrase("in five minutes"), 3600: phrase("an hour")}

_lock = threading.Lock()
#: (limit, subject) → the window that a block was taken in, and how much of it is left.
_blocks: dict[tuple[str, str], tuple[datetime, int]] = {}


def spend(limit: Limit, subject: str, *, now: datetime) -> None:
    """Count one use. Raises LimitedError when the window is used up, UnavailableError when that cannot be told."""
    if _spend_here(limit, subject, now):
        return
    taken = limits.take(limit, subject, now=now)
    if not taken:
        seconds = int(limit.window.total_seconds())
        span = _SPANS.get(seconds) or phrase(f"in {seconds} seconds")
        wait = limit.retry_after(now)
        raise LimitedError(
            f"You may {limit.what} at most {limit.count:,} times {span}. "
            f"Wait {wait} {'second' if wait == 1 else 'seconds'}.",
            retry_after=wait,
        )
    _keep(limit, subject, taken - 1, now)


def spend_sign_in(*, peer: str, viewer: str, now: datetime) -> None:
    """Count one step of a sign-in by where it comes from, as nobody is known yet.

    A viewer is counted for each peer that names them: who makes up viewers runs into the peer's own limit, and who
    comes by CloudFront uses up nobody else's. Raises as `spend` does.
    """
    spend(SIGN_IN_THROUGH, unnamed(peer), now=now)
    spend(SIGN_IN_FROM, unnamed(f"{peer} {viewer}"), now=now)


def unnamed(subject: str) -> str:
    """Return a subject that names nobody, for counters of what people typed or programs sent."""
    return digest("limit", subject)[:32]


def forget() -> None:
    """Forget every block: what is left of them is lost."""
    with _lock:
        _blocks.clear()


def _spend_here(limit: Limit, subject: str, now: datetime) -> bool:
    key = (limit.name, subject)
    with _lock:
        window, left = _blocks.get(key, (None, 0))
        if window != limit.window_of(now) or left <= 0:
            return False
        _blocks[key] = (limit.window_of(now), left - 1)
        return True


def _keep(limit: Limit, subject: str, left: int, now: datetime) -> None:
    key, window = (limit.name, subject), limit.window_of(now)
    with _lock:
        if len(_blocks) >= _REMEMBERED:
            _blocks.clear()
        # Another thread may have taken a block of the same window meanwhile: both are ours.
        held, rest = _blocks.get(key, (None, 0))
        _blocks[key] = (window, left + (rest if held == window else 0))
