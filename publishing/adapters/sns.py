"""Notifications that Amazon SNS delivers over HTTPS: nothing of one is believed before its signature was checked.

SNS signs what it sends with a key whose certificate it serves itself
(https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html, read on 2026-11-22). Where that
certificate may come from follows from the topics that are configured, never from the notification alone.
"""

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from urllib.parse import urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from publishing.domain.errors import FieldProblem, InvalidError, NotAllowedError, UnavailableError
from publishing.http import Answer, Courier, CourierError

#: SNS repeats a delivery for an hour at most (a hard limit), always under the time at which it was published.
FRESH_FOR: Final = timedelta(minutes=65)
#: How far its clock may be ahead of ours.
AHEAD: Final = timedelta(minutes=5)
#: A certificate is read anew after this long.
MAX_AGE: Final = 24 * 3600.0
#: Certificates that were not read before are fetched this far apart, else anybody could make us fetch for each request.
FETCH_GAP: Final = 2.0
_KEPT: Final = 8
_KEY_BITS: Final = 2048

TOPIC: Final = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)
_DOMAINS: Final = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
#: A plain file, so that no other answer of that server can pass for a certificate.
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem")
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_OPTIONAL: Final = frozenset({"Subject"})


class NotGenuineError(NotAllowedError):
    """It is not proved that SNS sent this for a topic of ours, just now. Nothing was done."""

    code = "not_genuine"


class CourierMaker(Protocol):
    """Makes couriers: `publishing.http.HttpClient`."""

    def courier(self) -> Courier:
        """Return a courier for a few requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What SNS delivered; its signature holds, its topic is ours, and it is fresh."""

    kind: str
    id: str
    topic: str
    #: What was published to the topic.
    content: str = field(repr=False)
    #: Proves to SNS that this address wants the topic; empty for an ordinary notification.
    token: str = field(default="", repr=False)

    @property
    def asks_to_confirm(self) -> bool:
        """Whether SNS asks if this address wants the topic."""
        return self.kind == "SubscriptionConfirmation"

    @property
    def is_content(self) -> bool:
        """Whether something was published to the topic."""
        return self.kind == "Notification"

    def event(self) -> Mapping[str, object]:
        """Return what was published as a JSON object. Raise InvalidError when it is none."""
        return _object(self.content, "The notification's message")


