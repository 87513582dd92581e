"""No spreadsheet computes what somebody wrote."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.csv_cells import cell

#: OWASP's list of what begins a formula, and what spreadsheets drop before one.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class TestACell:
    @pytest.mark.parametrize(
        "text",
        [
            "=1+1", '=HYPERLINK("https://evil.example","x")', "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1",
            " =1", "\n=1", "\x00=1", "\ufeff=1", "\u00a0=1", "\u200b=1", "\uff1d1", "=", "- a list",
        ],
    )  # fmt: skip
    def test_that_begins_like_a_formula_is_text(self, text: str):
        assert cell(text) == "'" + text.replace("\x00", "")

    @pytest.mark.parametrize("text", ["", "We are live!", "a=b", "1 - 2", "'quoted", "ü", "a\tb"])
    def test_that_does_not_is_left_as_it_is(self, text: str):
        assert cell(text) == text

    @pytest.mark.parametrize(("value", "expected"), [(None, ""), (-3, "-3"), (2.5, "2.5"), (True, "True")])
    def test_of_a_value_of_ours_is_that_value(self, value: object, expected: str):
        assert cell(value) == expected

    @given(st.text(), st.sampled_from(["", *BEGINNINGS, " ", "\x00", "\ufeff"]))
    def test_never_begins_like_a_formula_whatever_is_in_it_and_is_read_back_whole(self, text: str, before: str):
        made = cell(before + text)
        file = io.StringIO(newline="")
        csv.writer(file).writerow(["first", made, "last"])

        (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""))

        assert row == ["first", made, "last"]
        assert not made.startswith(BEGINNINGS)
        assert not made.lstrip().startswith(BEGINNINGS)
        assert (before + text).replace("\x00", "") in (made, made[1:])
