"""The webhook channel."""

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import publishing.channels.webhook
from publishing.channels.base import border
from publishing.channels.webhook import WebhookChannel
from publishing.channels.webhook.payload import encode, sign
from publishing.domain.account import Destination
from publishing.domain.content import Content, MediaUse
from publishing.domain.outcome import Deferred, Publication, Published, Reason
from tests.channels.contract import ChannelContract
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, utc_now
from tests.pictures import build_rendition, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
README = Path(publishing.channels.webhook.__file__).with_name("README.md")
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class TestWebhook(ChannelContract):
    kind = "webhook"
    prepares = False
    secret = "secret"
    status_is_proof = True


@pytest.fixture
def channel():
    return WebhookChannel()


def answered(channel, client, raw: bytes, *, submission=None, credential="secret", now=NOW):
    """Publish to a receiver that answers with these bytes."""
    with serving(raw) as server:
        destination = Destination(account=build_account("webhook", server.url + "/in?a=b"), credential=credential)
        payload = channel.build(submission or build_submission(), destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=now)
    return outcome, server.requests


def example_of(language: str) -> str:
    """Return the one example in a language that the README shows."""
    (example,) = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    return str(example)


class TestAnswersOfAReceiver:
    def test_may_name_the_publication(self, channel, client):
        outcome, _ = answered(channel, client, sample("taken").raw())

        assert outcome == Published(publication=Publication(id="4711", url="https://receiver.example/events/4711"))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"thanks",
            b"[]",
            b'{"id": null, "url": 7}',
            b'{"id": true}',
            b'{"id": ""}',
            b'{"url": "http://a.example"}',
            b'{"id": "' + b"a" * 257 + b'"}',
            b'{"id": "a\\nb", "url": "javascript:alert(1)"}',
        ],
    )
    def test_need_not_name_it(self, channel, client, body):
        submission = build_submission()

        outcome, _ = answered(channel, client, http_answer(body), submission=submission)

        assert outcome == Published(publication=Publication(id=submission.delivery_key))

    @pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "204 No Content", "299 Whatever"])
    def test_of_any_2xx_are_success(self, channel, client, status):
        outcome, _ = answered(channel, client, http_answer(b"", status=status))

        assert isinstance(outcome, Published)

    def test_may_ask_to_wait_until_a_date(self, channel, client):
        outcome, _ = answered(channel, client, sample("busy").raw())

        until = datetime(2026, 11, 22, 8, 10, tzinfo=UTC)
        detail = "Webhook asks to wait until 08:10 UTC."
        assert outcome == Deferred(reason=Reason.RATE, detail=detail, not_before=until)


class TestAnEvent:
    def test_has_the_documented_shape(self, channel, client):
        submission = build_submission("Text", link="https://example.org/", title="Title", key="key")
        file = build_rendition("image/png", size=900)
        content = replace(submission.content, media=(use_of(file),))
        submission = replace(submission, content=content, media_url="https://media.example")

        _, requests = answered(channel, client, http_answer(), submission=submission)

        assert json.loads(requests[0].partition(b"\r\n\r\n")[2]) == {
            "id": "key",
            "type": "message.published",
            "due_at": "2026-11-22T08:00:00.000Z",
            "message": {
                "id": submission.message_id,
                "title": "Title",
                "text": "Text",
                "link": "https://example.org/",
                "media": [
                    {
                        "url": f"https://media.example/{file.key}",
                        "type": "image/png",
                        "size": 900,
                        "width": 64,
                        "height": 48,
                        "sha256": file.sha256,
                        "alt_text": "A door",
                    }
                ],
            },
        }

    def test_has_no_other_fields_than_the_readme_shows(self, channel):
        shown = json.loads(example_of("json"))
        body = channel.build(build_submission(), build_account("webhook", "https://a.example")).body

        assert body.keys() == shown.keys()
        assert body["message"].keys() == shown["message"].keys()

    def test_goes_to_the_whole_address(self, channel, client):
        _, requests = answered(channel, client, http_answer())

        assert requests[0].startswith(b"POST /in?a=b HTTP/1.1\r\n")

    def test_is_byte_for_byte_the_same_at_every_attempt(self, channel, client):
        submission = build_submission("Grüße")

        bodies = [
            answered(channel, client, http_answer(), submission=submission)[1][0].partition(b"\r\n\r\n")[2]
            for _ in range(2)
        ]

        assert bodies[0] == bodies[1]

    def test_is_not_sent_without_a_secret(self, channel, client):
        outcome, requests = answered(channel, client, http_answer(), credential=" ")

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.CREDENTIAL
        assert requests == []

    def test_of_several_images_too_many_is_refused(self, channel):
        content = Content(text="Hi", media=tuple(MediaUse(id=str(number)) for number in range(21)))

        problems = channel.problems(content, build_account("webhook", "https://a.example"))

        assert [(problem.code, problem.field) for problem in problems] == [("too_many_media", "media")]


class TestSign:
    def test_is_the_hmac_of_id_timestamp_and_body(self):
        # Computed with: printf 'key.1700000000.{}' | openssl dgst -sha256 -hmac secret
        signature = sign(b"{}", key="key", timestamp=1_700_000_000, credential="secret")

        assert signature == "v1=18ce22ecc634a908336c075fb9362c8ebe9dd16de12015a742b1827057741b4a"

    def test_signs_with_every_secret(self):
        both = sign(b"{}", key="key", timestamp=1, credential="new old")

        one_by_one = [sign(b"{}", key="key", timestamp=1, credential=secret) for secret in ("new", "old")]
        assert both == ",".join(one_by_one)


class TestTheReadmesExample:
    @pytest.fixture
    def is_genuine(self):
        names: dict[str, object] = {}
        exec(compile(example_of("python"), str(README), "exec"), names)  # noqa: S102 - our own README
        return names["is_genuine"]

    @pytest.fixture
    def received(self, channel, client):
        _, requests = answered(channel, client, http_answer(), credential="new old", now=utc_now())
        head, _, body = requests[0].partition(b"\r\n\r\n")
        lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
        return {name.title(): value for name, value in lines}, body

    @pytest.mark.parametrize("secret", ["new", "old"])
    def test_accepts_what_we_send(self, is_genuine, received, secret):
        headers, body = received

        assert is_genuine(headers, body, secret)

    def test_refuses_another_secret(self, is_genuine, received):
        assert not is_genuine(*received, "other")

    def test_refuses_a_changed_body(self, is_genuine, received):
        headers, body = received

        assert not is_genuine(headers, body + b" ", "new")

    def test_refuses_another_id(self, is_genuine, received):
        headers, body = received

        assert not is_genuine({**headers, "Omnipub-Id": "other"}, body, "new")

    def test_refuses_another_time(self, is_genuine, received):
        headers, body = received
        earlier = str(int(headers["Omnipub-Timestamp"]) - 1)

        assert not is_genuine({**headers, "Omnipub-Timestamp": earlier}, body, "new")

    def test_refuses_what_is_older_than_five_minutes(self, is_genuine):
        raw, timestamp = encode({}), int(time.time()) - 400
        headers = {
            "Omnipub-Id": "key",
            "Omnipub-Timestamp": str(timestamp),
            "Omnipub-Signature": sign(raw, key="key", timestamp=timestamp, credential="secret"),
        }

        assert not is_genuine(headers, raw, "secret")
