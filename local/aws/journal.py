"""The write-ahead journal of the emulator's tables: what changed, on disk before the change is acknowledged.

A line is a checksum and a JSON value. Only the last line may be torn (the process died while writing it, so nobody was
told that it holds); any other damage is refused.
"""

import json
import logging
import os
import zlib
from pathlib import Path
from typing import Any

from local.aws.files import StateError, damaged, sync_folder

log = logging.getLogger("omnipub.emulator")


class Journal:
    """An open journal file, appended to in order."""

    def __init__(self, path: Path) -> None:
        """Open the journal, creating it where it is missing."""
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fsync(self._descriptor)
        sync_folder(path.parent)
        self.size = os.fstat(self._descriptor).st_size

    def append(self, entry: object) -> None:
        """Write an entry and wait until it is on disk. Raises `OSError` where it cannot be."""
        line = encode(entry)
        written = os.write(self._descriptor, line)
        if written != len(line):
            raise OSError(f"The disk took {written} of {len(line)} bytes of a journal entry.")
        # macOS has no fdatasync.
        getattr(os, "fdatasync", os.fsync)(self._descriptor)
        self.size += written

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def encode(entry: object) -> bytes:
    """Return an entry's line."""
    payload = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(payload), payload)


def read(path: Path) -> list[Any]:
    """Return a journal's entries and cut off a torn last line. Raises `StateError` for any other damage."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StateError(f"The journal {path} cannot be read: {error.strerror}.") from error
    entries = []
    whole = 0
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        entry = _decode(line)
        if entry is None:
            if whole + len(line) < len(content):
                raise damaged(f"Line {number} of the journal {path}")
            log.warning("The last %d bytes of %s are torn and were cut off; nobody was told of them.", len(line), path)
            os.truncate(path, whole)
            break
        entries.append(entry)
        whole += len(line)
    return entries


def _decode(line: bytes) -> Any:  # noqa: ANN401 - any JSON value but null
    checksum, _, payload = line.removesuffix(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(payload):
        return None
    return json.loads(payload)
