"""Where certificates may come from, how often they are fetched, and which are good for anything."""

import datetime
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from local.plan import TOPIC
from publishing.adapters.sns import FETCH_GAP, MAX_AGE, Inbox, NotGenuineError
from publishing.domain.errors import UnavailableError
from publishing.http import HttpClient, OutgoingPolicy
from tests.mail import Topic, changed, serving_topic
from tests.servers import http_answer, serving

NOW = datetime.datetime(2026, 12, 1, 8, tzinfo=datetime.UTC)
CHINESE = "arn:aws-cn:sns:cn-north-1:123456789012:mail"
NAME = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class NoCourier:
    """Notes where somebody wanted to go, and goes nowhere."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def courier(self) -> Any:
        return self

    def request(self, method: str, url: str, **_: object) -> Any:
        self.urls.append(url)
        raise UnavailableError("Nobody goes anywhere in this test.")


@pytest.fixture
def topic(tmp_path: Path) -> Iterator[Topic]:
    with serving_topic(tmp_path) as topic:
        yield topic


@pytest.fixture
def watch() -> Watch:
    return Watch()


def inbox_at(address: str, watch: Watch) -> Inbox:
    http = HttpClient(OutgoingPolicy(allow_private=True), 10)
    return Inbox(topics=frozenset({TOPIC}), http=http, address=address, monotonic=watch)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def certificate_of(key: Any, *, begins: datetime.datetime, ends: datetime.datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


class TestTheCertificate:
    @pytest.mark.parametrize(
        ("configured", "url"),
        [
            ("arn:aws:sns:eu-central-1:123456789012:mail", f"https://sns.eu-central-1.amazonaws.com/{NAME}"),
            ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail", f"https://sns.us-gov-west-1.amazonaws.com/{NAME}"),
            (CHINESE, f"https://sns.cn-north-1.amazonaws.com.cn/{NAME}"),
        ],
    )
    def test_is_at_the_address_of_sns_in_the_region_of_the_topic(self, topic, configured, url):
        nowhere = NoCourier()
        inbox = Inbox(topics=frozenset({configured}), http=nowhere)
        body = changed(topic.notify({}), TopicArn=configured, SigningCertURL=url)

        with pytest.raises(UnavailableError):
            inbox.open(body, now=now())

        assert nowhere.urls == [url]

    @pytest.mark.parametrize(
        "url",
        [
            f"http://sns.eu-central-1.amazonaws.com/{NAME}",
            f"https://sns.us-east-1.amazonaws.com/{NAME}",
            f"https://sns.eu-central-1.amazonaws.com.evil.example/{NAME}",
            f"https://sns.eu-central-1.amazonaws.com@evil.example/{NAME}",
            f"https://sns.eu-central-1.amazonaws.com:8443/{NAME}",
            f"https://evil.example/https://sns.eu-central-1.amazonaws.com/{NAME}",
            f"https://sns.eu-central-1.amazonaws.com/x/{NAME}",
            f"https://sns.eu-central-1.amazonaws.com/{NAME}?x",
            f"https://sns.eu-central-1.amazonaws.com/{NAME}\n",
            "https://sns.eu-central-1.amazonaws.com/?Action=ListTopics&x=.pem",
        ],
    )
    def test_is_asked_for_nowhere_else(self, topic, url):
        nowhere = NoCourier()
        configured = "arn:aws:sns:eu-central-1:123456789012:mail"
        inbox = Inbox(topics=frozenset({configured}), http=nowhere)

        with pytest.raises(NotGenuineError, match="not at the address of SNS"):
            inbox.open(changed(topic.notify({}), TopicArn=configured, SigningCertURL=url), now=now())

        assert nowhere.urls == []

    def test_is_fetched_once_a_day(self, topic, watch):
        inbox = inbox_at(topic.address, watch)
        for seconds in (0.0, 60.0, MAX_AGE - 61.0):
            watch.seconds += seconds
            inbox.open(topic.notify({}), now=now())
        assert len(topic.server.requests) == 1

        watch.seconds += 2.0
        inbox.open(topic.notify({}), now=now())

        assert len(topic.server.requests) == 2

    def test_that_is_new_is_not_fetched_for_every_request_of_a_stranger(self, topic, watch):
        inbox = inbox_at(topic.address, watch)
        forged = [f"{topic.address}/SimpleNotificationService-{number:032x}.pem" for number in range(3)]

        def bring(url: str) -> type[Exception] | None:
            try:
                inbox.open(changed(topic.notify({}), SigningCertURL=url, Signature="AAAA"), now=now())
            except (NotGenuineError, UnavailableError) as error:
                return type(error)
            return None

        outcomes = [bring(url) for url in forged]
        watch.seconds += FETCH_GAP
        outcomes.append(bring(forged[2]))

        assert outcomes == [NotGenuineError, UnavailableError, UnavailableError, NotGenuineError]
        assert len(topic.server.requests) == 2

    @pytest.mark.parametrize(
        ("key", "days", "sentence"),
        [
            (ec.generate_private_key(ec.SECP256R1()), (-1, 1), "no key that SNS signs with"),
            (rsa.generate_private_key(public_exponent=65537, key_size=1024), (-1, 1), "no key that SNS signs with"),  # noqa: S505 - that it is weak is the point
            (rsa.generate_private_key(public_exponent=65537, key_size=2048), (-2, -1), "not valid now"),
            (rsa.generate_private_key(public_exponent=65537, key_size=2048), (1, 2), "not valid now"),
        ],
        ids=["elliptic", "short", "expired", "not yet valid"],
    )
    def test_must_be_valid_and_hold_a_strong_key(self, topic, watch, key: Any, days: Sequence[int], sentence: str):
        begins, ends = (now() + datetime.timedelta(days=day) for day in days)
        with serving(http_answer(certificate_of(key, begins=begins, ends=ends))) as server:
            body = changed(topic.notify({}), SigningCertURL=f"{server.url}/{NAME}")

            with pytest.raises(NotGenuineError, match=sentence):
                inbox_at(server.url, watch).open(body, now=now())

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    )
    def test_must_be_one(self, topic, watch, body: bytes):
        with serving(http_answer(body)) as server:
            notification = changed(topic.notify({}), SigningCertURL=f"{server.url}/{NAME}")

            with pytest.raises(NotGenuineError, match="is none"):
                inbox_at(server.url, watch).open(notification, now=now())

    @pytest.mark.parametrize("status", ["404 Not Found", "500 Broken", "302 Found"])
    def test_that_cannot_be_read_lets_sns_come_again(self, topic, watch, status: str):
        with serving(http_answer(b"", status=status, headers="Location: https://evil.example/\r\n")) as server:
            notification = changed(topic.notify({}), SigningCertURL=f"{server.url}/{NAME}")

            with pytest.raises(UnavailableError, match=status[:3]):
                inbox_at(server.url, watch).open(notification, now=now())


class TestANotification:
    def test_is_opened_with_all_that_was_signed(self, topic, watch):
        opened = inbox_at(topic.address, watch).open(topic.notify({"a": "é 👍 \n"}, number="n-1"), now=now())

        assert (opened.id, opened.topic, opened.is_content, opened.asks_to_confirm) == ("n-1", TOPIC, True, False)
        assert opened.event() == {"a": "é 👍 \n"}
        assert "é" not in repr(opened)

    def test_with_fields_that_are_not_signed_is_opened_without_them(self, topic, watch):
        body = changed(topic.notify({}), UnsubscribeURL="https://sns.example/", Subject=None, Other={"x": 1})

        assert inbox_at(topic.address, watch).open(body, now=now()).event() == {}

    def test_with_a_subject_is_opened_when_that_was_signed_too(self, topic, watch):
        fields = json.loads(topic.notify({}))
        fields["Subject"] = "Amazon SES Email Event Notification"
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        signed = {name: fields[name] for name in names}

        body = topic.signer._sign(signed, names, topic.address)

        assert inbox_at(topic.address, watch).open(body, now=now()).is_content


class TestConfirming:
    def test_that_sns_refuses_is_tried_again(self, watch, tmp_path: Path):
        with serving_topic(tmp_path) as topic, serving(http_answer(b"", status="400 Bad Request")) as refusing:
            question = topic.signer.ask("token", number="1", address=topic.address, now=now())
            opened = inbox_at(topic.address, watch).open(question, now=now())

            with pytest.raises(UnavailableError, match="answered 400"):
                inbox_at(refusing.url, watch).confirm(opened)

    def test_while_sns_is_away_is_tried_again(self, watch, topic):
        question = topic.signer.ask("token", number="1", address=topic.address, now=now())
        opened = inbox_at(topic.address, watch).open(question, now=now())

        with pytest.raises(UnavailableError, match="could not be reached"):
            inbox_at("http://127.0.0.1:9", watch).confirm(opened)
