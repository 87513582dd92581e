"""Email through an independent Amazon SES, which hands it to a real SMTP server: the whole path and what goes wrong."""

import email
import email.policy
import hashlib
import html
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import Client

from local.plan import TOPIC
from publishing.adapters import clock as adapter
from publishing.api import context
from publishing.domain.account import Account
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.domain.outcome import Reason
from publishing.store.deliveries import list_attempts
from tests.clock import Clock
from tests.emulator import Emulator
from tests.library import fetch, library_of, show
from tests.mail import SETTINGS, Topic, build_event, serving_topic
from tests.servers import RawServer, Script, http_answer, read_request, serving, unused_port
from tests.system import System

pytestmark = pytest.mark.e2e_full

S = DeliveryState
FAMILY = "👨‍👩‍👧‍👦"
#: Each of them arrives as it was written.
TEXTS = {
    "links": "Grüße aus der Kantine: https://example.org/menü?a=1&b=2. Kommt!",
    "emoji": f"{FAMILY} 🇪🇺 👍🏽 e\u0301",
    "markup": "a < b & c > d \"e\" 'f'\n\nanother paragraph\nand a line",
    "long": "Zeile für Zeile.\n" * 3_000,
}


#: What the HTML part shows of an image, and the plain one says.
ALT_TEXT = f"A door & a {FAMILY}"


class Inbox:
    """Keeps what the SMTP server took."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(mail)
        return "250 Message accepted for delivery"

    def wait_for(self, count: int) -> list[EmailMessage]:
        """The mails, once there are so many."""
        give_up_at = time.monotonic() + 60
        while len(self.mails) < count:
            assert time.monotonic() < give_up_at, f"{len(self.mails)} of {count} mails came"
            time.sleep(0.05)
        return self.mails


@pytest.fixture(scope="module")
def listener() -> Iterator[Controller]:
    controller = Controller(Inbox(), hostname="127.0.0.1", port=unused_port())
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture(scope="module")
def emulator(listener: Controller, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An SES that hands every mail to the listener."""
    state = tmp_path_factory.mktemp("mail") / "state"
    running = Emulator(state, variables={"SMTP_HOST": f"127.0.0.1:{listener.port}"})
    running.client("sesv2").create_email_identity(EmailIdentity="example.org")
    yield running
    running.stop()


@pytest.fixture
def inbox(listener: Controller) -> Inbox:
    kept: Inbox = listener.handler
    kept.mails.clear()
    return kept


@pytest.fixture
def topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Topic]:
    """A topic whose notifications the application takes."""
    with serving_topic(tmp_path / "topic") as topic:
        monkeypatch.setenv("OMNIPUB_MAIL_TOPICS", TOPIC)
        monkeypatch.setenv("OMNIPUB_SNS_ADDRESS", topic.address)
        context.mail_inbox.cache_clear()
        yield topic
    context.mail_inbox.cache_clear()


def connect(system: System, url: str) -> Account:
    return system.connect("email", "newsletter", base_url=url, settings=SETTINGS)


def publish(system: System, account: Account, text: str = "We are live!") -> MessageWithDeliveries:
    message_id = system.publish(account, text=text).message.id
    system.settle(ticks=1)
    return system.read(message_id)


@contextmanager
def standing_before(url: str, script: Callable[[Callable[[], bytes]], bytes]) -> Iterator[RawServer]:
    """Stand before the server; the script decides what becomes of each request that sends a mail."""
    host, _, port = url.removeprefix("http://").partition(":")

    def forward(request: bytes) -> bytes:
        with socket.create_connection((host, int(port)), timeout=15) as upstream:
            # The answer is read to its end, which a connection that stays open would not show.
            upstream.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            return read_request(upstream)

    answer: Script = lambda connection, request: connection.sendall(script(lambda: forward(request)))  # noqa: E731
    with serving(answer) as proxy:
        yield proxy


