"""Facets: which bytes of a text are a link or a hashtag. Nothing in a post is linked by itself. Pure."""

from collections.abc import Iterator
from typing import Any, Final

import regex

#: An address as the network's own clients see it: after a space or a bracket, up to the next space. They also link
#: bare domains, for which a list of all top-level domains would be needed; here a link starts with its scheme.
#: A server refuses the whole post for an address without a name, or with a zero-width space, which it takes for white.
_LINK: Final = regex.compile(r"(?:^|\s|\()(https?://[^\s\ufeff/][^\s\ufeff]*)", regex.IGNORECASE | regex.MULTILINE)
#: `HASHTAG_REGEX` of the network's library: a letter or an emoji first, then also digits, `_` and `-`.
_LETTER: Final = r"\p{L}\p{Emoji_Presentation}\p{Emoji_Modifier_Base}\p{Extended_Pictographic}"
_TAG: Final = regex.compile(rf"(?:^|\s)#([{_LETTER}][{_LETTER}\d_-]*)")
_LINK_FEATURE: Final = "app.bsky.richtext.facet#link"
_PUNCTUATION_AT_END: Final = regex.compile(r"\p{P}+$")
#: The lexicon's limit of a tag, which the library counts without the `#` too.
_TAG_LIMIT: Final = 64


def facets(text: str, *, ending: str | None = None) -> list[dict[str, Any]]:
    """Return the facets of a text, in its order. An address that it is known to end with is one, just as it is."""
    made: list[dict[str, Any]] = []
    seen = octets = 0
    own = len(text) - len(ending) if ending else len(text)
    found = [*_links(text[:own]), *_tags(text[:own])]
    if ending:
        found.append((own, len(text), {"$type": _LINK_FEATURE, "uri": ending}))
    for start, end, feature in sorted(found, key=lambda each: each[0]):
        octets += len(text[seen:start].encode())
        length = len(text[start:end].encode())
        made.append({"index": {"byteStart": octets, "byteEnd": octets + length}, "features": [feature]})
        octets, seen = octets + length, end
    return made


def _links(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for match in _LINK.finditer(text):
        uri = match.group(1)
        if uri[-1] in ".,;:!?":
            uri = uri[:-1]
        if uri.endswith(")") and "(" not in uri:
            uri = uri[:-1]
        if uri.partition("://")[2]:
            yield match.start(1), match.start(1) + len(uri), {"$type": _LINK_FEATURE, "uri": uri}


def _tags(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for match in _TAG.finditer(text):
        tag = _PUNCTUATION_AT_END.sub("", match.group(1))
        if tag and len(tag) <= _TAG_LIMIT:
            start = match.start(1) - 1
            yield start, start + 1 + len(tag), {"$type": "app.bsky.richtext.facet#tag", "tag": tag}
