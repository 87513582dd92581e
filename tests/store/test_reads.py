"""Every read says that the table is out of reach in the one way that callers know."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from publishing.domain.draft import MessageFilter
from publishing.domain.errors import UnavailableError
from publishing.domain.events import Deliver
from publishing.store import accounts, deliveries, lists, messages, timers
from publishing.store.binding import bind
from tests.builders import ACCOUNT_ID, MESSAGE_ID
from tests.system import InvocationContext, forget_processes_past, record
from workers import delivery

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
READS: dict[str, Callable[[], object]] = {
    "a message": lambda: messages.find_message(MESSAGE_ID),
    "attempts": lambda: deliveries.list_attempts(MESSAGE_ID, "webhook"),
    "a month": lambda: lists.list_by_month(wanted=MessageFilter(), cursor=None, limit=5, now=NOW),
    "one's own": lambda: lists.list_owned(owner="editor-1", wanted=MessageFilter(), cursor=None, limit=5),
    "accounts": accounts.list_accounts,
    "a lane": lambda: accounts.read_lane(ACCOUNT_ID),
    "timers": lambda: timers.list_scheduled(NOW, limit=5),
}


@pytest.fixture
def no_table(table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table at an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget_processes_past()
    bind(table)
    yield
    forget_processes_past()


@pytest.mark.usefixtures("no_table")
class TestARead:
    @pytest.mark.parametrize("name", READS)
    def test_without_its_table_says_so(self, name: str):
        with pytest.raises(UnavailableError):
            READS[name]()

    def test_without_its_table_makes_the_worker_ask_for_the_record_again(self):
        event = Deliver(message_id=MESSAGE_ID, delivery_id="webhook", account_id=ACCOUNT_ID, gen=1)
        sent = record(event.encode(), event.account_id, 1)

        answer = delivery.handler({"Records": [sent]}, InvocationContext())

        assert answer == {"batchItemFailures": [{"itemIdentifier": sent["kinesis"]["sequenceNumber"]}]}
