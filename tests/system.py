"""The whole path in one process: the real handlers over the emulator's table, the real channels over real sockets."""

import base64
import itertools
import json
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.platforms import RunningPlatforms, start
from publishing.adapters import aws, clock, secrets
from publishing.adapters.hints import Hints
from publishing.channels.base import aws as signing
from publishing.channels.base.registry import get_channel
from publishing.domain.account import Account
from publishing.domain.draft import AccountDraft, Draft
from publishing.domain.events import StreamEvent
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.permissions import SYSTEM, Actor
from publishing.domain.schedule import due_now
from publishing.http import OutgoingPolicy
from publishing.services import limits
from publishing.services.connecting import connect_account
from publishing.services.context import Context
from publishing.services.scheduling import create_message
from publishing.store import audit, messages
from publishing.store.binding import bind
from tests.builders import build_actor
from tests.emulator import Emulator
from workers import delivery, runtime, scheduler

#: The simulated platforms are on loopback.
LOCAL = OutgoingPolicy(allow_private=True)


class InvocationContext:
    """What AWS passes to a handler, with a fixed time left."""

    aws_request_id = "test-invocation"

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class RunningContext(InvocationContext):
    """One whose time runs out with the clock, so that a scheduler that stays awake comes to its end."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.ends_at = clock.now() + timedelta(seconds=seconds)

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends_at - clock.now()) / timedelta(milliseconds=1))


class QuietWaker:
    """Counts wakes and wakes nobody."""

    def __init__(self) -> None:
        self.wakes = 0

    def wake(self) -> None:
        self.wakes += 1


@dataclass
class System:
    """Accounts at simulated platforms, and handlers called by hand. The stream is a list in this process."""

    platforms: RunningPlatforms
    stream: list[StreamEvent]
    actor: Actor = field(default_factory=build_actor)
    context: Context = field(default_factory=lambda: Context(waker=QuietWaker(), outgoing=LOCAL))
    _sequence: Any = field(default_factory=lambda: itertools.count(1))

    def connect(self, channel: str, name: str, **fields: Any) -> Account:
        secret = f"{channel}-{name}-{'secret' if channel == 'webhook' else 'token'}"
        if not get_channel(channel).capabilities.needs_credential:
            secret = ""
        values: dict[str, Any] = {"base_url": f"{self.platforms.url}/{channel}/{name}", "credential": secret, **fields}
        draft = AccountDraft(channel=channel, name=name, **values)
        return connect_account(actor=SYSTEM, draft=draft, now=datetime.now(UTC), context=self.context)

    def publish(self, *accounts: Account, text: str = "We are live!") -> MessageWithDeliveries:
        """Create a message that is due now."""
        now = clock.now()
        draft = Draft(text=text, account_ids=tuple(account.id for account in accounts), due=due_now(now))
        return create_message(actor=self.actor, draft=draft, now=now, context=self.context)

    def settle(self, *, ticks: int = 3) -> None:
        """Tick and work for some rounds."""
        for _ in range(ticks):
            self.tick()
            self.work()

    def tick(self) -> dict[str, Any]:
        return scheduler.handler({"source": "aws.events"}, RunningContext(15))

    def work(self, *, seconds: float = 300) -> dict[str, list[dict[str, str]]]:
        """Hand everything on the stream to the worker, in one batch."""
        batch, self.stream[:] = list(self.stream), []
        return self.handle(batch, seconds=seconds)

    def handle(self, events: Sequence[StreamEvent], *, seconds: float = 300) -> dict[str, list[dict[str, str]]]:
        records = [record(event.encode(), event.account_id, next(self._sequence)) for event in events]
        return delivery.handler({"Records": records}, InvocationContext(seconds))

    def posts(self) -> list[dict[str, Any]]:
        """What exists at the platforms, counted there."""
        posts: list[dict[str, Any]] = self._control("GET", "posts")["posts"]
        return posts

    def notifications(self) -> list[dict[str, Any]]:
        """What the platforms reported, and the status with which each report was answered."""
        notifications: list[dict[str, Any]] = self._control("GET", "notifications")["notifications"]
        return notifications

    def misbehave(self, channel: str, fault: str, **options: Any) -> None:
        """Make a platform misbehave; `local/platforms/README.md` lists how."""
        self._control("POST", "faults", {"channel": channel, "fault": fault, **options})

    def behave(self) -> None:
        self._control("DELETE", "faults")

    def _control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.platforms.url}/_control/{path}", data=content, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def read(self, message_id: str) -> MessageWithDeliveries:
        return messages.get_message(message_id)


def record(data: bytes, partition_key: str, sequence: int) -> dict[str, Any]:
    """One Kinesis record as AWS sends it."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": f"{sequence:056d}",
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1796112000.0,
        },
        "eventSource": "aws:kinesis",
        "eventID": f"shardId-000000000000:{sequence:056d}",
        "eventName": "aws:kinesis:record",
        "awsRegion": "us-east-1",
    }


@pytest.fixture
def table(emulator: Emulator, emulator_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh table that the store is bound to, with the environment of a process that uses the emulator."""
    for name, value in {**emulator.environment, "TABLE_NAME": emulator_table}.items():
        monkeypatch.setenv(name, value)
    forget_processes_past()
    bind(emulator_table)
    yield emulator_table
    forget_processes_past()


def forget_processes_past() -> None:
    """Forget what a process remembers between invocations: clients, data keys, heads of the audit chain."""
    aws.client.cache_clear()
    signing._session.cache_clear()
    secrets.application_secrets.cache_clear()
    secrets._data_key.cache_clear()
    audit._heads.clear()
    limits.forget()
    runtime.runtime.cache_clear()
    for http in delivery._clients.values():
        http.close_idle()
    delivery._clients.clear()


@pytest.fixture
def mail_hook() -> str:
    """Where the simulated platforms report on mail; nowhere, unless a test's own module has the address."""
    return ""


@pytest.fixture
def system(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail_hook: str) -> Iterator[System]:
    """The whole path in one process."""
    events: list[StreamEvent] = []

    def put_events(_: Hints, put: Sequence[StreamEvent]) -> int:
        events.extend(put)
        return 0

    monkeypatch.setenv("OMNIPUB_ALLOW_PRIVATE_NETWORKS", "true")
    monkeypatch.setattr(Hints, "put_events", put_events)
    # Asked for at each call, because a test may move the time.
    now = lambda: clock.now()  # noqa: E731, PLW0108 - as above
    with start(port=0, state_dir=tmp_path, now=now, mail_hook=mail_hook) as platforms:
        yield System(platforms=platforms, stream=events)
