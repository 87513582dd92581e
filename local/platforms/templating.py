"""Page templates: files with $names, filled with values that are already HTML. Escaping is the caller's first duty."""

from __future__ import annotations

import functools
import html
import zlib
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@functools.cache
def _load(path: Path) -> Template:
    return Template(path.read_text(encoding="utf-8"))


def render(path: Path, /, **values: str) -> str:
    """Fill a template; a name without a value raises KeyError."""
    return _load(path).substitute(values)


def hue(name: str) -> str:
    """Return the style class of an avatar: one of twelve colors, always the same for a name."""
    return f"hue-{zlib.crc32(name.encode()) % 12}"


def initials(name: str) -> str:
    """Return up to two letters for an avatar, escaped."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()] or ["?"]
    letters = words[0][0] + (words[1][0] if len(words) > 1 else "")
    return html.escape(letters.upper())


def clock(received_at: str, now: datetime) -> str:
    """Return a `time` element: the exact second today, the day before that. Lateness must be visible."""
    today = received_at[:10] == now.strftime("%Y-%m-%d")
    shown = f"{received_at[11:19]} UTC" if today else f"{received_at[:10]} {received_at[11:16]}"
    return f'<time datetime="{html.escape(received_at)}" title="{html.escape(received_at)}">{html.escape(shown)}</time>'
