"""Mails: subject, HTML part, addresses."""

import json
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from publishing.channels.base.images import Picture
from publishing.channels.email.address import BadAddressError, ascii_address, mailbox, name_problem
from publishing.channels.email.payload import IMAGES, build_body, encode, subject_of, to_html, to_text
from publishing.domain.content import ALT_TEXT_LIMIT, TEXT_LIMIT, Content
from tests.channels.simulated import build_submission
from tests.pictures import build_rendition, use_of

SETTINGS = {"region": "us-east-1", "sender": "news@example.org", "recipient": "list@example.org"}


def picture(alt_text="The front door", **file):
    return Picture(rendition=build_rendition(**file), url="https://media.example/media/a.jpg", alt_text=alt_text)


def body_of(html):
    return html.partition("<body>\n")[2].partition("\n</body>")[0]


class TestASubject:
    @pytest.mark.parametrize(
        ("text", "title", "subject"),
        [
            ("Text", "Title", "Title"),
            ("\n  \nWe open at eight.\nCome!", "", "We open at eight."),
            ("a" * 70, "", "a" * 70),
            ("a" * 71, "", "a" * 70 + "…"),
            ("We are very pleased to announce that, after long months, the new house opens.", "",
             "We are very pleased to announce that, after long months, the new house…"),
            ("Text", "  ", "Text"),
            ("Text", "Hi\r\nBcc: all@example.org", "Hi Bcc: all@example.org"),
            ("Text", "Hi\u2028Bcc: all@example.org\x00\x85", "Hi Bcc: all@example.org"),
            ("One\x0bBcc: two", "", "One"),
            ("Grüße 👋🏽", "", "Grüße 👋🏽"),
        ],
    )  # fmt: skip
    def test_is_the_title_or_the_first_words_in_one_line(self, text, title, subject):
        assert subject_of(Content(text=text, title=title)) == subject


class TestTheHtmlPart:
    @pytest.mark.parametrize(
        ("text", "html"),
        [
            ("One\n\nTwo\nThree", "<p>One</p>\n<p>Two<br>\nThree</p>"),
            ("a < b & c > \"d\" 'e'", "<p>a &lt; b &amp; c &gt; &quot;d&quot; &#x27;e&#x27;</p>"),
            ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
            (
                "See https://example.org/a?b=1&c=2.",
                '<p>See <a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>.</p>',
            ),
            ("(http://a.example)", '<p>(<a href="http://a.example">http://a.example</a>)</p>'),
            (
                'https://a.example/"onclick="x',
                '<p><a href="https://a.example/">https://a.example/</a>&quot;onclick=&quot;x</p>',
            ),
            ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
            ("One\r\n\r\nTwo", "<p>One</p>\n<p>Two</p>"),
        ],
    )
    def test_is_the_text_and_nothing_more(self, text, html):
        assert body_of(to_html(text)) == html

    def test_loads_nothing(self):
        html = to_html("https://tracker.example/pixel.png <img src='https://tracker.example/pixel.png'> <style>a{}")

        assert set(re.findall(r"<([a-z]+)", html)) == {"html", "head", "meta", "body", "p", "a"}
        assert set(re.findall(r" ([a-z]+)=\"", html)) == {"charset", "href"}

    @pytest.mark.parametrize("piece", ["a", "\n", "https://", "https://a.bc ", "&", '"', "👋", "https://a.bc/(", "()"])
    def test_of_the_longest_text_stays_small(self, piece):
        text = (piece * TEXT_LIMIT)[: TEXT_LIMIT - 1] + "x"

        raw = encode(build_body(build_submission(text), SETTINGS))

        # SES takes 40 MB; this bound is what our own simulated service reads.
        assert len(raw) < 1_048_576


