"""Tables and numbers for a terminal."""

import pytest

from local.tables import percentile, table


class TestTable:
    def test_aligns_its_columns_and_leaves_no_blanks_at_the_ends_of_lines(self):
        text = table(("name", "posts"), [("a", "1"), ("longer", "20")], right=(1,))

        assert text.splitlines() == ["name    posts", "------  -----", "a           1", "longer     20"]


class TestPercentile:
    @pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.95, 4.0), (1.0, 4.0)])
    def test_is_a_value_that_was_measured(self, share, expected):
        assert percentile([4.0, 1.0, 3.0, 2.0], share) == expected

    def test_of_nothing_is_zero(self):
        assert percentile([], 0.95) == 0.0
