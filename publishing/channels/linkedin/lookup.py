"""Evidence: reading an organization's own posts to see whether ours is among them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from publishing.channels.base.answers import as_lookup_failure
from publishing.channels.base.contract import Trace
from publishing.channels.linkedin.answers import NAME, publication, read_answer
from publishing.channels.linkedin.littletext import to_plain_text
from publishing.channels.linkedin.payload import comparable
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Undecidable
from publishing.http import Courier, UnreadableError

PAGE: Final = 50
#: Read at most this many pages back; an organization that posted more needs a person or another try.
_PAGES: Final = 10
#: How far LinkedIn's clock may be behind ours. What is older than the commit by more cannot be ours.
CLOCK_SKEW: Final = timedelta(seconds=60)


class _RefusedLookupError(Exception):
    """LinkedIn said no; carries the finding."""

    def __init__(self, finding: LookupFailed) -> None:
        super().__init__("The look-up was refused.")
        self.finding = finding


class _TooManyError(Exception):
    """The organization posted or changed more than we read back."""


class Lookup:
    """One look-up."""

    def __init__(
        self, *, base_url: str, site: str, headers: Mapping[str, str], author: str, courier: Courier, now: datetime
    ) -> None:
        self._base_url = base_url
        self._site = site
        self._headers = headers
        self._author = author
        self._courier = courier
        self._now = now

    def search(self, trace: Trace) -> Finding:
        """Read back to before the first commit. `Absent` only when the reading got there, or to the very end."""
        since = trace.first_commit_at - CLOCK_SKEW
        wanted = comparable(trace.payload.text)
        try:
            for post in self._posts():
                # They come by their latest change: after one that changed before the commit, none was made since.
                if _moment(post, "lastModifiedAt") < since:
                    return Absent()
                if _moment(post, "createdAt") >= since and _says(post, wanted):
                    return self._found(post)
        except _RefusedLookupError as refused:
            return refused.finding
        except _TooManyError:
            # Waiting would only add newer ones.
            detail = f"{NAME} lists too many newer posts to look back far enough. Look for it there yourself."
            return Undecidable(detail=detail)
        return Absent()

    def _found(self, post: Mapping[str, object]) -> Found:
        evidence = publication(post.get("id"), site=self._site)
        if evidence is None:
            raise UnreadableError("A post has no id.")
        return Found(publication=evidence)

    def _posts(self) -> Iterator[Mapping[str, object]]:
        """Yield the organization's posts, the latest changed first. An empty page is the end; nothing less is."""
        start = 0
        for _ in range(_PAGES):
            query = {
                "q": "author", "author": self._author, "count": str(PAGE), "start": str(start),
                "sortBy": "LAST_MODIFIED",
            }  # fmt: skip
            posts = self._get(f"/rest/posts?{urlencode(query)}").get("elements")
            if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
                raise UnreadableError("The answer is no list of posts.")
            if not posts:
                return
            yield from posts
            start += len(posts)
        raise _TooManyError

    def _get(self, path: str) -> Mapping[str, object]:
        headers = {**self._headers, "x-restli-method": "FINDER"}
        answer = self._courier.request("GET", self._base_url + path, headers=headers, acts=False)
        refusal = read_answer(answer, now=self._now)
        if refusal:
            raise _RefusedLookupError(as_lookup_failure(refusal, answer, name=NAME))
        return answer.json_object()


def _says(post: Mapping[str, object], wanted: str) -> bool:
    is_public = post.get("lifecycleState", "PUBLISHED") == "PUBLISHED"
    return is_public and comparable(to_plain_text(str(post.get("commentary", "")))) == wanted


def _moment(post: Mapping[str, object], name: str) -> datetime:
    """Read milliseconds since 1970."""
    stated = post.get(name)
    if not isinstance(stated, int) or isinstance(stated, bool):
        raise UnreadableError("A post states no moment.")
    try:
        return datetime.fromtimestamp(stated / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise UnreadableError("A post states an impossible moment.") from None
