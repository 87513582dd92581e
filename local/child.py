"""One service's process: started under the guard, watched, started again, stopped."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from local.identity import ProcessIdentity
from local.output import LogPump, log_path, say
from local.plan import FileReady, HttpReady, Service
from local.process import READY_FILE

_GUARD: Final = str(Path(__file__).with_name("guard.py"))
#: Ends in a row, each soon after the start, that make a service hopeless: before it was ever up, and after.
_HOPELESS_AT_START: Final = 2
_HOPELESS: Final = 6
#: Seconds that a process must have been up for its end not to count as a failed start.
_STABLE_AFTER: Final = 5.0
_KILLED: Final = -9


class ServiceFailedError(Exception):
    """A service does not come up. The text is for the person at the terminal."""


class Child:
    """A service and the process that runs it now, if one does."""

    def __init__(self, service: Service, *, environment: Mapping[str, str], state: Path, root: Path) -> None:
        self.service = service
        self.identity: ProcessIdentity | None = None
        self.is_ready = False
        self._environment = environment
        self._state = state
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._pump: LogPump | None = None
        self._ready_file = state / "ready" / service.name
        self._was_ready = False
        self._failures = 0
        self._started_at = 0.0
        self._start_at = 0.0

    def tick(self) -> bool:
        """Do what is due; tell whether another process runs than before. Main thread only: the guard ties to it.

        Raises ServiceFailedError when the service ended too often in a row.
        """
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_at:
                self._start(now)
                return True
            return False
        if (code := self._process.poll()) is not None:
            self._ended(code, now)
            return True
        if not self.is_ready and self._answers():
            self.is_ready = True
            if self._was_ready:
                say(f"{self.service.name}: runs again.")
            self._was_ready = True
        elif not self.is_ready and now > self._started_at + self.service.start_within:
            say(f"{self.service.name}: not up within {self.service.start_within:.0f} s; ending it.")
            self._process.kill()
        return False

    def stop(self, *, is_hurried: Callable[[], bool]) -> None:
        """End the process and whatever it started; return once they are gone."""
        if self.identity is not None:
            self.identity.end(grace=self.service.stop_within, is_hurried=is_hurried)
        if self._process is not None:
            # Not reaped yet, so its group is still its own: end what it started and did not end itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _start(self, now: float) -> None:
        self._ready_file.parent.mkdir(parents=True, exist_ok=True)
        self._ready_file.unlink(missing_ok=True)
        environment = {**self._environment, **self.service.environment, READY_FILE: str(self._ready_file)}
        command = [sys.executable, "-S", "-E", _GUARD, str(os.getpid()), *self.service.command]
        self._process = subprocess.Popen(  # noqa: S603 - commands come from the plan
            command,
            cwd=self._root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops in order
        )
        self.identity = ProcessIdentity.of(self._process.pid)
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        self._pump = LogPump(self.service.name, self._process.stdout, log_path(self._state / "logs", self.service.name))
        self._started_at = now
        self.is_ready = False

    def _ended(self, code: int, now: float) -> None:
        """Decide when to start it again.

        A kill from outside says nothing about a service that was up before: its data stand that, so it is simply
        started again.
        """
        is_outside = code == _KILLED and self._was_ready
        is_stable = self.is_ready and now - self._started_at > _STABLE_AFTER
        self._failures = 0 if is_outside or is_stable else self._failures + 1
        last_lines = self._pump.last_lines() if self._pump else ()
        self._process, self.identity, self.is_ready = None, None, False
        how = "was killed" if code == _KILLED else f"ended with exit code {code}"
        if self._failures >= (_HOPELESS if self._was_ready else _HOPELESS_AT_START):
            tail = "\n".join(f"    {line}" for line in last_lines)
            log = self._state / "logs" / f"{self.service.name}.log"
            raise ServiceFailedError(
                f"{self.service.title[0].upper()}{self.service.title[1:]} does not come up: it {how}. "
                f"Its last lines (all of them are in {log}):\n{tail}"
            )
        wait = 0.1 if is_outside else min(0.5 * 2**self._failures, 10.0)
        say(f"{self.service.name}: {how}; starting it again.")
        self._start_at = now + wait

    def _answers(self) -> bool:
        match self.service.ready:
            case FileReady():
                return self._ready_file.exists()
            case HttpReady(url=url, status=status):
                return _answers_http(url, status)


def _answers_http(url: str, status: int | None) -> bool:
    # No proxy of the person's environment stands before loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2.0) as answer:
            return status is None or answer.status == status
    except urllib.error.HTTPError as error:
        error.close()
        return status is None or error.code == status
    except (OSError, http.client.HTTPException):
        return False
