"""Statuses: counting as Mastodon counts, links, and what is compared afterwards."""

import pytest

from publishing.channels.base.text import plain_text
from publishing.channels.mastodon.payload import build_body, comparable, compose, measure
from publishing.domain.content import TEXT_LIMIT, Content
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_submission

sample = sample_reader(__file__)


class TestMeasure:
    # The rows of the fact sheet's section 4, then edges of `StatusLengthValidator`.
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("Hello, world", 12),
            ("cafe\u0301", 4),
            ("日本語", 3),
            ("👾", 1),
            ("🙋🏽", 1),
            ("👨‍👩‍👧‍👦", 1),
            ("🇩🇪", 1),
            ("https://example.com/a/very/long/path?x=1", 23),
            ("example.com", 11),
            ("@alice@example.social hi", 9),
            ("€£", 2),
            ("it\u2019s", 4),
            ("http://a.de", 23),
            ("https://example.com/a, https://example.com/b.", 49),
            ("(https://example.com/a)", 25),
            ("日本https://example.com/", 25),
            ("https://bücher.example/", 23),
            ("https://xn--bcher-kva.example/" + "a" * 100, 23),
            ("https://example.com:8080/a#b", 23),
            ("http://localhost/aaaaaaaaaaaaaaaaaaaa", 37),
            ("ftp://example.com/aaaaaaaaaaaaaaaaaaaaaaa", 41),
            ("mail alice@example.social", 25),
            ("@alice", 6),
            ("@a.b-c@x.example.social!", 7),
        ],
    )
    def test_counts_as_mastodon_does(self, text, length):
        assert measure(text) == length

    @pytest.mark.parametrize("piece", ["a", "@a", "@", "@a.", "https://", "https://a.bc/(", "a.", "\u0301", "👨\u200d"])
    def test_copes_with_the_longest_text_of_any_piece(self, piece):
        assert measure((piece * TEXT_LIMIT)[:TEXT_LIMIT]) > 0


class TestCompose:
    def test_puts_the_link_at_the_end(self):
        content = Content(text="We open.\n", link="https://example.org/a")

        assert compose(content) == "We open.\n\nhttps://example.org/a"

    def test_does_not_repeat_a_link_that_the_text_holds(self):
        content = Content(text="See https://example.org/a.", link="https://example.org/a")

        assert compose(content) == "See https://example.org/a."

    def test_adds_a_link_of_which_the_text_holds_a_longer_one(self):
        content = Content(text="See https://example.org/abc", link="https://example.org/a")

        assert compose(content).endswith("\n\nhttps://example.org/a")


class TestBuildBody:
    def test_holds_the_status_alone_by_default(self):
        assert build_body(build_submission("Hi"), {}) == {"status": "Hi"}

    @pytest.mark.parametrize(("setting", "expected"), [("unlisted", "unlisted"), ("direct", None), ("", None)])
    def test_obeys_the_accounts_visibility_unless_nobody_would_see_it(self, setting, expected):
        assert build_body(build_submission("Hi"), {"visibility": setting}).get("visibility") == expected


class TestComparable:
    def test_is_equal_for_what_was_sent_and_what_is_shown(self):
        sent = (
            "We open at eight & close at six, says @alice@other.example.\nBring friends #opening\n\n"
            "https://www.example.org/a/very/long/path/to/the/opening?x=1"
        )
        shown = str(sample("status").answer.json_object()["content"])

        assert comparable(plain_text(shown)) == comparable(sent)

    @pytest.mark.parametrize("other", ["We open at nine", "We open", "We open at eight!", "we open at eight"])
    def test_differs_for_another_text(self, other):
        assert comparable("We open at eight") != comparable(other)
