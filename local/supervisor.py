"""Starts the parts of a plan in order, keeps the services up, and leaves nothing behind when it ends."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from local.child import Child, ServiceFailedError
from local.identity import ProcessIdentity
from local.output import say
from local.plan import Part, Service, Step
from local.runfile import AlreadyRunningError, Run, RunFile, RunState

#: Seconds that a process which an earlier run left behind gets to end by itself.
_LEFTOVER_GRACE: Final = 5.0


class CannotStartError(Exception):
    """The system cannot start as things are. The text is the one sentence to show."""


class StepFailedError(Exception):
    """A step of the start did not succeed. The text is the one sentence to show."""


class _Interrupted(Exception):  # noqa: N818 - no error: the person asked for it
    """Somebody asked to stop during the start."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """One run of a plan in a state folder."""

    parts: Sequence[Part]
    state: Path
    root: Path
    #: What the processes find in their environment beside the variables of the run: the person's own ones.
    inherited: Mapping[str, str]
    #: The variables of the run, which the record tells everybody. Steps add to them.
    environment: Mapping[str, str]
    #: Called once everything is up.
    announce: Callable[[], None]
    _children: list[Child] = field(default_factory=list, init=False)
    _shared: dict[str, str] = field(default_factory=dict, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _hurry: bool = field(default=False, init=False)

    def run(self) -> int:
        """Run until a signal or a hopeless service ends it; return the exit code. Main thread only.

        Whatever happens, no process that was started is left when this returns.
        """
        self._shared = dict(self.environment)
        file = RunFile(folder=self.state)
        try:
            with file.lock():
                self._listen_to_signals()
                end_leftovers(file)
                check_ports(self.parts)
                try:
                    return self._run(file)
                finally:
                    self._stop_all(file)
        except (AlreadyRunningError, CannotStartError) as error:
            say(str(error))
            return 1

    def _run(self, file: RunFile) -> int:
        try:
            for part in self.parts:
                self._start(part, file)
            self._record(file, "ready")
            self.announce()
            while not self._stop.wait(0.2):
                if self._tick():
                    self._record(file, "ready")
        except (ServiceFailedError, StepFailedError) as error:
            say(str(error))
            return 1
        except _Interrupted:
            pass
        return 0

    def _start(self, part: Part, file: RunFile) -> None:
        """Start a service and wait until it is up, or take a step."""
        if isinstance(part, Step):
            say(f"{part.name} ...")
            self._shared |= part.run({**self.inherited, **self._shared})
            return
        say(f"Starting {part.title} ...")
        child = Child(part, environment={**self.inherited, **self._shared}, state=self.state, root=self.root)
        self._children.append(child)
        while not child.is_ready:
            if self._tick():
                self._record(file, "starting")
            if self._stop.wait(0.05):
                raise _Interrupted

    def _tick(self) -> bool:
        has_changed = False
        for child in self._children:
            has_changed |= child.tick()
        return has_changed

    def _record(self, file: RunFile, state: RunState) -> None:
        me = ProcessIdentity.of(os.getpid())
        assert me is not None  # noqa: S101 - a process that asks for itself is alive
        run = Run(
            state=state,
            supervisor=me,
            services={child.service.name: child.identity for child in self._children if child.identity},
            ports={part.name: part.port for part in self.parts if isinstance(part, Service) and part.port},
            environment=self._shared,
        )
        file.write(run)

    def _stop_all(self, file: RunFile) -> None:
        if self._children:
            say("Stopping ...")
            self._record(file, "stopping")
        for child in reversed(self._children):
            child.stop(is_hurried=lambda: self._hurry)
        file.remove()

    def _listen_to_signals(self) -> None:
        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            # Asked a second time, nobody wants to wait.
            self._hurry = self._stop.is_set()
            self._stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask_to_stop)


def end_leftovers(file: RunFile) -> None:
    """End what an earlier run left behind, which only happens where it was killed itself. Never anybody else's.

    Call it with the lock held: then no supervisor of this folder is alive.
    """
    run = file.read()
    if run is None:
        return
    left = [identity for identity in run.services.values() if identity.is_alive()]
    for identity in reversed(left):
        identity.end(grace=_LEFTOVER_GRACE)
    if left:
        say(f"Ended {len(left)} processes that an earlier run had left behind.")
    file.remove()


def check_ports(parts: Sequence[Part]) -> None:
    """Raise CannotStartError naming each port that another program has, and how to choose another."""
    taken = [part for part in parts if isinstance(part, Service) and part.port and not _is_free(part.port)]
    if taken:
        which = " and ".join(f"port {part.port} ({part.title})" for part in taken)
        other = " ".join(f"{part.port_variable}={(part.port or 0) + 100}" for part in taken if part.port_variable)
        raise CannotStartError(
            f"{which[0].upper()}{which[1:]} of 127.0.0.1 is taken by another program. "
            f"End that program, or choose another port: make run {other}"
        )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
