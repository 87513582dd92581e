"""Counting and comparing text."""

import pytest

from publishing.channels.base.text import count_graphemes, normal_form, plain_text, with_link


class TestPlainText:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("", ""),
            ("<p>a</p>", "a"),
            ("<p>a<br>b<br/>c</p>", "a\nb\nc"),
            ("<p>a</p><p>b</p>", "a\n\nb"),
            ("a &amp;&lt;&#39;&nbsp;b", "a &<'\u00a0b"),
            ('<a href="x"><span class="invisible">https://</span><span>a.example</span></a>', "https://a.example"),
            ("a < b & c", "a < b & c"),
            ("<p>never closed", "never closed"),
        ],
    )
    def test_is_what_a_reader_sees(self, html, text):
        assert plain_text(html) == text


class TestNormalForm:
    def test_ignores_what_platforms_change(self):
        assert normal_form(" cafe\u0301 \n\n au\u00a0lait ") == normal_form("caf\u00e9 au lait")


class TestCountGraphemes:
    @pytest.mark.parametrize(("text", "count"), [("", 0), ("e\u0301", 1), ("👨‍👩‍👧‍👦🇩🇪", 2), ("\r\n", 1)])
    def test_counts_what_a_reader_sees(self, text, count):
        assert count_graphemes(text) == count


class TestWithLink:
    @pytest.mark.parametrize("link", [None, ""])
    def test_leaves_a_text_without_link_alone(self, link):
        assert with_link("Text ", link) == "Text "
