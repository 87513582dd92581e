"""Every duration of the delivery protocol in one value, so that a test can shrink all of them in proportion.

Reasons and relations are in `docs/delivery.md`; `Timing.check` holds the relations that safety needs.
"""

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The protocol's durations. The defaults are the production values."""

    #: The scheduler runs this often, and looks this far ahead.
    tick: timedelta = timedelta(seconds=60)
    #: A message being delivered is kicked again after this long (W).
    watchdog: timedelta = timedelta(seconds=90)
    #: A waiting delivery is kicked again after this long (V).
    waiting: timedelta = timedelta(seconds=90)
    #: Longer than any platform may still apply a request after we lost sight of it; "absent" counts only after it.
    settle: timedelta = timedelta(seconds=120)
    #: A claim's lease is the invocation's remaining working time, at most `lease_cap`, plus `lease_margin`.
    lease_cap: timedelta = timedelta(seconds=90)
    lease_margin: timedelta = timedelta(seconds=30)
    #: One call to a platform takes at most this long, reading the answer included.
    call: timedelta = timedelta(seconds=15)
    #: With less than `call + commit_margin` of working time left, no commit mark is set.
    commit_margin: timedelta = timedelta(seconds=5)
    #: Where a true key exists, the identical request is repeated no earlier than this after the commit mark:
    #: two requests under way at once can both be carried out (Mastodon remembers a key only after creating).
    key_gap: timedelta = timedelta(seconds=30)
    #: A delivery that is still not done this long after its due time fails (T_max).
    give_up: timedelta = timedelta(hours=6)
    #: A delivery that waits for a person (expired credential) or a quota fails after this long (T_park).
    park: timedelta = timedelta(days=7)
    #: How often a parked delivery looks whether it can go on.
    park_again: timedelta = timedelta(minutes=15)
    #: A message that did not start within this long of its due time no longer goes out by itself.
    late: timedelta = timedelta(hours=6)
    #: Doubt that look-ups could not settle is left to a person this long after `give_up`.
    unsettled: timedelta = timedelta(minutes=30)
    #: Backoff with full jitter: up to `backoff * 2**n` and `backoff_cap` in the `backoff_phase`, then `backoff_late`.
    backoff: timedelta = timedelta(seconds=10)
    backoff_cap: timedelta = timedelta(minutes=5)
    backoff_phase: timedelta = timedelta(hours=1)
    backoff_late: timedelta = timedelta(minutes=15)

    def divided_by(self, divisor: float) -> Self:
        """Return the same timing, `divisor` times as fast; every ratio stays as it was."""
        if divisor <= 0:
            raise ValueError("A timing can be divided by a positive number only.")
        return type(self)(**{field.name: getattr(self, field.name) / divisor for field in fields(self)})

    def check(self) -> None:
        """Raise ValueError when a relation that safety needs does not hold."""
        if self.settle <= self.call + self.lease_margin:
            raise ValueError("settle must exceed call + lease_margin, else an answer can still come after 'absent'.")
        if self.lease_margin <= self.call:
            raise ValueError("lease_margin must exceed call, else a lease can end during a call.")
        if self.key_gap <= self.call:
            raise ValueError("key_gap must exceed call, else two requests with one key can be under way at once.")
