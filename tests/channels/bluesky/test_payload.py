"""Posts: counting as Bluesky counts, facets by bytes, record keys, link cards."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.channels.bluesky.payload import build_body, byte_length, encode_tid, measure, record_key
from publishing.channels.bluesky.richtext import facets
from publishing.domain.content import TEXT_LIMIT, Content
from tests.channels.simulated import BORN, build_submission

#: Of the protocol's own rules for timestamp identifiers.
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")


class TestMeasure:
    # The rows of the table of counting samples, then clusters that a PDS 0.4.217 was seen to count so.
    @pytest.mark.parametrize(
        ("text", "graphemes", "octets"),
        [
            ("Hello, world", 12, 12),
            ("cafe\u0301", 4, 6),
            ("日本語", 3, 9),
            ("👾", 1, 4),
            ("🙋🏽", 1, 8),
            ("👨‍👩‍👧‍👦", 1, 25),
            ("🇩🇪", 1, 8),
            ("https://example.com/a/very/long/path?x=1", 40, 40),
            ("example.com", 11, 11),
            ("@alice@example.social hi", 24, 24),
            ("€£", 2, 5),
            ("it\u2019s", 4, 6),
            ("क्ष", 1, 9),
            ("க்ஷ", 2, 9),
            ("ก็", 1, 6),
            ("각", 1, 3),
            ("a\r\n", 2, 3),
        ],
    )
    def test_counts_as_bluesky_does(self, text, graphemes, octets):
        assert (measure(Content(text=text)), byte_length(Content(text=text))) == (graphemes, octets)

    def test_leaves_the_link_out(self):
        assert measure(Content(text="Hi", link="https://example.org")) == 2


class TestFacets:
    @pytest.mark.parametrize(
        ("text", "marked"),
        [
            ("No links here, not even example.org", []),
            ("See https://example.org/a.", ["https://example.org/a"]),
            ("(https://example.org/a)", ["https://example.org/a"]),
            ("https://example.org/a_(b)", ["https://example.org/a_(b)"]),
            ("https://example.org/a, https://example.org/b!", ["https://example.org/a", "https://example.org/b"]),
            ("first\nhttps://example.org/ü", ["https://example.org/ü"]),
            ("xhttps://example.org", []),
            ("https:// nothing", []),
            ("https://. nothing", []),
            ("https:///path https:////", []),
            ("https://a.example/\ufeffb", ["https://a.example/"]),
            ("https://a.example/\u2003b", ["https://a.example/"]),
            ("#opening at eight", ["#opening"]),
            ("Grüße 👋🏽 #größe, #日本語 #🎉", ["#größe", "#日本語", "#🎉"]),
            ("#a_b-1 #-", ["#a_b-1"]),
            ("C# #1 a#b https://example.org/#fragment", ["https://example.org/#fragment"]),
            ("#" + "a" * 64, ["#" + "a" * 64]),
            ("#" + "a" * 65, []),
            ("@alice.example.org", []),
        ],
    )
    def test_mark_the_bytes_of_links_and_hashtags(self, text, marked):
        found = facets(text)

        raw = text.encode()
        ranges = [(each["index"]["byteStart"], each["index"]["byteEnd"]) for each in found]
        assert [raw[start:end].decode() for start, end in ranges] == marked

    def test_name_what_they_mark(self):
        link, tag = facets("👨‍👩‍👧‍👦 https://example.org/x #tag")

        assert link == {
            "index": {"byteStart": 26, "byteEnd": 47},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/x"}],
        }
        assert tag["features"] == [{"$type": "app.bsky.richtext.facet#tag", "tag": "tag"}]

    @pytest.mark.parametrize(
        "piece", ["a", "#a", "# ", "#", "https://", "https://a ", "(", "\u0301", "👨\u200d", "#👨 "]
    )
    def test_cope_with_the_longest_text_of_any_piece(self, piece):
        text = (piece * TEXT_LIMIT)[:TEXT_LIMIT]

        assert all(each["index"]["byteEnd"] <= len(text.encode()) for each in facets(text))


class TestRecordKey:
    def test_is_a_timestamp_identifier(self):
        # From the protocol's specification: the epoch itself, and the largest.
        assert encode_tid(0, clock_id=0) == "2222222222222"
        assert encode_tid((1 << 53) - 1, clock_id=1023) == "bzzzzzzzzzzzz"

    def test_is_the_same_for_every_attempt(self):
        submission = build_submission(key="0123456789abcdef")

        assert record_key(submission) == record_key(submission)
        assert TID.fullmatch(record_key(submission))

    def test_differs_for_every_delivery_of_one_second(self):
        keys = {record_key(build_submission("Hi", key=f"key {number}")) for number in range(2_000)}

        assert len(keys) == 2_000
        assert all(TID.fullmatch(key) for key in keys)

    def test_sorts_by_the_due_second(self):
        moments = [BORN + timedelta(seconds=number * 61) for number in range(50)]

        keys = [record_key(at(build_submission("Hi"), moment)) for moment in moments]

        assert keys == sorted(keys)

    @pytest.mark.parametrize("moment", [datetime(1960, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
    def test_is_valid_at_the_ends_of_time(self, moment):
        assert TID.fullmatch(record_key(at(build_submission("Hi"), moment)))


class TestBuildBody:
    def test_freezes_the_whole_record(self):
        submission = at(build_submission("Hi"), datetime(2026, 11, 22, 9, 0, 0, 123_456, UTC))

        body = build_body(submission)

        assert body == {
            "collection": "app.bsky.feed.post",
            "rkey": record_key(submission),
            "validate": True,
            "swapRecord": None,
            "record": {"$type": "app.bsky.feed.post", "text": "Hi", "createdAt": "2026-11-22T09:00:00.123Z"},
        }

    @pytest.mark.parametrize(
        ("title", "shown"), [("", "example.org/opening"), ("  ", "example.org/opening"), ("We open", "We open")]
    )
    def test_makes_a_card_of_the_link_without_fetching_it(self, title, shown):
        record: Any = build_body(build_submission("Hi", link="https://example.org/opening/", title=title))["record"]

        assert record["embed"] == {
            "$type": "app.bsky.embed.external",
            "external": {"uri": "https://example.org/opening/", "title": shown, "description": ""},
        }
        assert record["text"] == "Hi"


def at(submission, moment):
    return replace(submission, due_at=moment)
