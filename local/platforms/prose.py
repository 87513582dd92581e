"""Plain text as networks show it: escaped, with line breaks, links and hashtags. Pure."""

from __future__ import annotations

import html
from urllib.parse import urlsplit

import regex

_SPECIAL = regex.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}…])|(?<![\w&/#])#(?P<tag>[\p{L}\p{N}]*\p{L}[\p{L}\p{N}]*)"
)


def to_html(text: str) -> str:
    """Render a text; every character of it that means something in HTML is escaped."""
    pieces: list[str] = []
    end = 0
    for match in _SPECIAL.finditer(text):
        pieces.append(html.escape(text[end : match.start()]))
        shown = html.escape(match.group())
        pieces.append(
            f'<a href="{shown}" target="_blank" rel="nofollow noopener">{shown}</a>'
            if match["url"]
            else f'<span class="hashtag">{shown}</span>'
        )
        end = match.end()
    pieces.append(html.escape(text[end:]))
    return "".join(pieces).replace("\n", "<br>")


def link_card(link: str, title: str = "") -> str:
    """Draw what networks show for a link below a post: whose it is, and its title as far as one is known."""
    host = urlsplit(link).hostname or link
    return (
        f'<a class="link-card" href="{html.escape(link)}" target="_blank" rel="nofollow noopener">'
        f'<span class="link-host">{html.escape(host)}</span><strong>{html.escape(title or link)}</strong></a>'
    )
