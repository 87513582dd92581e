"""Content to record, the record's own key, and counting as Bluesky counts. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture
from publishing.channels.base.text import count_graphemes, with_link
from publishing.channels.bluesky.richtext import facets
from publishing.domain.content import Content

COLLECTION: Final = "app.bsky.feed.post"
GRAPHEME_LIMIT: Final = 300
BYTE_LIMIT: Final = 3_000
#: The lexicon says 2,000,000 bytes since 2026; servers from before refuse the whole post above 1,000,000.
IMAGES: Final = ImageRules(
    limit=4,
    types=("image/jpeg", "image/png", "image/gif", "image/webp"),
    max_size=1_000_000,
    alt_text_limit=2_000,
)

_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_SECOND: Final = 1_000_000
_CLOCK_IDS: Final = 1_024


def has_card(content: Content) -> bool:
    """Tell whether the link becomes a card. A post has one embed: with images, that is the images."""
    return bool(content.link) and not content.media


def compose(content: Content) -> str:
    """Return the post's text: the wording, and the link where there is no card for it."""
    return content.text if has_card(content) else with_link(content.text, content.link)


def measure(content: Content) -> int:
    """Return the length of a post's text in graphemes. A link that becomes a card is no part of it."""
    return count_graphemes(compose(content))


def byte_length(content: Content) -> int:
    """Return the length of a post's text in UTF-8."""
    return len(compose(content).encode(errors="surrogatepass"))


def build_body(submission: Submission, images: Sequence[Picture] = ()) -> dict[str, object]:
    """Return the request's fields but for `repo`, which the session names: equal for every attempt of a generation.

    `swapRecord: null` demands that nothing else is at the key, so that a repeat can never overwrite anything. In place
    of each blob stands the file that it will be made of; `with_blobs` puts in what the server called it.
    """
    return {
        "collection": COLLECTION,
        "rkey": record_key(submission),
        "validate": True,
        "swapRecord": None,
        "record": _record(submission, images),
    }


def record_key(submission: Submission) -> str:
    """Return the place of the post in its repository, a timestamp identifier (TID).

    Its second is the due time's, so that a repository stays in the order of time. The microseconds within it and the
    clock id come from the delivery key: two deliveries that are due in one second differ in 30 bits.
    """
    number = int.from_bytes(hashlib.sha256(submission.delivery_key.encode()).digest()[:8])
    seconds = max(int(submission.due_at.timestamp()), 0)
    microseconds = seconds * _SECOND + number // _CLOCK_IDS % _SECOND
    return encode_tid(microseconds, clock_id=number % _CLOCK_IDS)


def encode_tid(microseconds: int, *, clock_id: int) -> str:
    """Return 13 characters that sort like the moment: 53 bits of microseconds, then 10 bits of clock id."""
    number = (microseconds % (1 << 53)) * _CLOCK_IDS + clock_id % _CLOCK_IDS
    return "".join(_ALPHABET[number >> 5 * position & 31] for position in reversed(range(13)))


def with_blobs(body: Mapping[str, object], blobs: Sequence[object]) -> dict[str, object]:
    """Return the fields as they are sent: with these blobs as the images of the record."""
    if not blobs:
        return dict(body)
    record: Any = body["record"]
    images = [{**image, "image": blob} for image, blob in zip(record["embed"]["images"], blobs, strict=True)]
    return {**body, "record": {**record, "embed": {**record["embed"], "images": images}}}


def _record(submission: Submission, images: Sequence[Picture]) -> dict[str, object]:
    content = submission.content
    text = compose(content)
    record: dict[str, object] = {
        "$type": COLLECTION,
        "text": text,
        # The due time and not the clock's: the record must be the same whenever it is sent.
        "createdAt": _moment(submission.due_at),
    }
    # What follows the wording is the link and nothing else, and linked as it was given, whatever it ends in.
    found = facets(text, ending=content.link if text != content.text else None)
    if found:
        record["facets"] = found
    if images:
        record["embed"] = {"$type": "app.bsky.embed.images", "images": [_image(each) for each in images]}
    elif content.link and has_card(content):
        record["embed"] = _card(content.link, content.title)
    return record


def _image(picture: Picture) -> dict[str, object]:
    file = picture.rendition
    return {
        "image": {"sha256": file.sha256},
        "alt": picture.alt_text,
        "aspectRatio": {"width": file.width, "height": file.height},
    }


def _card(link: str, title: str) -> dict[str, object]:
    """Return a link card from what the message says; the page itself is not fetched."""
    shown = title.strip() or link.partition("://")[2].rstrip("/")
    return {"$type": "app.bsky.embed.external", "external": {"uri": link, "title": shown, "description": ""}}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
