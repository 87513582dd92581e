"""What a person sees on the terminal while the system runs: what is worth reading of each process's log."""

import json
import re
import threading
from collections import deque
from pathlib import Path
from typing import IO, Final

_LOUD: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})
_LEVEL: Final = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
#: Size from which a log starts anew, with the old one kept beside it.
_LARGEST_LOG: Final = 10 * 1024 * 1024
_KEPT_LINES: Final = 20


def notable(line: str) -> str | None:
    """Return what of a log line a person should see, or None.

    Structured lines are reduced to level and sentence; of a traceback the last line is what matters, and it is in the
    log file.
    """
    if line.startswith("{"):
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        level = str(entry.get("level", "")).upper()
        return f"{level}: {entry.get('message', '')}" if level in _LOUD else None
    return line if _LEVEL.search(line) else None


def say(line: str) -> None:
    """Print a line; a terminal that went away is no reason to stop."""
    try:
        print(line, flush=True)
    except OSError:
        return


class LogPump:
    """Carries one process's output into its log file and the notable part to the terminal, in a thread of its own."""

    def __init__(self, name: str, source: IO[bytes], path: Path) -> None:
        self._name = name
        self._source = source
        self._path = path
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._thread = threading.Thread(target=self._pump, name=f"log-{name}", daemon=True)
        self._thread.start()

    def last_lines(self) -> tuple[str, ...]:
        """Return the last lines, once the process ended all of them."""
        self._thread.join(timeout=1.0)
        return tuple(self._last)

    def _pump(self) -> None:
        with self._source, self._path.open("ab") as file:
            for line in self._source:
                file.write(line)
                file.flush()
                text = line.decode(errors="replace").rstrip()
                self._last.append(text)
                if shown := notable(text):
                    say(f"[{self._name}] {shown}")


def log_path(folder: Path, name: str) -> Path:
    """Return where a process logs; a log that grew too large is put aside first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path
