"""When to try again: exponential backoff with full jitter, and waits that a platform asked for."""

from datetime import datetime, timedelta
from random import Random

from publishing.domain.timing import Timing


def backoff(*, attempts: int, age: timedelta, timing: Timing, random: Random) -> timedelta:
    """Return how long to wait before the next try.

    Full jitter: evenly spread between nothing and the bound, so that many deliveries do not come back together.
    `attempts` counts the tries so far (1 after the first); `age` is the time since the due time.
    """
    if age < timing.backoff_phase:
        doublings = min(max(attempts - 1, 0), 16)
        bound = min(timing.backoff * (1 << doublings), timing.backoff_cap)
    else:
        bound = timing.backoff_late
    return bound * random.random()


def next_try(
    *, now: datetime, due: datetime, attempts: int, not_before: datetime | None, timing: Timing, random: Random
) -> datetime:
    """Return the time of the next try: after the backoff, and not before what the platform asked for."""
    at = now + backoff(attempts=attempts, age=now - due, timing=timing, random=random)
    if not_before is None or not_before <= at:
        return at
    # A little jitter behind the platform's own time, for the same reason.
    return not_before + timing.backoff * random.random() / 10
