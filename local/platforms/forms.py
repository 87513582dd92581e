"""Forms that carry files (`multipart/form-data`), taken apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from local.platforms.base import Request

_BOUNDARY: Final = re.compile(r'boundary="?([^";,]{1,70})"?')
_NAME: Final = re.compile(r'\bname="([^"]*)"')
_FILENAME: Final = re.compile(r'\bfilename="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field of a form, or one file."""

    name: str
    content: bytes
    filename: str | None = None

    @property
    def text(self) -> str:
        """The content as UTF-8, with a mark in place of what is not."""
        return self.content.decode(errors="replace")


def read_form(request: Request) -> dict[str, Part]:
    """Return the parts of a form by name, of equal ones the last; nothing where the body is no form."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if request.media_type != "multipart/form-data" or found is None:
        return {}
    boundary = f"--{found.group(1)}".encode()
    # What stands before the first boundary and after the last is no part.
    pieces = (b"\r\n" + request.body).split(b"\r\n" + boundary)[1:-1]
    parts = [part for part in map(_read_part, pieces) if part is not None]
    return {part.name: part for part in parts}


def _read_part(piece: bytes) -> Part | None:
    head, _, content = piece.partition(b"\r\n\r\n")
    headers = head.decode(errors="replace")
    name, filename = _NAME.search(headers), _FILENAME.search(headers)
    if name is None:
        return None
    return Part(name=name.group(1), content=content, filename=filename.group(1) if filename else None)
