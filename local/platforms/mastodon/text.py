"""How Mastodon counts a text and turns it into HTML. Pure."""

from __future__ import annotations

import html

import regex

URL_LENGTH = 23
MAX_LENGTH = 500

# As Mastodon takes them from twitter-text: a scheme, a dotted host that ends in letters, no punctuation at the end.
_URL = regex.compile(
    r"(?<![\w@/#$])https?://(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+(?:\p{L}{2,}|xn--[a-z0-9-]+)(?::\d+)?"
    r"(?:[/?#](?:[^\s<>\"()]|\([^\s<>\"()]*\))*(?<![.,;:!?'…]))?",
    regex.IGNORECASE,
)
_USERNAME = r"[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*"
# Account::MENTION_RE of Mastodon's source.
_MENTION = regex.compile(rf"(?<![=/\w])@(({_USERNAME})(?:@[\w.-]+\w)?)", regex.IGNORECASE)
_HASHTAG = regex.compile(r"(?<![=/)\w&])#([\p{L}\p{M}\p{N}_]*[\p{L}_][\p{L}\p{M}\p{N}_]*)")


def count(text: str, spoiler_text: str = "") -> int:
    """Count as Mastodon does: graphemes, a URL as 23, a remote mention without its domain, plus the content warning."""
    counted = _MENTION.sub(r"@\2", _URL.sub("x" * URL_LENGTH, text))
    return len(regex.findall(r"\X", spoiler_text + counted))


def to_html(text: str, base_url: str) -> str:
    """Render a text as the server does: paragraphs, line breaks, shortened links, hashtags; everything else escaped."""
    normal = text.replace("\r\n", "\n").strip()
    paragraphs = [part for part in regex.split(r"\n{2,}", normal) if part]
    return "".join(f"<p>{_inline(part, base_url).replace(chr(10), '<br />')}</p>" for part in paragraphs)


def _inline(text: str, base_url: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        pieces += [_hashtags(text[end : match.start()], base_url), _link(match.group())]
        end = match.end()
    return "".join([*pieces, _hashtags(text[end:], base_url)])


def _hashtags(text: str, base_url: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _HASHTAG.finditer(text):
        tag = match.group(1)
        link = f"{html.escape(base_url)}/tags/{html.escape(tag)}"
        pieces += [
            html.escape(text[end : match.start()]),
            f'<a href="{link}" class="mention hashtag" rel="tag">#<span>{html.escape(tag)}</span></a>',
        ]
        end = match.end()
    return "".join([*pieces, html.escape(text[end:])])


def _link(url: str) -> str:
    prefix = regex.match(r"https?://(?:www\.)?", url, regex.IGNORECASE)
    start = prefix.end() if prefix else 0
    shown, rest = url[start : start + 30], url[start + 30 :]
    ellipsis = "ellipsis" if rest else ""
    return (
        f'<a href="{html.escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{html.escape(url[:start])}</span><span class="{ellipsis}">{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(rest)}</span></a>'
    )