class Inbox:
    """Opens notifications for the configured topics. Serves all threads of a process."""

    def __init__(
        self,
        *,
        topics: frozenset[str],
        http: CourierMaker,
        address: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take notifications of these topics; `address` stands for that of SNS in local mode."""
        self._topics = topics
        self._http = http
        self._address = address
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[rsa.RSAPublicKey, float]] = {}
        self._fetched_at: float | None = None

    def open(self, body: bytes, *, now: datetime) -> Notification:
        """Return a notification whose every part was checked.

        Raises InvalidError for what is no notification, NotGenuineError for what SNS did not send us just now, and
        UnavailableError when its certificate cannot be read: SNS then comes again.
        """
        envelope = _envelope(body)
        if envelope["TopicArn"] not in self._topics:
            raise NotGenuineError("The notification is of a topic that is not configured here.")
        if envelope["SignatureVersion"] != "2":
            raise NotGenuineError(
                "The notification is not signed with version 2. Set the topic's SignatureVersion to 2."
            )
        _demand_fresh(envelope["Timestamp"], now)
        key = self._key(envelope["SigningCertURL"], topic=envelope["TopicArn"], now=now)
        _demand_signed(envelope, key)
        return Notification(
            kind=envelope["Type"],
            id=envelope["MessageId"],
            topic=envelope["TopicArn"],
            content=envelope["Message"],
            token=envelope.get("Token", ""),
        )

    def confirm(self, notification: Notification) -> None:
        """Tell SNS that this address wants the topic. Raises UnavailableError when SNS does not take it.

        The address is composed here: the one in the notification is not needed.
        """
        query = {
            "Action": "ConfirmSubscription",
            "TopicArn": notification.topic,
            "Token": notification.token,
            "Version": "2010-03-31",
        }
        answer = self._get(f"{self._server(notification.topic)}/?{urlencode(query)}")
        if not answer.is_success:
            raise UnavailableError(f"SNS did not confirm the subscription: it answered {answer.status}.")

    def _server(self, topic: str) -> str:
        match = TOPIC.fullmatch(topic)
        if match is None:
            raise NotGenuineError("The notification is of a topic that is not configured here.")
        return self._address or f"https://sns.{match[2]}.{_DOMAINS[match[1]]}"

    def _key(self, url: str, *, topic: str, now: datetime) -> rsa.RSAPublicKey:
        server = self._server(topic)
        if not url.startswith(server) or not _CERTIFICATE.fullmatch(url.removeprefix(server)):
            raise NotGenuineError(
                "The notification names a certificate that is not at the address of SNS in its region."
            )
        # Held while fetching, so that whoever needs the same certificate waits for it instead of asking too.
        with self._lock:
            held = self._keys.get(url)
            if held is not None and self._monotonic() - held[1] < MAX_AGE:
                return held[0]
            if self._fetched_at is not None and self._monotonic() - self._fetched_at < FETCH_GAP:
                raise UnavailableError("The certificate of SNS cannot be read just now.")
            self._fetched_at = self._monotonic()
            key = self._fetch(url, now)
            self._keys.pop(url, None)
            while len(self._keys) >= _KEPT:
                self._keys.pop(next(iter(self._keys)))
            self._keys[url] = (key, self._monotonic())
            return key

    def _fetch(self, url: str, now: datetime) -> rsa.RSAPublicKey:
        answer = self._get(url)
        if not answer.is_success or answer.flaw:
            raise UnavailableError(f"The certificate of SNS cannot be read: its server answered {answer.status}.")
        try:
            certificate = x509.load_pem_x509_certificate(answer.body)
            key = certificate.public_key()
        except ValueError:
            raise NotGenuineError("What the notification names as its certificate is none.") from None
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise NotGenuineError("The notification's certificate is not valid now.")
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _KEY_BITS:
            raise NotGenuineError("The notification's certificate holds no key that SNS signs with.")
        return key

    def _get(self, url: str) -> Answer:
        # Asked once a day: a connection kept open would only be frozen with the function.
        headers = {"accept": "*/*", "connection": "close"}
        try:
            return self._http.courier().request("GET", url, acts=False, headers=headers)
        except CourierError as error:
            raise UnavailableError(f"SNS could not be reached: {error}") from None


def _envelope(body: bytes) -> dict[str, str]:
    """Return the envelope's texts; every one that its kind signs is there."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    fields = _object(text, "The body")
    needed = _KINDS.get(str(fields.get("Type")))
    if needed is None:
        raise _malformed("The body is no notification of SNS. Leave raw message delivery off for this subscription.")
    wanted = [*(name for name in needed if name not in _OPTIONAL), "SignatureVersion", "Signature", "SigningCertURL"]
    if missing := [name for name in wanted if not isinstance(fields.get(name), str)]:
        raise _malformed(f"The notification lacks {', '.join(missing)}.")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _demand_fresh(stamp: str, now: datetime) -> None:
    try:
        sent_at = datetime.fromisoformat(stamp)
    except ValueError:
        raise _malformed("The notification's Timestamp is none.") from None
    if sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=UTC)
    if not now - FRESH_FOR <= sent_at <= now + AHEAD:
        raise NotGenuineError("The notification is too old, or from the future.")


def _demand_signed(envelope: Mapping[str, str], key: rsa.RSAPublicKey) -> None:
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in _KINDS[envelope["Type"]] if name in envelope)
    try:
        signature = base64.b64decode(envelope["Signature"], validate=True)
        key.verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        raise NotGenuineError("The notification's signature does not hold.") from None


def _object(text: str, what: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed(f"{what} is not JSON.") from None
    if not isinstance(value, dict):
        raise _malformed(f"{what} is not a JSON object.")
    return value


def _malformed(detail: str) -> InvalidError:
    return InvalidError(FieldProblem(pointer="", code="no_notification", detail=detail))
