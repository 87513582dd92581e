"""Logs: one JSON object a line, the correlation id on it, secrets taken out."""

import json
import logging
import sys
from typing import Any

import pytest

from publishing import logs

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
SECRETS = {
    "a bearer token": ("Authorization was Bearer abc.def-123", "abc.def-123"),
    "an API key": ("Api-Key k3y-0f-a-client was sent", "k3y-0f-a-client"),
    "a JWT": (f"token {JWT} refused", JWT),
    "a JWT without signature": (f"got {JWT.rpartition('.')[0]}.", JWT.split(".")[1]),
    "an AWS key id": ("key AKIAIOSFODNN7EXAMPLE denied", "AKIAIOSFODNN7EXAMPLE"),
    "an AWS secret key": ("with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    "a signed address": ("GET /x?X-Amz-Signature=0123456789abcdef&a=b", "0123456789abcdef"),
    "a webhook's signature": ("header sha256=0123456789abcdef0123", "0123456789abcdef0123"),
    "a token in a query": ("https://api.test/me?access_token=EAAB1234567&x=1", "EAAB1234567"),
    "a token in JSON": ('{"refresh_token": "r3fresh-me-please"}', "r3fresh-me-please"),
    "a private key": ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
}


def format_line(event: str = "Event", *, exc_info: Any = None, **extra: object) -> tuple[str, dict[str, Any]]:
    record = logging.makeLogRecord({"name": "test", "levelname": "INFO", "msg": event, "exc_info": exc_info, **extra})
    line = logs.JsonFormatter().format(record)
    return line, json.loads(line)


class TestALine:
    def test_holds_the_event_its_data_and_the_correlation_id(self):
        with logs.correlated("request-1"):
            _, line = format_line("Delivery claimed", delivery="webhook", fence=3)

        assert (line["event"], line["delivery"], line["fence"]) == ("Delivery claimed", "webhook", 3)
        assert line["correlation_id"] == "request-1"
        assert line["at"].endswith("Z")

    def test_has_no_correlation_id_outside_of_a_request(self):
        with logs.correlated("request-1"):
            pass

        assert "correlation_id" not in format_line()[1]

    @pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "\x1b[31m", "\ud800"])
    def test_is_one_line_of_ascii_whatever_is_logged(self, text: str):
        line, _ = format_line(text, data=text)

        assert line.isascii()
        assert line.isprintable()

    def test_takes_any_value(self):
        _, line = format_line(things={"a": (1, {2}), 3: b"raw"}, thing=object, nested=[[[[[[[[[1]]]]]]]]])

        assert line["things"] == {"a": [1, [2]], "3": "[3 bytes]"}
        assert "[deeper]" in json.dumps(line["nested"])

    def test_shows_an_error_with_its_trace_but_without_its_secrets(self):
        try:
            int("Bearer abcdef123456")
        except ValueError:
            _, line = format_line(exc_info=sys.exc_info())

        assert "ValueError" in line["error"]
        assert "abcdef123456" not in line["error"]

    def test_shows_nothing_of_a_frameworks_request(self):
        assert "/?secret=1" not in format_line(request="<WSGIRequest: GET '/?secret=1'>")[0]

    def test_is_cut_when_it_is_long(self):
        assert len(format_line("x" * 100_000)[0]) < 10_000


class TestRedaction:
    @pytest.mark.parametrize("case", SECRETS)
    def test_takes_out_what_looks_like(self, case: str):
        text, secret = SECRETS[case]

        line, _ = format_line(text, data=text, nested={"list": [text]})

        assert secret not in line

    @pytest.mark.parametrize(
        "key",
        ["authorization", "Authorization", "access_token", "client_secret", "password", "Cookie", "credential",
         "x-amz-signature", "api_key", "Api-Key", "private_key", "sessionId"],
    )  # fmt: skip
    def test_takes_out_what_is_called(self, key: str):
        line, _ = format_line(data={key: "hidden", "inner": {key: ["hidden"]}}, **{key: "hidden"})

        assert "hidden" not in line

    @pytest.mark.parametrize(
        "text",
        ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "2026-12-01T09:00:00.000Z",
         "3b2c1d0e9f8a7b6c", "CHANNEL#mastodon#01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    )  # fmt: skip
    def test_leaves_ids_hashes_and_times(self, text: str):
        assert format_line(value=text)[1]["value"] == text


class TestConfiguring:
    def test_replaces_what_was_set_up_and_quiets_libraries(self, capsys: pytest.CaptureFixture[str]):
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        try:
            logs.configure("debug")
            logging.getLogger("httpx").info("GET https://api.test/?secret=1")
            logging.getLogger("django.server").warning('"GET /?token=1 HTTP/1.1" 404')
            logging.getLogger("publishing.test").info("Event", extra={"number": 1})
        finally:
            root.handlers[:] = before
            root.setLevel(level)

        lines = capsys.readouterr().err.splitlines()
        assert [json.loads(line)["event"] for line in lines] == ["Event"]
