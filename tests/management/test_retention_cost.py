"""What it costs to remove a message by command, as the decision record says."""

import re
from datetime import timedelta
from pathlib import Path

from publishing.adapters import clock as process_clock
from publishing.domain.permissions import SYSTEM
from publishing.services import retaining
from tests.clock import Clock
from tests.journeys.test_budget import metered
from tests.system import System

DECISION = Path("docs/adr/0017-messages-that-ended-go-by-command.md")
YEAR = timedelta(days=365)


def documented() -> dict[str, int]:
    """The numbers of the decision's table, by what they are of."""
    rows = re.findall(r"^\| (.+?) \| (\d+) \|$", DECISION.read_text(), re.MULTILINE)
    return {what: int(units) for what, units in rows}


class TestRemovingAMessage:
    def test_costs_what_the_decision_says(self, system: System, clock: Clock):
        account = system.connect("webhook", "kept")
        message_id = system.publish(account).message.id
        system.settle()
        clock.move(seconds=366 * 86_400)

        with metered() as meter:
            removed = list(retaining.remove_messages(actor=SYSTEM, kept_for=YEAR, limit=200, now=process_clock.now()))

        assert removed == [message_id]
        written = [row for row in meter.rows if row[2]]
        assert {
            "Requests that write": len(written),
            "Rows written or deleted": sum(row[2] for row in written),
            "Write units of the table": sum(row[3] for row in written),
            "Write units of the indexes": sum(row[4] for row in written),
        } == documented()
