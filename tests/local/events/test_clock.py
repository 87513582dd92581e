"""The minute rule: its grid, its event, and that it invokes."""

import threading
from datetime import UTC, datetime

import pytest

from local.events.asynchronous import AsynchronousInvoker
from local.events.clock import next_tick, run_clock
from local.events.function import Function


class TestGrid:
    @pytest.mark.parametrize(
        ("now", "interval", "expected"),
        [
            ("12:00:00.000", 60, "12:01:00"),
            ("12:00:00.001", 60, "12:01:00"),
            ("12:00:59.999", 60, "12:01:00"),
            ("12:00:31.000", 10, "12:00:40"),
        ],
    )
    def test_goes_by_the_wall_clock(self, now, interval, expected):
        moment = datetime.fromisoformat(f"2026-11-22T{now}+00:00")

        assert next_tick(moment, interval) == datetime.fromisoformat(f"2026-11-22T{expected}+00:00")


class TestClock:
    def test_ticks_at_once_and_then_on_its_grid_with_events_as_eventbridge_sends_them(self, wait_until):
        events = []
        function = Function(name="omnipub-scheduler", handler=lambda event, _: events.append(event), timeout=60.0)
        invoker = AsynchronousInvoker(parallelism=1)
        stop = threading.Event()
        clock = threading.Thread(target=run_clock, args=(function, invoker), kwargs={"interval": 0.05, "stop": stop})

        clock.start()
        wait_until(lambda: len(events) >= 3)
        stop.set()
        clock.join()
        invoker.close()

        event = events[0]
        assert event["source"] == "aws.events"
        assert event["detail-type"] == "Scheduled Event"
        assert event["detail"] == {}
        assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/omnipub-every-minute"]
        assert datetime.fromisoformat(event["time"]).tzinfo == UTC
        assert len({event["id"] for event in events}) == len(events)
