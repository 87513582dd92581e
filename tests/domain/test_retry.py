"""Backoff with full jitter."""

from datetime import timedelta
from random import Random

import pytest

from publishing.domain.retry import backoff, next_try
from publishing.domain.timing import Timing
from tests.builders import NOW

TIMING = Timing()
EARLY = timedelta(minutes=1)


class Chance(Random):
    """Draws what it was told to."""

    def __init__(self, draw: float) -> None:
        super().__init__(0)
        self.draw = draw

    def random(self) -> float:
        return self.draw


class TestBackoff:
    @pytest.mark.parametrize(
        ("attempts", "seconds"), [(0, 10), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (10_000, 300)]
    )
    def test_doubles_up_to_its_cap(self, attempts, seconds):
        bound = backoff(attempts=attempts, age=EARLY, timing=TIMING, random=Chance(1.0))

        assert bound == timedelta(seconds=seconds)

    def test_is_slow_after_the_first_hour(self):
        assert backoff(attempts=1, age=timedelta(hours=1), timing=TIMING, random=Chance(1.0)) == timedelta(minutes=15)

    def test_is_spread_over_the_whole_span(self):
        chance = Random(1)
        waits = [backoff(attempts=3, age=EARLY, timing=TIMING, random=chance).total_seconds() for _ in range(500)]

        assert 0 <= min(waits) < 2
        assert 38 < max(waits) < 40

    def test_is_the_same_for_the_same_seed(self):
        first, again = (backoff(attempts=3, age=EARLY, timing=TIMING, random=Random(7)) for _ in range(2))

        assert first == again


class TestTheNextTry:
    def next_try(self, not_before=None, draw=0.5, attempts=1):
        return next_try(
            now=NOW, due=NOW - EARLY, attempts=attempts, not_before=not_before, timing=TIMING, random=Chance(draw)
        )

    def test_comes_after_the_backoff(self):
        assert self.next_try() == NOW + timedelta(seconds=5)

    @pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
    def test_is_never_before_the_time_that_a_platform_named(self, draw):
        named = NOW + timedelta(minutes=20)

        assert named <= self.next_try(not_before=named, draw=draw) < named + timedelta(seconds=1)

    def test_keeps_the_backoff_when_the_platform_names_an_earlier_time(self):
        assert self.next_try(not_before=NOW + timedelta(seconds=1)) == NOW + timedelta(seconds=5)
