"""A private system: its own state folder and free ports, so that it meets nobody else's. Ends with its owner."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.api import Client
from local.demo import connect
from local.plan import without_aws
from local.process import STATE_FOLDER
from local.runfile import NotRunningError, Run, RunFile

ROOT: Final = Path(__file__).resolve().parents[2]
_GUARD: Final = str(ROOT / "local" / "guard.py")
#: Seconds that a start may take, on a machine that has much else to do.
_START_WITHIN: Final = 180.0
_STOP_WITHIN: Final = 60.0


class PrivateSystemError(Exception):
    """The private system does not come up. The text says what it printed last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSystem:
    """A running system of one's own."""

    state: Path
    process: subprocess.Popen[bytes]
    #: Where the supervisor's own words go.
    log: Path

    @property
    def file(self) -> RunFile:
        """Return the run's record."""
        return RunFile(folder=self.state)

    def run(self) -> Run:
        """Return the run's record as it is now; raise PrivateSystemError when there is none."""
        run = self.file.read()
        if run is None:
            raise PrivateSystemError(f"The private system ended. It said:\n{self.last_words()}")
        return run

    def clients(self) -> tuple[Client, Client]:
        """Sign in; return clients of the API and of the simulated platforms."""
        return connect(self.run())

    def last_words(self) -> str:
        """Return the end of what the supervisor said."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        return ""

    def wait_until_ready(self) -> None:
        """Return once everything is up; raise PrivateSystemError when it ends or takes too long."""
        give_up_at = time.monotonic() + _START_WITHIN
        while time.monotonic() < give_up_at:
            if self.process.poll() is not None:
                raise PrivateSystemError(f"The private system does not come up. It said:\n{self.last_words()}")
            with contextlib.suppress(NotRunningError):
                self.file.get_running()
                return
            time.sleep(0.1)
        raise PrivateSystemError(f"The private system is not up after {_START_WITHIN:.0f} s.\n{self.last_words()}")

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                return self.process.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def free_ports(number: int) -> tuple[int, ...]:
    """Return ports that are free just now; all are held until the last is found, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def start(command: Sequence[str], *, state: Path, environment: Mapping[str, str] | None = None) -> PrivateSystem:
    """Start `python -m <command>` in a state folder, tied to this process; return at once."""
    state.mkdir(parents=True, exist_ok=True)
    log = state / "supervisor.log"
    inherited = {**without_aws(os.environ), **(environment or {}), STATE_FOLDER: str(state)}
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-S", "-E", _GUARD, str(os.getpid()), sys.executable, "-m", *command],
            cwd=ROOT,
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return PrivateSystem(state=state, process=process, log=log)


@contextmanager
def running(
    command: Sequence[str], *, state: Path, environment: Mapping[str, str] | None = None
) -> Iterator[PrivateSystem]:
    """Have a private system for the length of a block."""
    system = start(command, state=state, environment=environment)
    try:
        system.wait_until_ready()
        yield system
    finally:
        system.stop()
