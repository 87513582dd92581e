"""Reading little text as LinkedIn does: what is not escaped and means nothing cuts the text there, silently. Pure."""

from __future__ import annotations

import regex

RESERVED = frozenset("\\|{}@[]()<>#*_~")
#: What may stand in an address as it is.
PLAIN_IN_URL = frozenset("_#@")
_URL = regex.compile(r"https?://")
_TEMPLATE = regex.compile(r"\{hashtag\|\\?#\|((?:\\.|[^|{}\\])+)\}")
_MENTION = regex.compile(r"@\[((?:\\.|[^\]\\])+)\]\(urn:li:(?:person|organization):[\w-]+\)")
_HASHTAG = regex.compile(r"#[\p{L}\p{N}]+")


def read(markup: str) -> str:
    """Return the text that people see."""
    shown, _ = _split(markup)
    return shown


def cut(markup: str) -> str:
    """Return the part of the markup that LinkedIn keeps."""
    _, end = _split(markup)
    return markup[:end]


def _split(markup: str) -> tuple[str, int]:
    """Return what is seen, and where the text ends."""
    shown: list[str] = []
    position, in_url = 0, False
    while position < len(markup):
        piece, taken = _element(markup, position, in_url=in_url)
        if not taken:
            break
        shown.append(piece)
        in_url = (in_url or bool(_URL.match(markup, position))) and not markup[position].isspace()
        position += taken
    return "".join(shown), position


def _element(markup: str, position: int, *, in_url: bool) -> tuple[str, int]:
    """Return what the element at a position shows and how long it is; 0 where the text is cut."""
    character = markup[position]
    if character not in RESERVED or (in_url and character in PLAIN_IN_URL):
        return character, 1
    if character == "\\":
        return markup[position + 1 : position + 2], 2 if position + 1 < len(markup) else 0
    for pattern, prefix in ((_TEMPLATE, "#"), (_MENTION, "")):
        found = pattern.match(markup, position)
        if found:
            return prefix + regex.sub(r"\\(.)", r"\1", found[1]), found.end() - position
    found = _HASHTAG.match(markup, position)
    return (found.group(), found.end() - position) if found else ("", 0)
