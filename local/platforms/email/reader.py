"""A mail's HTML as a careful mail client shows it: rebuilt from a short list of elements, nothing passed through.

The wall's policy forbids scripts, styles and frames anyway; this makes sure that there are none to forbid.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ELEMENTS = frozenset({"p", "br", "b", "strong", "i", "em", "ul", "ol", "li", "blockquote", "h1", "h2", "h3"})
_EMPTY = frozenset({"br"})
#: Not shown, and neither is what is in them.
_DROPPED = frozenset({"script", "style", "head", "title", "template", "iframe", "object", "svg", "math"})


def to_safe_html(source: str, loaded: Mapping[str, str] | None = None) -> str:
    """Return the mail's HTML with everything gone that a card must not hold.

    `loaded` names the picture of our own that stands for each address; of others only the description is shown.
    """
    reader = _Reader(loaded or {})
    reader.feed(source)
    reader.close()
    return reader.finish()


def list_pictures(source: str) -> list[tuple[str, str]]:
    """Return address and description of every picture that a mail would load, in their order."""
    reader = _Reader({})
    reader.feed(source)
    reader.close()
    return reader.pictures


class _Reader(HTMLParser):
    def __init__(self, loaded: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures: list[tuple[str, str]] = []
        self._loaded = loaded
        self._parts: list[str] = []
        self._open: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping:
            return
        if tag in _DROPPED:
            self._dropping = tag
        elif tag == "a":
            address = dict(attrs).get("href") or ""
            if address.startswith(("https://", "http://")):
                self._parts.append(f'<a href="{html.escape(address)}" rel="nofollow noopener noreferrer">')
                self._open.append(tag)
        elif tag == "img":
            self._show(dict(attrs))
        elif tag in _ELEMENTS:
            self._parts.append(f"<{tag}>")
            if tag not in _EMPTY:
                self._open.append(tag)

    def _show(self, attributes: Mapping[str, str | None]) -> None:
        address, description = attributes.get("src") or "", attributes.get("alt") or ""
        self.pictures.append((address, description))
        words = html.escape(description)
        if address in self._loaded:
            self._parts.append(f'<img src="{html.escape(self._loaded[address])}" alt="{words}" title="{words}">')
        elif words:
            self._parts.append(f'<span class="unloaded">{words}</span>')

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._dropping = "" if tag == self._dropping else self._dropping
        elif tag in self._open:
            while True:
                last = self._open.pop()
                self._parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._parts.append(html.escape(data))

    def finish(self) -> str:
        """Close what is open."""
        return "".join([*self._parts, *(f"</{tag}>" for tag in reversed(self._open))])
