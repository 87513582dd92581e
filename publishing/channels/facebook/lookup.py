"""Evidence: reading a page's own feed to see whether our post is there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from publishing.channels.base.answers import as_lookup_failure, parse_moment
from publishing.channels.base.lookup import Entry, Lookup, Post, RefusedLookupError
from publishing.channels.facebook.graph import NAME, read_answer, read_publication
from publishing.channels.facebook.payload import comparable
from publishing.channels.facebook.photos import count_photos
from publishing.domain.outcome import Publication
from publishing.http import Courier, UnreadableError

PAGE: Final = 100
_FIELDS: Final = "id,message,created_time,permalink_url,attachments{media_type,subattachments{media_type}}"
#: What the address of the next page may repeat of the call's own authority; ours is put in instead.
_OURS: Final = frozenset({"access_token", "appsecret_proof", "fields", "limit"})


class FeedLookup(Lookup[dict[str, str]]):
    """One look-up in a page's feed. A cursor is the parameters that lead to a page of it.

    `feed_url` is the address of the page's published posts; `authority` what every call adds to it.
    """

    name: ClassVar[str] = NAME
    pages: ClassVar[int] = 5
    clock_skew: ClassVar[timedelta] = timedelta(seconds=120)

    def __init__(
        self,
        *,
        feed_url: str,
        headers: Mapping[str, str],
        authority: Mapping[str, str],
        courier: Courier,
        now: datetime,
    ) -> None:
        self._feed_url = feed_url
        self._headers = headers
        self._authority = authority
        self._courier = courier
        self._now = now

    def first_page(self, since: datetime) -> dict[str, str]:
        """Begin at the newest."""
        return {"since": str(int(since.timestamp()))}

    def read_page(self, cursor: dict[str, str]) -> tuple[object, dict[str, str] | None]:
        """Return a page. The end is an answer that names no next page, be it full or not."""
        query = {"fields": _FIELDS, "limit": str(PAGE), **self._authority, **cursor}
        url = f"{self._feed_url}?{urlencode(query)}"
        answer = self._courier.request("GET", url, headers=self._headers, acts=False)
        refusal = read_answer(answer, now=self._now)
        if refusal:
            raise RefusedLookupError(as_lookup_failure(refusal, answer, name=NAME))
        body = answer.json_object()
        return body.get("data"), _next_cursor(body.get("paging"))

    def read_entry(self, post: Post) -> Entry:
        """Return when a post was made, its message, and how many photos it shows."""
        created_at = parse_moment(post.get("created_time"))
        if created_at is None:
            raise UnreadableError("A post states no moment.")
        text = comparable(str(post.get("message", "")))
        return Entry(made_at=created_at, listed_at=created_at, text=text, image_count=count_photos(post))

    def read_publication(self, post: Post) -> Publication:
        """Return the publication that a post is."""
        return read_publication(post)

    def comparable(self, text: str) -> str:
        """Return a text as the feed would show it."""
        return comparable(text)


def _next_cursor(paging: object) -> dict[str, str] | None:
    """Return the parameters that lead to the next page; None at the end.

    Taken from the address that the answer names, but never that address itself: ours is the only one that is called.
    """
    following = paging.get("next") if isinstance(paging, dict) else None
    if following is None:
        return None
    try:
        pairs = parse_qsl(urlsplit(str(following)).query)
    except ValueError:
        raise UnreadableError("The answer names no next page that could be one.") from None
    return {name: value for name, value in pairs if name not in _OURS}
