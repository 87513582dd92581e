"""What one publication on one channel costs the table, held to the number that `docs/delivery.md` names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publishing.domain.account import Account
from publishing.domain.draft import Draft, StoredAnswer
from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus
from publishing.domain.schedule import due_now
from publishing.items.base import TableItem
from publishing.services.scheduling import create_message
from tests.system import System

DOCUMENT = Path(__file__).parents[2] / "docs/delivery.md"
#: Writes to the table itself for one publication on one channel; from here only downwards.
BASE_WRITES = 12

#: Part, request, writes to the table, write units of the table, write units of the indexes.
Row = tuple[str, str, int, int, int]


def documented() -> list[Row]:
    """The rows of the budget's table in the document."""
    section = DOCUMENT.read_text().partition("\n## The budget\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        (part, request, int(writes), int(table), int(indexes)) for part, request, writes, table, indexes, _ in cells
    ]


class Meter:
    """Records every request to the table while a part of the path is under way."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.part = ""
        self._writes = 0

    def ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"
        self._writes = len(params.get("TransactItems", ())) or int(
            {"Item", "UpdateExpression"} & params.keys() != set()
        )

    def note(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity") or {}
        tables = consumed if isinstance(consumed, list) else [consumed]
        indexes = [index for table in tables for index in table.get("GlobalSecondaryIndexes", {}).values()]
        in_indexes = sum(units(index) for index in indexes) if self._writes else 0
        total = sum(units(table) for table in tables) if self._writes else 0
        self.rows.append((self.part, model.name, self._writes, int(total - in_indexes), int(in_indexes)))


def units(consumed: dict[str, Any]) -> float:
    return float(consumed.get("CapacityUnits", 0))


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter the requests of the client that the store is bound to."""
    meter = Meter()
    events = TableItem._get_connection().connection.client.meta.events
    events.register("before-parameter-build.dynamodb", meter.ask, unique_id="ask")
    events.register("after-call.dynamodb", meter.note, unique_id="note")
    try:
        yield meter
    finally:
        events.unregister("before-parameter-build.dynamodb", meter.ask, unique_id="ask")
        events.unregister("after-call.dynamodb", meter.note, unique_id="note")


def publish(system: System, account: Account, meter: Meter | None = None) -> str:
    """Create a message with an idempotency key, due now; dispatch it; deliver it."""
    now = datetime.now(UTC)
    answer = StoredAnswer(user_id=system.actor.id, key_sha=new_id(now), request_sha="r", status=201, body="{}")
    draft = Draft(text="We are live!", account_ids=(account.id,), due=due_now(now))
    meter = meter or Meter()
    meter.part = "request"
    created = create_message(actor=system.actor, draft=draft, now=now, context=system.context, answer=lambda _: answer)
    meter.part = "tick"
    system.tick()
    meter.part = "worker"
    system.work()
    return created.message.id


@pytest.fixture
def measured(system: System) -> list[Row]:
    """The requests of one publication, in a process that has published before."""
    account = system.connect("webhook", "newsroom")
    publish(system, account)
    with metered() as meter:
        message_id = publish(system, account, meter)
    assert system.read(message_id).message.status is MessageStatus.PUBLISHED
    return meter.rows


class TestOnePublication:
    def test_costs_what_the_document_says(self, measured: list[Row]):
        assert measured == documented()

    def test_takes_no_more_writes_than_the_budget(self, measured: list[Row]):
        assert sum(writes for _, _, writes, _, _ in measured) <= BASE_WRITES
