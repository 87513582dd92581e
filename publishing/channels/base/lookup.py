"""Searching for evidence in what an account has published: page by page, the latest first, back to the first commit.

A channel says how its platform lists and words posts; when to stop, and what that proves, is the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from publishing.channels.base.contract import Trace
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Publication, Undecidable
from publishing.http import UnreadableError

#: What leads to a page: an offset, an id, parameters. Two that are equal lead to the same page.
Cursor = TypeVar("Cursor")
Post = Mapping[str, object]


class RefusedLookupError(Exception):
    """The platform said no; carries the finding."""

    def __init__(self, finding: LookupFailed) -> None:
        super().__init__("The look-up was refused.")
        self.finding = finding


class TooManyPostsError(Exception):
    """The account published more than is read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post as a list shows it."""

    made_at: datetime
    #: The moment that the list is sorted by.
    listed_at: datetime
    #: What a reader sees, in the channel's comparable form; None for what nobody sees.
    text: str | None
    #: How many images it shows; None where the list does not tell.
    image_count: int | None = None


class Lookup(ABC, Generic[Cursor]):
    """One look-up. What it cannot understand raises `UnreadableError`, which is no evidence of anything."""

    name: ClassVar[str]
    #: Read at most this many pages back; an account that published more since the commit needs a person.
    pages: ClassVar[int]
    #: How far the platform's clock may be behind ours. What is older than the commit by more cannot be ours.
    clock_skew: ClassVar[timedelta]

    @abstractmethod
    def first_page(self, since: datetime) -> Cursor:
        """Return what leads to the latest posts."""

    @abstractmethod
    def read_page(self, cursor: Cursor) -> tuple[object, Cursor | None]:
        """Return the posts of a page, as they came, and what leads to the next; None at the end of the list.

        Raises `RefusedLookupError` when the platform says no.
        """

    @abstractmethod
    def read_entry(self, post: Post) -> Entry:
        """Return what a listed post says of itself."""

    @abstractmethod
    def read_publication(self, post: Post) -> Publication:
        """Return the publication that a listed post is."""

    @abstractmethod
    def comparable(self, text: str) -> str:
        """Return what was sent in the form in which it equals what is shown."""

    def search(self, trace: Trace) -> Finding:
        """Read back to before the first commit. `Absent` only when the reading got there, or to the very end.

        Of two posts with one text, what another delivery is known to have published is not ours. One that shows another
        number of images is left to a person: not every list shows all of them at once.
        """
        is_alike = False
        try:
            for entry, publication in self._candidates(trace):
                if _shows_as_many(entry, trace):
                    return Found(publication=publication)
                is_alike = True
        except RefusedLookupError as refused:
            return refused.finding
        except TooManyPostsError:
            # Waiting would only add newer ones.
            detail = f"{self.name} lists too many newer posts to look back far enough. Look for it there yourself."
            return Undecidable(detail=detail)
        if is_alike:
            detail = f"{self.name} lists a post with this text and other images. Look whether it is this one."
            return Undecidable(detail=detail)
        return Absent()

    def _candidates(self, trace: Trace) -> Iterator[tuple[Entry, Publication]]:
        """Yield what was made since the first commit with this very text, but for what is another delivery's."""
        since = trace.first_commit_at - self.clock_skew
        wanted = self.comparable(trace.payload.text)
        for post in self._posts(since):
            entry = self.read_entry(post)
            if entry.listed_at < since:
                return
            if entry.made_at >= since and entry.text == wanted:
                publication = self.read_publication(post)
                if publication.id not in trace.known_ids:
                    yield entry, publication

    def _posts(self, since: datetime) -> Iterator[Post]:
        cursor = self.first_page(since)
        seen: list[Cursor] = []
        for _ in range(self.pages):
            seen.append(cursor)
            posts, following = self.read_page(cursor)
            if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
                raise UnreadableError("The answer is no list of posts.")
            yield from posts
            if following is None:
                return
            if following in seen:
                raise UnreadableError(f"{self.name} lists the same page again.")
            cursor = following
        raise TooManyPostsError


def _shows_as_many(entry: Entry, trace: Trace) -> bool:
    """Tell whether a post shows as many images as ours; one of text alone may show what was found behind a link."""
    return entry.image_count is None or not trace.payload.files or entry.image_count == len(trace.payload.files)
