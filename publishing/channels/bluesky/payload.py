"""Content to record, the record's own key, and counting as Bluesky counts. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import Final

from publishing.channels.base.contract import Submission
from publishing.channels.base.text import count_graphemes
from publishing.channels.bluesky.richtext import facets
from publishing.domain.content import Content

COLLECTION: Final = "app.bsky.feed.post"
GRAPHEME_LIMIT: Final = 300
BYTE_LIMIT: Final = 3_000

_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_SECOND: Final = 1_000_000
_CLOCK_IDS: Final = 1_024


def measure(content: Content) -> int:
    """Return the length of a post's text in graphemes. The link is no part of it: it becomes a card."""
    return count_graphemes(content.text)


def byte_length(content: Content) -> int:
    """Return the length of a post's text in UTF-8."""
    return len(content.text.encode(errors="surrogatepass"))


def build_body(submission: Submission) -> dict[str, object]:
    """Return the request's fields but for `repo`, which the session names: equal for every attempt of a generation.

    `swapRecord: null` demands that nothing else is at the key, so that a repeat can never overwrite anything.
    """
    return {
        "collection": COLLECTION,
        "rkey": record_key(submission),
        "validate": True,
        "swapRecord": None,
        "record": _record(submission),
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


def _record(submission: Submission) -> dict[str, object]:
    content = submission.content
    record: dict[str, object] = {
        "$type": COLLECTION,
        "text": content.text,
        # The due time and not the clock's: the record must be the same whenever it is sent.
        "createdAt": _moment(submission.due_at),
    }
    found = facets(content.text)
    if found:
        record["facets"] = found
    if content.link:
        record["embed"] = _card(content.link, content.title)
    return record


def _card(link: str, title: str) -> dict[str, object]:
    """Return a link card from what the message says; the page itself is not fetched."""
    shown = title.strip() or link.partition("://")[2].rstrip("/")
    return {"$type": "app.bsky.embed.external", "external": {"uri": link, "title": shown, "description": ""}}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
