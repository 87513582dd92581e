"""Posts: little text, their length, and what is compared afterwards."""

import json

import pytest

from local.platforms.linkedin import littletext as theirs
from publishing.channels.linkedin.littletext import to_little_text, to_plain_text
from publishing.channels.linkedin.payload import (
    VERSION,
    author,
    build_body,
    comparable,
    compose,
    may_read,
    measure,
    version,
)
from publishing.domain.content import TEXT_LIMIT, Content
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_submission

sample = sample_reader(__file__)
MEMBER = "urn:li:person:oPnB1x2Yz3"
ORGANIZATION = "urn:li:organization:5515715"

TEXTS = [
    "Hello, world",
    "\\ | { } @ [ ] ( ) < > # * _ ~",
    "a\\(b",
    "#opening at eight (sharp) #day1, #2026 #a_b ##c &#39; x#y",
    "@alice and @[Example](urn:li:organization:1)",
    "{hashtag|\\#|not one}",
    "https://example.org/a_b?c=d#e and (https://example.org/f_(g)_~*).",
    "https://example.org/#tag\n#tag",
    "#Grüße #日本語 #cafe\u0301 👨‍👩‍👧‍👦",
    "ends with a backslash \\",
]


class TestLittleText:
    def test_escapes_every_reserved_character(self):
        assert to_little_text("\\|{}@[]()<>#*_~") == "\\\\\\|\\{\\}\\@\\[\\]\\(\\)\\<\\>\\#\\*\\_\\~"

    def test_makes_hashtags(self):
        assert to_little_text("See #opening.") == "See {hashtag|\\#|opening}."

    @pytest.mark.parametrize("text", ["#1", "#a_b", "x#y", "&#39;", "# a", "#"])
    def test_makes_no_hashtag_of_anything_else(self, text):
        assert "hashtag" not in to_little_text(text)

    def test_leaves_addresses_alone_but_for_what_would_cut_the_text(self):
        address = "https://example.org/@a_b?utm_source=x#part"

        assert to_little_text(address) == address
        assert to_little_text("https://example.org/a_(b)") == "https://example.org/a_\\(b\\)"

    @pytest.mark.parametrize("text", TEXTS)
    def test_is_read_back_as_it_was_meant(self, text):
        assert to_plain_text(to_little_text(text)) == text

    @pytest.mark.parametrize("text", TEXTS)
    def test_is_shown_in_full_by_the_platform(self, text):
        assert theirs.read(to_little_text(text)) == text

    @pytest.mark.parametrize("text", TEXTS[1:4])
    def test_would_be_cut_by_the_platform_without_escapes(self, text):
        assert theirs.read(text) != text

    @pytest.mark.parametrize("piece", ["a", "#", "#a", "#1", "\\", "{", "@[", "https://", "_", "{hashtag|"])
    def test_copes_with_the_longest_text_of_any_piece(self, piece):
        text = (piece * TEXT_LIMIT)[:TEXT_LIMIT]

        assert to_plain_text(to_little_text(text)) == text


class TestMeasure:
    # The UTF-16 column of the fact sheet's section 4: LinkedIn's own unit is not documented.
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("Hello, world", 12),
            ("cafe\u0301", 5),
            ("日本語", 3),
            ("👾", 2),
            ("🙋🏽", 4),
            ("👨‍👩‍👧‍👦", 11),
            ("🇩🇪", 4),
            ("https://example.com/a/very/long/path?x=1", 40),
            ("example.com", 11),
            ("@alice@example.social hi", 24),
            ("€£", 2),
            ("it\u2019s", 4),
        ],
    )
    def test_counts_utf_16_without_escapes(self, text, length):
        assert measure(text) == length

    def test_measures_what_is_no_text_too(self):
        assert measure("\ud83d") == 1


class TestCompose:
    def test_puts_a_link_at_the_end(self):
        assert compose(Content(text="We open.", link="https://example.org/a")) == "We open.\n\nhttps://example.org/a"

    def test_leaves_a_link_with_a_title_to_its_card(self):
        assert compose(Content(text="We open.", link="https://example.org/a", title="Opening")) == "We open."


class TestBuildBody:
    def test_is_a_public_post_of_the_author(self):
        body = build_body(build_submission("Hi (you)"), {"remote_id": MEMBER})

        assert body == {
            "author": MEMBER,
            "commentary": "Hi \\(you\\)",
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }

    def test_holds_a_card_for_a_link_with_a_title(self):
        submission = build_submission("Hi", link="https://example.org/a_b", title="Opening (day)")

        body = build_body(submission, {"remote_id": ORGANIZATION})

        assert body["content"] == {"article": {"source": "https://example.org/a_b", "title": "Opening (day)"}}
        assert body["commentary"] == "Hi"


class TestSettings:
    @pytest.mark.parametrize("stated", [MEMBER, ORGANIZATION])
    def test_name_the_author(self, stated):
        assert author({"remote_id": stated}) == stated

    @pytest.mark.parametrize("stated", ["", "5515715", "urn:li:share:1", "urn:li:person:", "urn:li:person:a b"])
    def test_name_no_author_otherwise(self, stated):
        assert author({"remote_id": stated}) is None

    def test_allow_to_read_an_organization_unless_they_say_no(self):
        assert may_read({"remote_id": ORGANIZATION})
        assert not may_read({"remote_id": ORGANIZATION, "reads": "no"})
        assert not may_read({"remote_id": MEMBER, "reads": "yes"})

    @pytest.mark.parametrize(("stated", "expected"), [("202701", "202701"), ("202713", VERSION), ("latest", VERSION)])
    def test_may_name_another_version(self, stated, expected):
        assert version({"api_version": stated}) == expected


class TestComparable:
    def test_is_equal_for_what_was_sent_and_what_is_listed(self):
        listed = json.loads(sample("posts").answer.body)["elements"][0]

        shown = to_plain_text(listed["commentary"])

        assert comparable(shown) == comparable("We open at eight  (sharp)! #opening with Example")
