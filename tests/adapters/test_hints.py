"""The stream and the scheduler's waker: best effort, and they say what did not arrive."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from publishing.adapters import aws, functions, stream
from publishing.domain.events import Deliver


def build_events(count: int) -> list[Deliver]:
    return [Deliver(message_id="M", delivery_id="webhook", account_id=f"A{place}", gen=1) for place in range(count)]


class Kinesis:
    """Refuses the first of every batch as often as it is told to."""

    def __init__(self, refusals: int = 0, *, is_away: bool = False) -> None:
        self.refusals, self.is_away = refusals, is_away
        self.batches: list[list[str]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's
        self.batches.append([record["PartitionKey"] for record in Records])
        if self.is_away:
            raise EndpointConnectionError(endpoint_url="https://kinesis.example.org")
        results: list[dict[str, str]] = [{"SequenceNumber": "1"} for _ in Records]
        if self.refusals:
            self.refusals -= 1
            results[0] = {"ErrorCode": "ProvisionedThroughputExceededException"}
            return {"FailedRecordCount": 1, "Records": results}
        return {"FailedRecordCount": 0, "Records": results}


def use(monkeypatch: pytest.MonkeyPatch, client: object) -> None:
    monkeypatch.setattr(aws, "client", lambda _: client)


class TestHints:
    def test_that_were_refused_are_put_again_alone(self, monkeypatch: pytest.MonkeyPatch):
        kinesis = Kinesis(refusals=1)
        use(monkeypatch, kinesis)

        unsent = stream.put_events("hints", build_events(3))

        assert unsent == 0
        assert kinesis.batches == [["A0", "A1", "A2"], ["A0"]]

    def test_that_never_arrive_are_counted(self, monkeypatch: pytest.MonkeyPatch):
        use(monkeypatch, Kinesis(refusals=9))

        assert stream.put_events("hints", build_events(3)) == 1

    def test_are_all_counted_when_the_stream_is_away(self, monkeypatch: pytest.MonkeyPatch):
        use(monkeypatch, Kinesis(is_away=True))

        assert stream.put_events("hints", build_events(3)) == 3

    def test_travel_in_batches_that_the_stream_takes(self, monkeypatch: pytest.MonkeyPatch):
        kinesis = Kinesis()
        use(monkeypatch, kinesis)

        stream.put_events("hints", build_events(501))

        assert [len(batch) for batch in kinesis.batches] == [500, 1]


class Lambda:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **call: Any) -> None:
        self.calls.append(call)


class TestTheWaker:
    def test_makes_one_call_of_wakes_that_come_together(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda()
        use(monkeypatch, function)
        waker = functions.SchedulerWaker("scheduler")

        for _ in range(5):
            waker.wake()

        assert [call["InvocationType"] for call in function.calls] == ["Event"]

    def test_wakes_nobody_without_a_function(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda()
        use(monkeypatch, function)

        assert not functions.invoke_scheduler("")
        assert function.calls == []
