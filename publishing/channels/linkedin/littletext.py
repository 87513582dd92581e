"""LinkedIn's little text: the markup of commentaries. Pure.

A reserved character that is not escaped makes LinkedIn cut the text there, silently, and still answer 201.
"""

import re
from typing import Final

#: An address, a hashtag, or a reserved character; the first that matches decides.
_SPECIAL: Final = re.compile(
    r"(?P<url>https?://\S+)"
    r"|(?P<tag>(?<![\w&/#])#(?=[^\W_]*[^\W\d_])[^\W_]+(?!\w))"
    r"|(?P<reserved>[\\|{}@\[\]()<>#*_~])"
)
#: Escaped inside addresses too. Escaping the others there would spoil the address, and they cut no text in one.
_RESERVED_IN_URL: Final = re.compile(r"[\\|{}\[\]()<>*~]")

_ELEMENT: Final = re.compile(
    r"\\(?P<escaped>.)"
    r"|\{hashtag\|\\?#\|(?P<tag>[^|{}]*)\}"
    r"|@\[(?P<name>(?:\\.|[^\]\\])*)\]\(urn:li:[^()\s]*\)",
    re.DOTALL,
)


def to_little_text(text: str) -> str:
    """Return the markup for a text that is meant literally; its hashtags become hashtags."""
    return _SPECIAL.sub(_escape, text)


def to_plain_text(markup: str) -> str:
    """Return the text that a reader of the markup sees."""
    return _ELEMENT.sub(_read, markup)


def _escape(found: re.Match[str]) -> str:
    if found["url"]:
        return _RESERVED_IN_URL.sub(r"\\\g<0>", found["url"])
    if found["tag"]:
        return "{hashtag|\\#|" + found["tag"][1:] + "}"
    return "\\" + found["reserved"]


def _read(found: re.Match[str]) -> str:
    if found["escaped"]:
        return found["escaped"]
    if found["tag"] is not None:
        return "#" + to_plain_text(found["tag"])
    return to_plain_text(found["name"])