class TestAPicture:
    def test_stands_below_the_text_with_its_size_and_description(self):
        html = body_of(to_html("We open.", [picture(width=1_600, height=1_200)]))

        assert html == (
            '<p>We open.</p>\n<p><img src="https://media.example/media/a.jpg" alt="The front door" '
            'width="600" height="450" style="max-width:100%;height:auto"></p>'
        )

    @pytest.mark.parametrize(
        ("size", "shown"),
        [
            ((599, 10), 'width="599" height="10"'),
            ((9_000, 3), 'width="600" height="1"'),
            ((1, 9), 'width="1" height="9"'),
        ],
    )
    def test_is_never_enlarged_and_never_gone(self, size, shown):
        assert shown in to_html("Hi", [picture(width=size[0], height=size[1])])

    def test_cannot_leave_its_attribute(self):
        html = to_html("Hi", [picture('"><script>alert(1)</script>\n\r\u2028x & y 👋🏽')])

        assert 'alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; x &amp; y 👋🏽"' in html

    def test_is_described_in_the_text_part_with_its_address(self):
        text = to_text("We open.\n", [picture("The front\ndoor 🚪"), picture("")])

        assert text == (
            "We open.\n\n"
            "[Image: The front door 🚪] https://media.example/media/a.jpg\n"
            "[Image] https://media.example/media/a.jpg"
        )

    def test_leaves_a_mail_without_any_as_it_was(self):
        assert to_text("We open.\n") == "We open.\n"

    def test_of_a_full_mail_stays_small(self):
        uses = tuple(use_of(build_rendition(), alt_text="&" * ALT_TEXT_LIMIT) for _ in range(IMAGES.limit))
        submission = build_submission("&" * TEXT_LIMIT)
        submission = replace(submission, content=replace(submission.content, media=uses))

        assert len(encode(build_body(submission, SETTINGS))) < 1_048_576


class TestAnAddress:
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("a@example.org", "a@example.org"),
            ("A.b+c_d-e@Example.ORG", "A.b+c_d-e@example.org"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
            (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
            ("o'neil@example.org", "o'neil@example.org"),
        ],
    )
    def test_is_sent_in_ascii(self, text, address):
        assert ascii_address(text) == address

    @pytest.mark.parametrize(
        "text",
        [
            "", "@", "a", "a@", "@example.org", "a@localhost", "a@@example.org", "a b@example.org", " a@example.org",
            "a@example.org ", "a@example.org\n", "a@exam ple.org", "a@example..org", "a@.example.org", "a@example.org.",
            ".a@example.org", "a.@example.org", "a..b@example.org", '"a b"@example.org', "a@[127.0.0.1]", "a@127.0.0.1",
            "a@-example.org", "a@example-.org", "a@ex_ample.org", "ä@example.org", "a@example.org,b@example.org",
            "a@example.org;b@example.org", "Name <a@example.org>", "<a@example.org>", "a@example.org\r\nBcc: b@c.org",
            "a\x00@example.org", f"{'a' * 65}@example.org", f"a@{'b' * 64}.org", f"a@{'b.' * 130}org",
            "a@straße.example", "a@\uff45xample.org", "a@exam\u200dple.org", "a@example\u3002org", "a@\ud800.org",
        ],
    )  # fmt: skip
    def test_that_is_none_is_refused(self, text):
        with pytest.raises(BadAddressError):
            ascii_address(text)


class TestAMailbox:
    @pytest.mark.parametrize(
        "name",
        [
            "Example News", 'The "News", of <us>; today', "back\\slash", "Die Küche", "日本語" * 20, "👋🏽" * 15,
            "a@b, c@d", "=?x?=", "é" * 100,
        ],
    )  # fmt: skip
    def test_reads_back_as_the_name_and_one_address(self, name):
        header = mailbox("news@example.org", name)

        assert header.isascii()
        shown, address = parseaddr(header)
        assert (str(make_header(decode_header(shown))), address) == (name, "news@example.org")
        assert all(len(word) <= 75 for word in header.split() if word.startswith("=?UTF-8?B?"))

    def test_without_a_name_is_the_address(self):
        assert mailbox("news@example.org", " ") == "news@example.org"

    @pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x85b", "a\ud800b", "a" * 101])
    def test_takes_no_name_that_could_forge_a_header(self, name):
        assert name_problem(name)
        with pytest.raises(BadAddressError):
            mailbox("news@example.org", name)


class TestTheRequest:
    def test_names_reply_address_and_configuration_set_where_there_are_any(self):
        settings = {**SETTINGS, "reply_to": "desk@example.org", "configuration_set": "events"}

        body = build_body(build_submission(), settings)

        assert body["ReplyToAddresses"] == ["desk@example.org"]
        assert body["ConfigurationSetName"] == "events"

    def test_leaves_them_out_otherwise(self):
        assert {"ReplyToAddresses", "ConfigurationSetName"} & build_body(build_submission(), SETTINGS).keys() == set()

    def test_is_sent_as_utf_8(self):
        raw = encode(build_body(build_submission("Grüße 👋🏽"), SETTINGS))

        assert "Grüße 👋🏽" in raw.decode()
        assert json.loads(raw)["Content"]["Simple"]["Body"]["Text"]["Charset"] == "UTF-8"
