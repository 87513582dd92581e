"""Files that are whole or refused: atomic writes, and sealed state files whose damage is noticed when they are read."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

FORMAT: Final = "omnipub-state-1"


log = logging.getLogger("omnipub.emulator")


class StateError(Exception):
    """The state folder cannot be used. The text is one sentence for the person who started the emulator."""


@contextmanager
def fail_stop() -> Iterator[None]:
    """End the process where the block fails: what cannot be saved must not be served, nor more be acknowledged."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever the reason, nothing after it would be safe
        log.critical("The emulator stops, because it cannot save its state: %r", error)
        os._exit(1)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries (creations, renames) survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by another one: a reader, also after a crash, finds the old or the new file, never a part."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sealed(payload: bytes, *, version: str) -> bytes:
    """Return a state file's content: a line naming format, emulator version and checksum, then the payload."""
    return f"{FORMAT} {version} {hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def read_sealed(path: Path, *, version: str, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:  # noqa: ANN401 - what the emulator wrote
    """Return the payload of a sealed file. Raises `StateError` where it is damaged or of another version."""
    try:
        head, _, payload = path.read_bytes().partition(b"\n")
        form, writer, digest = head.decode().split(" ")
    except (OSError, ValueError) as error:
        raise damaged(f"The state file {path}") from error
    if form != FORMAT or digest != hashlib.sha256(payload).hexdigest():
        raise damaged(f"The state file {path}")
    if writer != version:
        raise StateError(
            f"The state file {path} was written by ministack {writer} and this is {version}; "
            "install that version again or start anew with: make reset"
        )
    return json.loads(payload, object_hook=object_hook)


def damaged(what: str) -> StateError:
    """Return the refusal of something that cannot be trusted any more."""
    return StateError(f"{what} is damaged; nothing was changed. Restore it, or start anew with: make reset")
