"""A tick with more to do than time: what is due goes first, and what is left goes to another invocation."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from publishing.domain.timing import Timing
from publishing.services import steps
from publishing.services.dispatching import HANDOVER, TickReport, TickRules, tick
from publishing.services.steps import Reading, Timers, drive
from publishing.store.timers import Timer

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
RULES = TickRules(timing=Timing(), random=Random(1))


class Table:
    """A table where each write takes a second of working time, and every timer is due."""

    def __init__(self, timers: Timers, *, seconds: float) -> None:
        self.timers = timers
        self.remaining = timedelta(seconds=seconds)
        self.done: list[tuple[str, Any]] = []

    def __call__(self, step: Any) -> Any:
        match step:
            case steps.ReadClock():
                return Reading(now=NOW, remaining=self.remaining)
            case steps.ListTimers():
                return self.timers
            case steps.IsStopped():
                return False
            case steps.CallScheduler():
                self.done.append(("CallScheduler", None))
                return True
            case _:
                # Somebody else was first: the write is refused, and there is no hint to put.
                self.done.append((type(step).__name__, step.message_id))
                self.remaining -= timedelta(seconds=1)
                return None


def due(name: str, count: int, *, delivery_id: str | None = None) -> tuple[Timer, ...]:
    return tuple(Timer(message_id=f"{name}{number}", delivery_id=delivery_id, at=NOW) for number in range(count))


def run(table: Table) -> TickReport:
    return drive(tick(rules=RULES, is_wake=False), table)


class TestATick:
    def test_dispatches_what_is_due_before_it_takes_up_what_stalled(self):
        timers = Timers(scheduled=due("due", 2), stalled=due("stalled", 1), waiting=due("waiting", 1, delivery_id="x"))
        table = Table(timers, seconds=60)

        run(table)

        assert [name for name, _ in table.done] == ["KickScheduled", "KickScheduled", "KickWaiting", "KickWatchdog"]

    def test_leaves_what_it_has_no_time_for_to_another_invocation(self):
        table = Table(Timers(scheduled=(), stalled=due("stalled", 100), waiting=()), seconds=30)

        report = run(table)

        assert report.handed_over
        assert table.done[-1] == ("CallScheduler", None)
        assert table.remaining == HANDOVER

    def test_that_had_time_for_all_calls_nobody(self):
        table = Table(Timers(scheduled=(), stalled=due("stalled", 3), waiting=()), seconds=60)

        assert not run(table).handed_over
        assert ("CallScheduler", None) not in table.done
