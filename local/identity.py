"""Which process a pid means. A pid alone is no name: it is given away again, so its start belongs to it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """One process that ran on this machine, and no other one."""

    pid: int
    #: When it started, as the system says it; compared, never read.
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return who has a pid now, or None when nobody alive has."""
        started = _started(pid)
        return None if started is None else cls(pid=pid, started=started)

    def is_alive(self) -> bool:
        """Tell whether this very process still runs."""
        return _started(self.pid) == self.started

    def end(self, *, grace: float, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Ask it to end, then kill it and its process group; return once it is gone.

        The grace is over as soon as `is_hurried`. Only for processes that lead a group of their own, as all children of
        the supervisor do.
        """
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            if not self.is_alive():
                return
            _signal_group(self.pid, number)
            give_up_at = time.monotonic() + seconds
            while self.is_alive() and time.monotonic() < give_up_at:
                if number == signal.SIGTERM and is_hurried():
                    break
                time.sleep(0.05)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def _started(pid: int) -> str | None:
    if not (_PROC / "self" / "stat").exists():
        return _started_by_ps(pid)
    try:
        # The name in parentheses may hold anything; what follows the last one is plain fields, state first.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _started_by_ps(pid: int) -> str | None:
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, a number
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()
