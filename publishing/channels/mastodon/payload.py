"""Content to status, and counting as Mastodon counts. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from publishing.channels.base.contract import Submission
from publishing.channels.base.text import count_graphemes, normal_form, with_link
from publishing.domain.content import Content

TEXT_LIMIT: Final = 500
#: What every http(s) address counts, however long it is (`characters_reserved_per_url`).
URL_LENGTH: Final = 23

#: An address as twitter-text sees it, which Mastodon counts with: a scheme, a name with a top-level domain, and a path
#: that ends before closing punctuation. What it does not match is counted in full, so the error is on the safe side.
_URL: Final = re.compile(
    r"(?<![A-Za-z0-9@＠$#＃])https?://(?:[\w-]+\.)+(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)(?![\w-])(?::\d+)?"  # noqa: RUF001
    r"(?:[/?#](?:[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}…])?)?",
    re.IGNORECASE,
)
#: What `MENTION_RE` of Mastodon's Account model matches, written so that no text takes long to search.
_MENTION: Final = re.compile(r"(?<![=/\w])@([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)@\w+(?:[.-]+\w+)*", re.IGNORECASE)

VISIBILITIES: Final = frozenset({"public", "unlisted", "private"})


def compose(content: Content) -> str:
    """Return the status's text: the wording with its link."""
    return with_link(content.text, content.link)


def measure(text: str) -> int:
    """Return a status's length: graphemes, addresses as 23, and mentions without their server."""
    return count_graphemes(_MENTION.sub(r"@\1", _URL.sub("x" * URL_LENGTH, text)))


def build_body(submission: Submission, settings: Mapping[str, str]) -> dict[str, object]:
    """Return the request's fields."""
    body: dict[str, object] = {"status": compose(submission.content)}
    if settings.get("visibility") in VISIBILITIES:
        body["visibility"] = settings["visibility"]
    return body


def comparable(text: str) -> str:
    """Return a text such that what we sent and what the server shows for it are equal."""
    return normal_form(_MENTION.sub(r"@\1", text))
