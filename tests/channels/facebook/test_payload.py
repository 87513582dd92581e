"""Posts on pages: their fields, their length, and what is compared afterwards."""

import hashlib
import hmac

import pytest

from publishing.channels.facebook.payload import (
    build_body,
    comparable,
    measure,
    page_path,
    proof,
    split_credential,
)
from tests.channels.simulated import build_submission


class TestMeasure:
    # The column of code points of the fact sheet's section 4: Facebook says "characters" and no more.
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("Hello, world", 12),
            ("cafe\u0301", 5),
            ("日本語", 3),
            ("👾", 1),
            ("🙋🏽", 2),
            ("👨‍👩‍👧‍👦", 7),
            ("🇩🇪", 2),
            ("https://example.com/a/very/long/path?x=1", 40),
            ("example.com", 11),
            ("@alice@example.social hi", 24),
            ("€£", 2),
            ("it\u2019s", 4),
        ],
    )
    def test_counts_code_points(self, text, length):
        assert measure(text) == length


class TestBuildBody:
    def test_holds_the_text_alone(self):
        assert build_body(build_submission("Hi")) == {"message": "Hi"}

    def test_leaves_the_link_to_the_card(self):
        body = build_body(build_submission("Hi", link="https://example.org/a"))

        assert body == {"message": "Hi", "link": "https://example.org/a"}


class TestPagePath:
    def test_is_the_tokens_own_page_unless_one_is_named(self):
        assert page_path({}) == "/v26.0/me"
        assert page_path({"remote_id": "546349135390552", "api_version": "v27.0"}) == "/v27.0/546349135390552"

    @pytest.mark.parametrize(
        "settings",
        [{"remote_id": "1/../2"}, {"remote_id": "page"}, {"api_version": "26.0"}, {"api_version": "v26.0/x"}],
    )
    def test_is_none_for_what_would_lead_elsewhere(self, settings):
        assert page_path(settings) is None


class TestACredential:
    def test_is_a_token_and_perhaps_the_apps_secret(self):
        assert split_credential(" token ") == ("token", None)
        assert split_credential("token secret") == ("token", "secret")

    @pytest.mark.parametrize("credential", ["", " ", "one two three", "t\u00f6ken", "a\x00b", "token s\u00e9cret"])
    def test_that_cannot_be_one_is_none(self, credential):
        assert split_credential(credential) is None

    def test_is_proved_by_the_apps_secret(self):
        assert proof("token", "secret") == hmac.new(b"secret", b"token", hashlib.sha256).hexdigest()


class TestComparable:
    def test_is_equal_when_white_space_was_rewritten(self):
        assert comparable("We open\r\n\r\nat  eight\u00a0sharp. ") == comparable("We open\n\nat eight sharp.")

    def test_is_equal_when_an_accent_was_composed(self):
        assert comparable("cafe\u0301") == comparable("caf\u00e9")

    def test_differs_for_another_text(self):
        assert comparable("We open at eight") != comparable("we open at eight")
