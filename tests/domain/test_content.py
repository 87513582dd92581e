"""Texts that no channel can take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.content import TEXT_LIMIT, is_blank, summary, text_problem


class TestAText:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "blank"),
            (" \t\r\n", "blank"),
            ("\u00a0\u2003\u2028", "blank"),
            ("\u200b\u200d\ufeff", "blank"),
            ("\x00", "blank"),
            ("\ud83d", "not_text"),
            ("a\udc00b", "not_text"),
            ("a\x00b", "not_text"),
            ("a" * (TEXT_LIMIT + 1), "too_long"),
            ("😀" * (TEXT_LIMIT + 1), "too_long"),
        ],
    )
    def test_is_refused_with_a_code_and_a_sentence(self, text, code):
        problem = text_problem(text)

        assert problem is not None
        assert problem[0] == code
        assert problem[1].endswith(".")

    @pytest.mark.parametrize("text", ["a", "a" * TEXT_LIMIT, "😀", "👩‍👩‍👧", " a ", "مرحبا", "a\nb", "\u200ba"])
    def test_is_taken_otherwise(self, text):
        assert text_problem(text) is None

    def test_has_another_limit_where_one_is_given(self):
        assert text_problem("four", limit=4) is None
        assert text_problem("fives", limit=4) == (
            "too_long",
            "The text has 5 characters; at most 4 are possible. Shorten it.",
        )

    @given(st.text(alphabet=st.characters()))
    def test_that_is_taken_can_be_encoded(self, text):
        if text_problem(text) is None:
            text.encode()
            assert not is_blank(text)


class TestASummary:
    def test_is_one_line(self):
        assert summary(" a\n b\t c ") == "a b c"

    def test_is_cut_with_an_ellipsis(self):
        assert summary("word " * 100) == f"{'word ' * 27}word…"

    @given(st.text(), st.integers(min_value=1, max_value=20))
    def test_never_exceeds_its_length(self, text, length):
        assert len(summary(text, length)) <= length
