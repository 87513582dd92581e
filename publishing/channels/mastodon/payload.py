"""Content to status, and counting as Mastodon counts. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture
from publishing.channels.base.text import count_graphemes, normal_form, with_link
from publishing.domain.content import Content

TEXT_LIMIT: Final = 500
#: What every http(s) address counts, however long it is (`characters_reserved_per_url`).
URL_LENGTH: Final = 23
#: The limits that a server has unless it says otherwise (`configuration.media_attachments`).
IMAGES: Final = ImageRules(
    limit=4,
    types=("image/jpeg", "image/png", "image/gif", "image/webp"),
    max_size=16 * 1024 * 1024,
    max_pixels=33_177_600,
    max_gif_pixels=921_600,
    animates=True,
    alt_text_limit=1_500,
)

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


def build_body(
    submission: Submission, settings: Mapping[str, str], images: Sequence[Picture] = ()
) -> dict[str, object]:
    """Return the request's fields, with `media` as what has to be uploaded first: equal for every attempt."""
    body: dict[str, object] = {"status": compose(submission.content)}
    if settings.get("visibility") in VISIBILITIES:
        body["visibility"] = settings["visibility"]
    if images:
        body["media"] = [{"sha256": each.rendition.sha256, "description": each.alt_text} for each in images]
    return body


def with_media_ids(body: Mapping[str, object], media_ids: Sequence[str]) -> dict[str, object]:
    """Return the fields as they are sent: the ids of what was uploaded in place of what had to be."""
    fields = {name: value for name, value in body.items() if name != "media"}
    return fields | {"media_ids": list(media_ids)} if media_ids else fields


def description_of(body: Mapping[str, object], position: int) -> str:
    """Return the description of an image, by its position counted from 0."""
    media: Any = body["media"]
    return str(media[position]["description"])


def comparable(text: str) -> str:
    """Return a text such that what we sent and what the server shows for it are equal."""
    return normal_form(_MENTION.sub(r"@\1", text))
