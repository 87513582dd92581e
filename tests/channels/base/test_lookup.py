"""Searching back through what an account has published, whatever its platform."""

from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from publishing.channels.base.contract import Payload, Trace
from publishing.channels.base.lookup import Entry, Lookup, Post, RefusedLookupError
from publishing.domain.outcome import Absent, Finding, Found, LookupFailed, Publication, Reason, Undecidable
from publishing.http import UnreadableError
from tests.builders import NOW

REFUSAL = LookupFailed(reason=Reason.RATE, detail="Wait.")


class Shelf(Lookup[int]):
    """Lists posts that a test laid out in pages."""

    name: ClassVar[str] = "Shelf"
    pages: ClassVar[int] = 3
    clock_skew: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(self, *pages: object, is_round: bool = False) -> None:
        self.laid_out = pages
        self.is_round = is_round
        self.read: list[int] = []

    def first_page(self, since: datetime) -> int:
        return 0

    def read_page(self, cursor: int) -> tuple[object, int | None]:
        self.read.append(cursor)
        page = self.laid_out[cursor]
        if page == "refused":
            raise RefusedLookupError(REFUSAL)
        following = cursor + 1 if cursor + 1 < len(self.laid_out) else 0 if self.is_round else None
        return page, following

    def read_entry(self, post: Post) -> Entry:
        made_at, listed_at = post["made_at"], post.get("listed_at", post["made_at"])
        assert isinstance(made_at, datetime)
        assert isinstance(listed_at, datetime)
        return Entry(made_at=made_at, listed_at=listed_at, text=str(post["text"]))

    def read_publication(self, post: Post) -> Publication:
        return Publication(id=str(post["id"]))

    def comparable(self, text: str) -> str:
        return text.lower()


def post(remote_id: str, text: str = "ours", *, seconds: float = 1, **fields: object) -> dict[str, object]:
    return {"id": remote_id, "text": text, "made_at": NOW + timedelta(seconds=seconds), **fields}


def searched(shelf: Shelf, *known_ids: str) -> Finding:
    payload = Payload(text="Ours", body={}, delivery_key="key")
    return shelf.search(Trace(payload=payload, first_commit_at=NOW, known_ids=frozenset(known_ids)))


class TestALookUp:
    def test_finds_the_text_on_a_later_page(self):
        shelf = Shelf([post("2", "other")], [post("1")])

        assert searched(shelf) == Found(publication=Publication(id="1"))

    def test_passes_over_what_another_delivery_published(self):
        shelf = Shelf([post("2"), post("1")])

        assert searched(shelf, "2") == Found(publication=Publication(id="1"))
        assert searched(shelf, "1", "2") == Absent()

    def test_says_absent_at_something_older_than_the_first_commit(self):
        shelf = Shelf([post("2", "other"), post("1", seconds=-61)], [post("0")])

        assert searched(shelf) == Absent()
        assert shelf.read == [0]

    def test_allows_for_a_clock_that_is_behind(self):
        assert searched(Shelf([post("1", seconds=-59)])) == Found(publication=Publication(id="1"))

    def test_passes_over_something_older_that_changed_since(self):
        shelf = Shelf([post("1", seconds=-3_600, listed_at=NOW)], [post("0", "other")])

        assert searched(shelf) == Absent()
        assert shelf.read == [0, 1]

    def test_says_absent_at_the_end_of_the_list(self):
        assert searched(Shelf([])) == Absent()

    def test_is_left_to_a_person_when_there_is_too_much(self):
        shelf = Shelf(*[[post(str(number), "other")] for number in range(4)])

        finding = searched(shelf)

        assert isinstance(finding, Undecidable)
        assert finding.detail.startswith("Shelf lists too many")
        assert shelf.read == [0, 1, 2]

    def test_hands_on_a_refusal(self):
        assert searched(Shelf([post("1", "other")], "refused")) is REFUSAL

    def test_takes_a_list_that_goes_round_for_no_evidence(self):
        with pytest.raises(UnreadableError, match="same page"):
            searched(Shelf([post("2", "other")], [post("1", "other")], is_round=True))

    @pytest.mark.parametrize("page", [None, {}, "posts", [1], [[]]])
    def test_takes_anything_but_a_list_of_posts_for_no_evidence(self, page):
        with pytest.raises(UnreadableError, match="no list"):
            searched(Shelf(page))
