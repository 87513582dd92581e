"""The relations that safety needs, and scaling."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from publishing.domain.timing import Timing

RATIONAL = [field.name for field in fields(Timing)]


class TestTheTiming:
    def test_of_production_is_safe(self):
        Timing().check()

    @pytest.mark.parametrize("divisor", [0.5, 2, 6, 60])
    def test_keeps_every_ratio_when_divided(self, divisor):
        slow = Timing()

        fast = slow.divided_by(divisor)

        fast.check()
        for name in RATIONAL:
            assert getattr(fast, name) / fast.call == pytest.approx(getattr(slow, name) / slow.call, rel=1e-5)

    @pytest.mark.parametrize("divisor", [0, -1])
    def test_is_divided_by_nothing_but_positive_numbers(self, divisor):
        with pytest.raises(ValueError, match="positive"):
            Timing().divided_by(divisor)

    @pytest.mark.parametrize(
        ("unsafe", "relation"),
        [
            ({"settle": timedelta(seconds=45)}, "settle must exceed"),
            ({"lease_margin": timedelta(seconds=15)}, "lease_margin must exceed"),
            ({"key_gap": timedelta(seconds=15)}, "key_gap must exceed"),
        ],
    )
    def test_is_refused_when_a_relation_does_not_hold(self, unsafe, relation):
        with pytest.raises(ValueError, match=relation):
            replace(Timing(), **unsafe).check()
