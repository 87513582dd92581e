"""The topic that reports on mail: signed, asked for, in order, and again where it was not taken."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local.plan import TOPIC
from local.platforms import start
from local.platforms.topics import Signer
from publishing.adapters.sns import Inbox
from publishing.http import HttpClient, OutgoingPolicy
from tests.local.platforms.client import Client, Clock
from tests.local.platforms.test_platforms_aws import mail
from tests.servers import RawServer, http_answer, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Subscriber:
    """Opens what is brought as the application does, and answers with the next status of its list, at the end 200."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.statuses: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.questions = 0
        self.is_willing = True
        self._lock = threading.Lock()
        self.http = HttpClient(OutgoingPolicy(allow_private=True), 10)
        #: None until the address of the topic is known.
        self.inbox: Inbox | None = None

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        with self._lock:
            connection.sendall(http_answer(status=self._take(request.partition(b"\r\n\r\n")[2])))

    def _take(self, body: bytes) -> str:
        if self.inbox is None:
            return "503 Busy"
        notification = self.inbox.open(body, now=self.clock())
        if notification.asks_to_confirm:
            self.questions += 1
            if self.is_willing:
                self.inbox.confirm(notification)
            return "200 OK"
        status = self.statuses.pop(0) if self.statuses else "200 OK"
        self.events.append({**notification.event(), "status": status})
        return status


@pytest.fixture
def subscriber(clock: Clock) -> Subscriber:
    return Subscriber(clock)


@pytest.fixture
def server(subscriber: Subscriber) -> Iterator[RawServer]:
    with serving(subscriber) as server:
        yield server


@contextmanager
def running(server: RawServer, subscriber: Subscriber, folder: Path, clock: Clock) -> Iterator[Client]:
    with start(state_dir=folder, now=clock, mail_hook=server.url) as platforms:
        address = f"{platforms.url}/sns"
        subscriber.inbox = Inbox(topics=frozenset({TOPIC}), http=subscriber.http, address=address)
        client = Client(platforms.url, clock)
        yield client
        client.http.close()


@pytest.fixture
def client(server: RawServer, subscriber: Subscriber, tmp_path: Path, clock: Clock) -> Iterator[Client]:
    with running(server, subscriber, tmp_path, clock) as client:
        yield client


def statuses(client: Client) -> list[int | None]:
    return [one["status"] for one in client.http.get("/_control/notifications").json()["notifications"]]


def eventually(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def wait_for(client: Client, expected: list[int | None]) -> None:
    eventually(lambda: statuses(client) == expected)


class TestTheTopic:
    @pytest.mark.parametrize(
        ("recipient", "kinds"),
        [
            ("list@example.org", ["Send", "Delivery"]),
            ("success@example.org", ["Send", "Delivery"]),
            ("bounce+1@example.org", ["Send", "Bounce"]),
            ("suppressionlist@example.org", ["Send", "Bounce"]),
            ("Complaint@example.org", ["Send", "Delivery", "Complaint"]),
        ],
    )
    def test_says_what_became_of_a_mail(self, client: Client, subscriber: Subscriber, recipient: str, kinds: list[str]):
        tags = [{"Name": "omnipub-key", "Value": "key-1"}]
        sent = mail(
            client, Destination={"ToAddresses": [recipient]}, ConfigurationSetName="events", EmailTags=tags
        ).json()  # fmt: skip

        wait_for(client, [200] * len(kinds))

        assert [event["eventType"] for event in subscriber.events] == kinds
        for event in subscriber.events:
            assert (event["mail"]["messageId"], event["mail"]["tags"]["omnipub-key"]) == (sent["MessageId"], ["key-1"])

    def test_says_nothing_about_mail_without_a_configuration_set(self, client: Client):
        mail(client)

        assert statuses(client) == []

    def test_comes_again_until_it_is_taken_and_keeps_the_order(self, client: Client, subscriber: Subscriber):
        subscriber.statuses = ["503 Busy", "429 Too Many", "500 Broken"]

        mail(client, ConfigurationSetName="events")

        wait_for(client, [200, 200])
        assert [(event["eventType"], event["status"][:3]) for event in subscriber.events] == [
            ("Send", "503"), ("Send", "429"), ("Send", "500"), ("Send", "200"), ("Delivery", "200"),
        ]  # fmt: skip

    def test_does_not_come_again_after_a_refusal(self, client: Client, subscriber: Subscriber):
        subscriber.statuses = ["403 Forbidden"]

        mail(client, ConfigurationSetName="events")

        wait_for(client, [403, 200])
        assert len(subscriber.events) == 2

    def test_says_nothing_before_it_was_wanted(
        self, server: RawServer, subscriber: Subscriber, tmp_path: Path, clock: Clock
    ):
        subscriber.is_willing = False
        with running(server, subscriber, tmp_path, clock) as client:
            mail(client, ConfigurationSetName="events")
            eventually(lambda: subscriber.questions > 1)
            assert (statuses(client), subscriber.events) == ([None, None], [])

            subscriber.is_willing = True

            wait_for(client, [200, 200])

    def test_goes_on_after_a_restart_with_the_same_certificate(
        self, server: RawServer, subscriber: Subscriber, tmp_path: Path, clock: Clock
    ):
        with start(state_dir=tmp_path, now=clock, mail_hook="http://127.0.0.1:9/") as platforms:
            away = Client(platforms.url, clock)
            mail(away, ConfigurationSetName="events")
            assert statuses(away) == [None, None]
            away.http.close()
        before = Signer(tmp_path, now=clock()).name

        with running(server, subscriber, tmp_path, clock) as back:
            wait_for(back, [200, 200])

        assert [event["eventType"] for event in subscriber.events] == ["Send", "Delivery"]
        assert Signer(tmp_path, now=clock()).name == before
