"""Evidence: reading a page's own feed to see whether our post is there."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from publishing.channels.base.answers import as_lookup_failure, parse_moment
from publishing.channels.base.contract import Trace
from publishing.channels.facebook.graph import NAME, read_answer, read_publication
from publishing.channels.facebook.payload import comparable
from publishing.channels.facebook.photos import count_photos
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Undecidable
from publishing.http import Courier, UnreadableError

PAGE: Final = 100
#: Read at most this many pages back; a page that posted more since the commit needs a person or another try.
_PAGES: Final = 5
#: How far Facebook's clock may be behind ours. What is older than the commit by more cannot be ours.
CLOCK_SKEW: Final = timedelta(seconds=120)
_FIELDS: Final = "id,message,created_time,permalink_url,attachments{media_type,subattachments{media_type}}"
#: What the address of the next page may repeat of the call's own authority; ours is put in instead.
_OURS: Final = frozenset({"access_token", "appsecret_proof", "fields", "limit"})


class _RefusedLookupError(Exception):
    """Facebook said no; carries the finding."""

    def __init__(self, finding: LookupFailed) -> None:
        super().__init__("The look-up was refused.")
        self.finding = finding


class Lookup:
    """One look-up. `feed_url` is the address of the page's published posts; `authority` what every call adds to it."""

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

    def search(self, trace: Trace) -> Finding:
        """Read back to before the first commit. `Absent` only when the reading got there, or to the very end."""
        since = trace.first_commit_at - CLOCK_SKEW
        wanted, is_alike = comparable(trace.payload.text), False
        try:
            for post in self._posts(since):
                if _is_older(post, since):
                    break
                if comparable(str(post.get("message", ""))) != wanted:
                    continue
                if _shows_ours(post, trace):
                    return Found(publication=read_publication(post))
                is_alike = True
        except _RefusedLookupError as refused:
            return refused.finding
        except _TooManyError:
            # Waiting would only add newer ones.
            detail = f"{NAME} lists too many newer posts to look back far enough. Look for it there yourself."
            return Undecidable(detail=detail)
        if is_alike:
            detail = f"{NAME} lists a post with this text and other images. Look whether it is this one."
            return Undecidable(detail=detail)
        return Absent()

    def _posts(self, since: datetime) -> Iterator[Mapping[str, object]]:
        """Yield the page's posts, newest first. The end is an answer that names no next page, be it full or not."""
        cursor: dict[str, str] = {"since": str(int(since.timestamp()))}
        seen: list[dict[str, str]] = []
        for _ in range(_PAGES):
            seen.append(cursor)
            body = self._get(cursor)
            posts = body.get("data")
            if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
                raise UnreadableError("The answer is no list of posts.")
            yield from posts
            following = _next_cursor(body.get("paging"))
            if following is None:
                return
            if following in seen:
                raise UnreadableError("Facebook lists the same page again.")
            cursor = following
        raise _TooManyError

    def _get(self, cursor: Mapping[str, str]) -> Mapping[str, object]:
        query = {"fields": _FIELDS, "limit": str(PAGE), **self._authority, **cursor}
        url = f"{self._feed_url}?{urlencode(query)}"
        answer = self._courier.request("GET", url, headers=self._headers, acts=False)
        refusal = read_answer(answer, now=self._now)
        if refusal:
            raise _RefusedLookupError(as_lookup_failure(refusal, answer, name=NAME))
        return answer.json_object()


class _TooManyError(Exception):
    """The page posted more than we read back."""


def _is_older(post: Mapping[str, object], since: datetime) -> bool:
    created_at = parse_moment(post.get("created_time"))
    if created_at is None:
        raise UnreadableError("A post states no moment.")
    return created_at < since


def _shows_ours(post: Mapping[str, object], trace: Trace) -> bool:
    """Tell whether a post has as many photos as ours; one of text alone may show what Facebook found behind a link."""
    return not trace.payload.files or count_photos(post) == len(trace.payload.files)


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
