"""Evidence: reading an account's own statuses to see whether ours is among them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from publishing.channels.base.answers import parse_moment, read_lookup_refusal, read_moment
from publishing.channels.base.contract import Trace
from publishing.channels.base.text import plain_text
from publishing.channels.mastodon.payload import comparable
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Publication, Undecidable
from publishing.http import Answer, Courier, UnreadableError

PAGE: Final = 40
#: Read at most this many statuses back; an account that posted more since the commit needs a person or another try.
_PAGES: Final = 12
#: How far the server's clock may be behind ours. What is older than the commit by more cannot be ours.
CLOCK_SKEW: Final = timedelta(seconds=60)


class _RefusedLookupError(Exception):
    """The server said no; carries the finding."""

    def __init__(self, finding: LookupFailed) -> None:
        super().__init__("The look-up was refused.")
        self.finding = finding


class Lookup:
    """One look-up."""

    def __init__(
        self, *, base_url: str, headers: Mapping[str, str], remote_id: str | None, courier: Courier, now: datetime
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self._remote_id = remote_id
        self._courier = courier
        self._now = now

    def search(self, trace: Trace) -> Finding:
        """Read back to before the first commit. `Absent` only when the reading got there, or to the very end."""
        since = trace.first_commit_at - CLOCK_SKEW
        wanted = comparable(trace.payload.text)
        try:
            for status in self._statuses():
                created_at = parse_moment(status.get("created_at"))
                if created_at is None:
                    raise UnreadableError("A status states no moment.")
                if created_at < since:
                    return Absent()
                if comparable(plain_text(str(status.get("content", "")))) == wanted:
                    return Found(publication=read_publication(status))
        except _RefusedLookupError as refused:
            return refused.finding
        except _TooManyError:
            # Waiting would only add newer ones.
            detail = "Mastodon lists too many newer posts to look back far enough. Look for it there yourself."
            return Undecidable(detail=detail)
        return Absent()

    def _statuses(self) -> Iterator[Mapping[str, object]]:
        """Yield the account's statuses, newest first. An empty page is the end; nothing less is, as servers differ."""
        account_id = self._account_id()
        query = {"limit": str(PAGE), "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            page = self._get(f"/api/v1/accounts/{quote(account_id, safe='')}/statuses?{urlencode(query)}").json()
            if not isinstance(page, list) or not all(isinstance(status, dict) for status in page):
                raise UnreadableError("The answer is no list of statuses.")
            oldest = read_publication(page[-1]).id if page else None
            if oldest is None:
                return
            if oldest == query.get("max_id"):
                raise UnreadableError("The server lists the same page again.")
            yield from page
            query["max_id"] = oldest
        raise _TooManyError

    def _account_id(self) -> str:
        if self._remote_id:
            return self._remote_id
        stated = self._get("/api/v1/accounts/verify_credentials").json_object().get("id")
        if not isinstance(stated, str) or not stated:
            raise UnreadableError("The answer names no account.")
        return stated

    def _get(self, path: str) -> Answer:
        answer = self._courier.request("GET", self._base_url + path, headers=self._headers, acts=False)
        refused = read_lookup_refusal(
            answer, name="Mastodon", now=self._now, wait_until=read_reset(answer, now=self._now)
        )
        if refused:
            raise _RefusedLookupError(refused)
        return answer


class _TooManyError(Exception):
    """The account posted more than we read back."""


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
