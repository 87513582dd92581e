"""How far each shard is done, in one small file per stream and shard."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from local.durable import write_atomically

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """The checkpoints of one stream's shards in a folder. Safe to use from many threads, one shard each."""

    folder: Path
    stream: str

    def read(self, shard: str) -> str | None:
        """Return the last finished sequence number, or None when the shard was never read.

        A file that cannot be understood counts as none: reading again from the start only repeats hints.
        """
        path = self._path(shard)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))["sequence_number"]
            return str(int(value) and value)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            log.warning("The checkpoint %s is unreadable; its shard is read from the start.", path.name)
            return None

    def write(self, shard: str, sequence_number: str) -> None:
        """Keep a sequence number durably."""
        content = json.dumps({"stream": self.stream, "shard": shard, "sequence_number": sequence_number})
        write_atomically(self._path(shard), content + "\n")

    def forget(self, shard: str) -> None:
        """Drop a position that the stream does not know (any more)."""
        self._path(shard).unlink(missing_ok=True)

    def _path(self, shard: str) -> Path:
        return self.folder / f"{self.stream}.{shard}.json"