class TestAMailToARealServer:
    @pytest.mark.parametrize("name", TEXTS)
    def test_arrives_once_as_it_was_written(self, system: System, emulator: Emulator, inbox: Inbox, name: str):
        found = publish(system, connect(system, emulator.url), TEXTS[name])

        (mail,) = inbox.wait_for(1)
        plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert found.message.status is MessageStatus.PUBLISHED
        assert plain is not None
        assert page is not None
        assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == TEXTS[name].rstrip("\n")
        assert (mail["From"], mail["To"]) == ("news@example.org", "list@example.org")
        assert "<script" not in page.get_content()

    def test_shows_its_picture_and_says_in_plain_text_what_is_on_it(
        self, system: System, emulator: Emulator, inbox: Inbox
    ):
        library = library_of(system, emulator)
        message = show(system, library, connect(system, emulator.url), alt_texts=[ALT_TEXT])
        system.settle(ticks=1)

        (mail,) = inbox.wait_for(1)
        plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert page is not None
        assert f"[Image: {ALT_TEXT}]" in plain.get_content()
        (address,) = re.findall(r'<img[^>]* src="([^"]+)"', page.get_content())
        content, headers = fetch(html.unescape(address))
        file = message.message.media[0].renditions[0]
        assert (hashlib.sha256(content).hexdigest(), headers["content-type"]) == (file.sha256, file.media_type)
        assert html.escape(ALT_TEXT) in page.get_content()

    def test_has_clickable_links_in_its_page(self, system: System, emulator: Emulator, inbox: Inbox):
        publish(system, connect(system, emulator.url), TEXTS["links"])

        (mail,) = inbox.wait_for(1)
        page = mail.get_body(("html",))
        assert page is not None
        address = "https://example.org/menü?a=1&amp;b=2"
        assert f'<a href="{address}">{address}</a>.' in page.get_content()

    def test_waits_where_the_service_is_too_busy_and_is_sent_once(
        self, system: System, emulator: Emulator, inbox: Inbox, clock: Clock
    ):
        headers = "x-amzn-ErrorType: TooManyRequestsException\r\n"
        body = b'{"message": "Maximum sending rate exceeded."}'
        busy = [http_answer(body, status="429 Too Many Requests", headers=headers)]
        with standing_before(emulator.url, lambda forward: busy.pop() if busy else forward()) as proxy:
            waiting = publish(system, connect(system, proxy.url))
            clock.move(minutes=2)
            system.settle(ticks=1)

        found = system.read(waiting.message.id)
        assert (waiting.deliveries[0].state, waiting.deliveries[0].last) == (S.RETRY, Reason.RATE)
        assert found.message.status is MessageStatus.PUBLISHED
        assert len(inbox.wait_for(1)) == 1
        assert [one.outcome for one in list_attempts(found.message.id, "email")] == ["deferred", "published"]


class TestAMailWhoseAnswerWasLost:
    @pytest.fixture
    def lost(self, system: System, emulator: Emulator, inbox: Inbox) -> MessageWithDeliveries:
        def cut(forward: Callable[[], bytes]) -> bytes:
            forward()
            return b""

        with standing_before(emulator.url, cut) as proxy:
            return publish(system, connect(system, proxy.url))

    def bring(self, body: bytes) -> None:
        answer = Client().generic("POST", "/hooks/ses/", body, content_type="text/plain; charset=UTF-8")
        assert (answer.status_code, json.loads(answer.content)) == (200, {"result": "recorded"})

    def test_is_one_mail_and_unconfirmed_where_nobody_reports(
        self, system: System, lost: MessageWithDeliveries, inbox: Inbox, clock: Clock
    ):
        clock.move(minutes=3)
        system.settle(ticks=2)

        found = system.read(lost.message.id)
        assert (lost.deliveries[0].state, found.deliveries[0].state) == (S.UNKNOWN, S.UNCONFIRMED)
        assert found.message.status is MessageStatus.NEEDS_ATTENTION
        assert len(inbox.wait_for(1)) == 1

    @pytest.mark.parametrize("is_late", [False, True], ids=["in doubt", "unconfirmed"])
    def test_is_one_mail_and_published_once_it_is_reported(
        self, system: System, lost: MessageWithDeliveries, inbox: Inbox, clock: Clock, topic: Topic, is_late: bool
    ):
        if is_late:
            clock.move(minutes=3)
            system.settle(ticks=2)
        (mail,) = inbox.wait_for(1)
        remote_id = mail["Message-ID"].strip("<>")
        event = build_event("Delivery", lost.deliveries[0])
        event["mail"]["messageId"] = remote_id

        self.bring(topic.notify(event, now=adapter.now()))

        found = system.read(lost.message.id)
        assert (found.message.status, found.deliveries[0].state) == (MessageStatus.PUBLISHED, S.PUBLISHED)
        assert found.deliveries[0].publication is not None
        assert found.deliveries[0].publication.id == remote_id
        assert len(inbox.mails) == 1
