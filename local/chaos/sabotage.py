"""What goes wrong during a chaos run: processes killed, platforms that misbehave."""

import itertools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from local.api import Client
from local.chaos.private import PrivateSystem
from local.chaos.settings import Settings

#: Shares of all requests that create or upload. One draw decides a request's fate, so the shares add up.
SHARES: Final = (
    ("rate_limited", 0.10),
    ("accept_and_hang_up", 0.05),
    ("unavailable_before", 0.025),
    ("unavailable_after", 0.025),
)
#: Facebook says in whole minutes when a page may go on, however fast the clock, and the page waits as a whole: with
#: the share of the others it would wait for half an hour.
_OWN_SHARES: Final[Mapping[tuple[str, str], float]] = {("facebook", "rate_limited"): 0.02}
#: Seconds for which a process that has begun to work is let alone.
_SPARED: Final = 2.0
#: Seconds that a platform asks for; a fifth of what it would in production goes with the faster clock.
_RETRY_AFTER: Final = 30.0


def misbehave(wall: Client, settings: Settings) -> None:
    """Make the platforms answer wrongly from now on, repeatably for the same seed."""
    retry_after = max(_RETRY_AFTER / settings.divisor, 1.0)
    channels = sorted({account.channel for account in settings.accounts})
    for number, (on, (fault, usual), channel) in enumerate(itertools.product(("create", "upload"), SHARES, channels)):
        share = _OWN_SHARES.get((channel, fault), usual)
        body = {"channel": channel, "fault": fault, "on": on, "share": share, "retry_after": retry_after}
        wall.post("/_control/faults", {**body, "seed": settings.seed + number})


def behave(wall: Client) -> None:
    """Make the platforms answer rightly again."""
    wall.call("DELETE", "/_control/faults")


@dataclass(slots=True, kw_only=True)
class Killer:
    """Kills workers and clocks, again and again; the supervisor starts them anew."""

    system: PrivateSystem
    settings: Settings
    random: Random
    kills: Counter[str] = field(default_factory=Counter)
    #: Every process that was ever seen, by service.
    seen: dict[str, set[int]] = field(default_factory=dict)

    @property
    def restarts(self) -> int:
        """How many processes were seen beyond the first of each service."""
        return sum(len(pids) - 1 for pids in self.seen.values())

    def run(self, *, stop: threading.Event) -> None:
        """Kill until told to stop."""
        start = time.monotonic()
        due = {"worker": start + self.settings.kill_worker_every, "clock": start + self.settings.kill_clock_every}
        every = {"worker": self.settings.kill_worker_every, "clock": self.settings.kill_clock_every}
        while not stop.wait(0.05):
            self._look()
            for kind, at in due.items():
                if time.monotonic() >= at and self._kill(kind):
                    # Off the beat, so that no phase of a process's work is spared.
                    due[kind] += every[kind] * self.random.uniform(0.7, 1.3)

    def _look(self) -> None:
        run = self.system.file.read()
        for name, identity in (run.services if run else {}).items():
            self.seen.setdefault(name, set()).add(identity.pid)

    def _kill(self, kind: str) -> bool:
        """Kill the one that has worked the longest; tell whether there was one.

        One that starts, or has just begun, is spared: it holds nothing yet that a kill could break, and on a busy
        machine nothing would ever be under way. Only processes that the private system's own record names are touched.
        """
        run = self.system.file.read()
        working = [
            (since, identity)
            for name, identity in (run.services if run else {}).items()
            if name.startswith(f"{kind}-") and identity.is_alive() and (since := self._working_since(name)) is not None
        ]
        since, victim = min(working, key=lambda each: each[0], default=(time.time(), None))
        if victim is None or time.time() - since < _SPARED:
            return False
        os.kill(victim.pid, signal.SIGKILL)
        self.kills[kind] += 1
        return True

    def _working_since(self, name: str) -> float | None:
        try:
            return (self.system.state / "ready" / name).stat().st_mtime
        except FileNotFoundError:
            return None
