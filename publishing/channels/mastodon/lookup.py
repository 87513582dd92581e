"""Evidence: reading an account's own statuses to see whether ours is among them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote, urlencode

from publishing.channels.base.answers import parse_moment, read_lookup_refusal, read_moment
from publishing.channels.base.lookup import Entry, Lookup, Post, RefusedLookupError
from publishing.channels.base.text import plain_text
from publishing.channels.mastodon.payload import comparable
from publishing.domain.outcome import Publication
from publishing.http import Answer, Courier, UnreadableError

PAGE: Final = 40


class StatusLookup(Lookup[str]):
    """One look-up among an account's statuses. A cursor is the id of the oldest status seen; empty at the beginning."""

    name: ClassVar[str] = "Mastodon"
    pages: ClassVar[int] = 12
    clock_skew: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(
        self, *, base_url: str, headers: Mapping[str, str], remote_id: str | None, courier: Courier, now: datetime
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self._remote_id = remote_id
        self._courier = courier
        self._now = now

    def first_page(self, since: datetime) -> str:  # noqa: ARG002 - the list knows no such bound
        """Begin at the newest; ask who the account is where it does not say so."""
        if not self._remote_id:
            self._remote_id = self._ask_who()
        return ""

    def read_page(self, cursor: str) -> tuple[object, str | None]:
        """Return a page. An empty one is the end; nothing less is, as servers differ."""
        query = {"limit": str(PAGE), "exclude_reblogs": "true", **({"max_id": cursor} if cursor else {})}
        account_id = quote(self._remote_id or "", safe="")
        page = self._get(f"/api/v1/accounts/{account_id}/statuses?{urlencode(query)}").json()
        if not isinstance(page, list) or not page or not isinstance(page[-1], dict):
            return page, None
        return page, read_publication(page[-1]).id

    def read_entry(self, post: Post) -> Entry:
        """Return when a status was made, and its text as plain text."""
        created_at = parse_moment(post.get("created_at"))
        if created_at is None:
            raise UnreadableError("A status states no moment.")
        text = comparable(plain_text(str(post.get("content", ""))))
        return Entry(made_at=created_at, listed_at=created_at, text=text)

    def read_publication(self, post: Post) -> Publication:
        """Return the publication that a status is."""
        return read_publication(post)

    def comparable(self, text: str) -> str:
        """Return a text as the server would show it."""
        return comparable(text)

    def _ask_who(self) -> str:
        stated = self._get("/api/v1/accounts/verify_credentials").json_object().get("id")
        if not isinstance(stated, str) or not stated:
            raise UnreadableError("The answer names no account.")
        return stated

    def _get(self, path: str) -> Answer:
        answer = self._courier.request("GET", self._base_url + path, headers=self._headers, acts=False)
        refused = read_lookup_refusal(
            answer, name=self.name, now=self._now, wait_until=read_reset(answer, now=self._now)
        )
        if refused:
            raise RefusedLookupError(refused)
        return answer


def read_publication(status: Mapping[str, object]) -> Publication:
    """Return what a status says of itself. Raise `UnreadableError` when it has no id."""
    remote_id, url = status.get("id"), status.get("url")
    if not isinstance(remote_id, str) or not remote_id:
        raise UnreadableError("The status has no id.")
    is_link = isinstance(url, str) and url.startswith(("https://", "http://"))
    return Publication(id=remote_id, url=str(url) if is_link else None)


def read_reset(answer: Answer, *, now: datetime) -> datetime | None:
    """Return when the rate limit ends, if this answer is about that: an ISO 8601 time, unlike elsewhere."""
    return read_moment(answer.headers.get("x-ratelimit-reset"), now=now) if answer.status == 429 else None
