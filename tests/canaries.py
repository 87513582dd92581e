"""Canary secrets: what must be seen nowhere, in any form in which it could get out."""

import base64
import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any
from urllib.parse import quote

from publishing import logs


def forms(canary: str) -> set[str]:
    """Return a secret as it is, as encodings show it, and as a plain hash by which guesses could be tried."""
    data = canary.encode()
    # Inside a longer text, base 64 begins at one of three places; what lies whole in the middle is always the same.
    inner = {base64.b64encode(b"\0" * shift + data)[4:-4].decode() for shift in range(3)}
    return {canary, quote(canary, safe=""), data.hex(), hashlib.sha256(data).hexdigest(), *inner}


def sightings(canary: str, **places: object) -> list[str]:
    """Return the names of the places in which a secret is seen. Bytes are looked through as text."""
    wanted = forms(canary)
    return [name for name, place in places.items() if any(form in as_text(place) for form in wanted)]


def as_text(place: object) -> str:
    """Return everything in a value as one text."""
    match place:
        case bytes():
            return place.decode("latin-1")
        case dict():
            return "\n".join(f"{as_text(name)}\n{as_text(value)}" for name, value in place.items())
        case list() | tuple() | set() | frozenset():
            return "\n".join(as_text(each) for each in place)
        case _:
            return str(place)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Log as a process does, at the level that says most, into a text; then let the logs be as they were."""
    root, text = logging.getLogger(), io.StringIO()
    before: dict[str, Any] = {name: logging.getLogger(name).level for name in (*logs._TALKATIVE, *logs._REPEATING)}
    handlers, level = list(root.handlers), root.level
    try:
        # A handler that starts within configures its logs anew, and for standard error again.
        with redirect_stderr(text):
            logs.configure("DEBUG")
            yield text
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)
