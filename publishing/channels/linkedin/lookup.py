"""Evidence: reading an organization's own posts to see whether ours is among them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import urlencode

from publishing.channels.base.answers import as_lookup_failure
from publishing.channels.base.lookup import Entry, Lookup, Post, RefusedLookupError
from publishing.channels.linkedin.answers import NAME, publication, read_answer
from publishing.channels.linkedin.littletext import to_plain_text
from publishing.channels.linkedin.payload import comparable
from publishing.domain.outcome import Publication
from publishing.http import Courier, UnreadableError

PAGE: Final = 50


class PostLookup(Lookup[int]):
    """One look-up among an organization's posts. A cursor is how many posts come before the page."""

    name: ClassVar[str] = NAME
    pages: ClassVar[int] = 10
    clock_skew: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(
        self, *, base_url: str, site: str, headers: Mapping[str, str], author: str, courier: Courier, now: datetime
    ) -> None:
        self._base_url = base_url
        self._site = site
        self._headers = headers
        self._author = author
        self._courier = courier
        self._now = now

    def first_page(self, since: datetime) -> int:  # noqa: ARG002 - the list knows no such bound
        """Begin at the one that changed last."""
        return 0

    def read_page(self, cursor: int) -> tuple[object, int | None]:
        """Return a page. An empty one is the end; nothing less is."""
        query = {
            "q": "author", "author": self._author, "count": str(PAGE), "start": str(cursor), "sortBy": "LAST_MODIFIED",
        }  # fmt: skip
        url = f"{self._base_url}/rest/posts?{urlencode(query)}"
        headers = {**self._headers, "x-restli-method": "FINDER"}
        answer = self._courier.request("GET", url, headers=headers, acts=False)
        refusal = read_answer(answer, now=self._now)
        if refusal:
            raise RefusedLookupError(as_lookup_failure(refusal, answer, name=NAME))
        posts = answer.json_object().get("elements")
        return posts, cursor + len(posts) if isinstance(posts, list) and posts else None

    def read_entry(self, post: Post) -> Entry:
        """Return what a post says of itself. They come by their latest change; a draft is seen by nobody."""
        is_public = post.get("lifecycleState", "PUBLISHED") == "PUBLISHED"
        text = comparable(to_plain_text(str(post.get("commentary", ""))))
        return Entry(
            made_at=_moment(post, "createdAt"),
            listed_at=_moment(post, "lastModifiedAt"),
            text=text if is_public else None,
        )

    def read_publication(self, post: Post) -> Publication:
        """Return the publication that a post is."""
        found = publication(post.get("id"), site=self._site)
        if found is None:
            raise UnreadableError("A post has no id.")
        return found

    def comparable(self, text: str) -> str:
        """Return a text as the list would show it."""
        return comparable(text)


def _moment(post: Mapping[str, object], name: str) -> datetime:
    """Read milliseconds since 1970."""
    stated = post.get(name)
    if not isinstance(stated, int) or isinstance(stated, bool):
        raise UnreadableError("A post states no moment.")
    try:
        return datetime.fromtimestamp(stated / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise UnreadableError("A post states an impossible moment.") from None
