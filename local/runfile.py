"""`run.json`: what runs, for the next run and for `make token`, `demo` and `chaos`; and the lock beside it."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from local.durable import write_atomically
from local.identity import ProcessIdentity

RunState = Literal["starting", "ready", "stopping"]

_FORMAT: Final = 1


class AlreadyRunningError(Exception):
    """Another supervisor has this state folder."""


class NotRunningError(Exception):
    """No system runs in this state folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One running system."""

    state: RunState
    supervisor: ProcessIdentity
    #: By service name; a service that is being restarted is missing.
    services: Mapping[str, ProcessIdentity] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    #: What a process needs to take part: names, endpoints, the emulator's own credentials.
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """The run's record in a state folder."""

    folder: Path

    @property
    def path(self) -> Path:
        """Return where the record lies."""
        return self.folder / "run.json"

    def write(self, run: Run) -> None:
        """Replace the record."""
        write_atomically(self.path, json.dumps({"format": _FORMAT, **asdict(run)}, indent=2) + "\n")

    def read(self) -> Run | None:
        """Return the record; None when there is none or it was written by something else."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content.pop("format") != _FORMAT:
                return None
            content["supervisor"] = ProcessIdentity(**content["supervisor"])
            content["services"] = {name: ProcessIdentity(**value) for name, value in content["services"].items()}
            return Run(**content)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def get_running(self) -> Run:
        """Return the system that is ready; raise NotRunningError, with the sentence to show."""
        run = self.read()
        if run is None or not run.supervisor.is_alive():
            raise NotRunningError("omnipub is not running here. Start it with: make run")
        if run.state != "ready":
            raise NotRunningError(f"omnipub is still {run.state} here. Try again in a few seconds.")
        return run

    def remove(self) -> None:
        """Take the record away: nothing runs any more."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Have the folder for oneself; raise AlreadyRunningError, with the sentence to show.

        The system frees the lock with the process, however it ends.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "run.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                run = self.read()
                how = f", or with: kill {run.supervisor.pid}" if run else "."
                raise AlreadyRunningError(
                    f"omnipub already runs here. Stop it with Ctrl-C where it was started{how}"
                ) from None
            yield
