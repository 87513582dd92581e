"""Counters of limits: across processes that know nothing of one another, and no more is spent than there is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.domain.errors import LimitedError
from publishing.domain.limits import Limit
from publishing.services import limits as service
from publishing.store import limits
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("table")
LIMIT = Limit(name="test", count=95, block=10, what="test")


@pytest.fixture(autouse=True)
def _fresh_process():
    service.forget()


class TestAWindow:
    @pytest.mark.parametrize("block", [1, 10, 95])
    def test_is_spent_whole_and_never_more_by_eight_processes_at_once(self, block: int):
        limit = replace(LIMIT, block=block)

        def process(_: int) -> int:
            """Take blocks until nothing is left, as a process does that has many requests."""
            spent = 0
            while taken := limits.take(limit, "ada", now=NOW):
                spent += taken
            return spent

        with ThreadPoolExecutor(max_workers=8) as threads:
            spent = list(threads.map(process, range(8)))

        assert limit.count - block < sum(spent) <= limit.count

    def test_is_spent_whole_by_one(self):
        taken = []
        while block := limits.take(LIMIT, "ada", now=NOW):
            taken.append(block)

        assert taken == [10] * 9 + [5]

    def test_is_each_ones_own(self):
        while limits.take(LIMIT, "ada", now=NOW):
            pass

        assert limits.take(LIMIT, "bob", now=NOW) == 10
        assert limits.take(replace(LIMIT, name="other"), "ada", now=NOW) == 10

    def test_is_followed_by_another(self):
        while limits.take(LIMIT, "ada", now=NOW):
            pass

        assert limits.take(LIMIT, "ada", now=NOW + timedelta(seconds=59)) == 0
        assert limits.take(LIMIT, "ada", now=NOW + timedelta(seconds=60)) == 10


class TestAProcess:
    def test_asks_the_table_once_for_a_block(self, monkeypatch: pytest.MonkeyPatch):
        asked = []
        take = limits.take

        def count(*arguments: Any, **named: Any) -> int:
            asked.append(arguments)
            return take(*arguments, **named)

        monkeypatch.setattr(limits, "take", count)

        for _ in range(30):
            service.spend(LIMIT, "ada", now=NOW)

        assert len(asked) == 3

    def test_refuses_what_is_too_much_and_says_when_it_is_taken_again(self):
        for _ in range(LIMIT.count):
            service.spend(LIMIT, "ada", now=NOW)

        with pytest.raises(LimitedError, match="at most 95 times a minute") as refusal:
            service.spend(LIMIT, "ada", now=NOW + timedelta(seconds=30.5))

        assert refusal.value.retry_after == 30

    def test_keeps_no_block_beyond_its_window(self):
        service.spend(LIMIT, "ada", now=NOW)

        for _ in range(LIMIT.count):
            service.spend(LIMIT, "ada", now=NOW + timedelta(minutes=1))

        with pytest.raises(LimitedError):
            service.spend(LIMIT, "ada", now=NOW + timedelta(minutes=1))

    def test_with_many_threads_spends_no_more_than_there_is(self):
        def spend(_: int) -> bool:
            try:
                service.spend(LIMIT, "ada", now=NOW)
            except LimitedError:
                return False
            return True

        with ThreadPoolExecutor(max_workers=8) as threads:
            spent = list(threads.map(spend, range(200)))

        # Threads that ran out together may each have taken a block; what is left of those is not lost, but never more.
        assert LIMIT.count - 8 * LIMIT.block <= sum(spent) <= LIMIT.count


class TestALimit:
    @pytest.mark.parametrize("block", [0, 96])
    def test_that_could_not_be_spent_is_none(self, block: int):
        with pytest.raises(ValueError, match="block"):
            replace(LIMIT, block=block)

    def test_names_no_subject_that_was_typed(self):
        assert service.unnamed("ada@example.org") == service.unnamed("ada@example.org")
        assert "ada" not in service.unnamed("ada@example.org")
