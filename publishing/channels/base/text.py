"""Counting and comparing text, as far as channels agree on it."""

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

import regex

_GRAPHEME: Final = regex.compile(r"\X")
_BLOCKS: Final = frozenset({"p", "br", "div", "li", "blockquote", "pre", "h1", "h2", "h3"})


def count_graphemes(text: str) -> int:
    """Return how many characters a reader sees: extended grapheme clusters (UAX 29)."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def with_link(text: str, link: str | None) -> str:
    """Return the text with its link at the end, unless the text holds that very link already."""
    if not link:
        return text
    if re.search(re.escape(link) + r"(?![\w/?#&=%-])", text):
        return text
    return f"{text.rstrip()}\n\n{link}"


def plain_text(html: str) -> str:
    """Return the text that a reader of a piece of HTML sees. Hidden parts count: that is how links are shortened."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


def normal_form(text: str) -> str:
    """Return a text such that two that a platform may render alike are equal: NFC, and all white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
