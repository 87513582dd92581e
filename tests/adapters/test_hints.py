"""The transports of hints and the scheduler's waker: best effort, and they say what did not arrive."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from publishing.adapters import aws, functions
from publishing.adapters.direct import Direct
from publishing.adapters.hints import Hints, Nowhere
from publishing.adapters.stream import Stream
from publishing.adapters.transports import transport_of
from publishing.config import Config
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


class TestHintsOnTheStream:
    def test_that_were_refused_are_put_again_alone(self, monkeypatch: pytest.MonkeyPatch):
        kinesis = Kinesis(refusals=1)
        use(monkeypatch, kinesis)

        unsent = Stream("hints").put_events(build_events(3))

        assert unsent == 0
        assert kinesis.batches == [["A0", "A1", "A2"], ["A0"]]

    def test_that_never_arrive_are_counted(self, monkeypatch: pytest.MonkeyPatch):
        use(monkeypatch, Kinesis(refusals=9))

        assert Stream("hints").put_events(build_events(3)) == 1

    def test_are_all_counted_when_the_stream_is_away(self, monkeypatch: pytest.MonkeyPatch):
        use(monkeypatch, Kinesis(is_away=True))

        assert Stream("hints").put_events(build_events(3)) == 3

    def test_travel_in_batches_that_the_stream_takes(self, monkeypatch: pytest.MonkeyPatch):
        kinesis = Kinesis()
        use(monkeypatch, kinesis)

        Stream("hints").put_events(build_events(501))

        assert [len(batch) for batch in kinesis.batches] == [500, 1]


class Lambda:
    """Refuses the first calls as often as it is told to, each for another reason."""

    def __init__(self, *refusals: Exception) -> None:
        self.calls: list[dict[str, Any]] = []
        self.refusals = list(refusals)

    def invoke(self, **call: Any) -> None:
        self.calls.append(call)
        if self.refusals:
            raise self.refusals.pop(0)

    @property
    def batches(self) -> list[list[str]]:
        """The lanes of each call's records."""
        return [
            [record["kinesis"]["partitionKey"] for record in json.loads(call["Payload"])["Records"]]
            for call in self.calls
        ]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Invoke")


THROTTLED, GONE = refusal("TooManyRequestsException"), refusal("ResourceNotFoundException")
AWAY = EndpointConnectionError(endpoint_url="https://lambda.example.org")


class TestHintsToTheWorkerItself:
    def test_are_asynchronous_invocations_with_what_a_batch_of_the_stream_holds(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda()
        use(monkeypatch, function)
        events = build_events(2)

        unsent = Direct("worker").put_events(events)

        (call,) = function.calls
        records = [record["kinesis"] for record in json.loads(call["Payload"])["Records"]]
        assert unsent == 0
        assert (call["FunctionName"], call["InvocationType"]) == ("worker", "Event")
        assert [base64.b64decode(record["data"]) for record in records] == [event.encode() for event in events]
        assert len({record["sequenceNumber"] for record in records}) == 2

    def test_keep_an_accounts_together_in_their_order(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda()
        use(monkeypatch, function)
        events = [replace(event, gen=gen) for gen in (1, 2, 3) for event in build_events(7)]

        Direct("worker").put_events(events)

        assert [len(batch) for batch in function.batches] == [9, 9, 3]
        assert [sorted(set(batch)) for batch in function.batches] == [["A0", "A1", "A2"], ["A3", "A4", "A5"], ["A6"]]
        for call in function.calls:
            sent = [
                json.loads(base64.b64decode(each["kinesis"]["data"])) for each in json.loads(call["Payload"])["Records"]
            ]
            assert [each["gen"] for each in sent] == [1, 2, 3] * (len(sent) // 3)

    def test_travel_in_batches_that_the_worker_has_lanes_for(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda()
        use(monkeypatch, function)
        one_account = [Deliver(message_id="M", delivery_id="webhook", account_id="A", gen=gen) for gen in range(12)]

        Direct("worker").put_events([*build_events(25), *one_account])

        assert [len(batch) for batch in function.batches] == [10, 10, 5, 10, 2]
        # What an asynchronous invocation takes at most.
        assert max(len(call["Payload"]) for call in function.calls) < 256 * 1024

    @pytest.mark.parametrize("reason", [THROTTLED, GONE, AWAY], ids=["throttled", "gone", "out of reach"])
    def test_that_were_refused_are_sent_again_alone(self, monkeypatch: pytest.MonkeyPatch, reason: Exception):
        function = Lambda(reason)
        use(monkeypatch, function)

        unsent = Direct("worker").put_events(build_events(12))

        assert unsent == 0
        assert [batch[0] for batch in function.batches] == ["A0", "A10", "A0"]

    def test_that_never_arrive_are_counted(self, monkeypatch: pytest.MonkeyPatch):
        function = Lambda(*[THROTTLED, GONE, AWAY] * 3)
        use(monkeypatch, function)

        assert Direct("worker").put_events(build_events(21)) == 21
        assert len(function.calls) == 9


class TestTheTransport:
    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ({"KINESIS_STREAM_NAME": "hints"}, Stream("hints")),
            ({"OMNIPUB_WORKER_FUNCTION": "worker"}, Direct("worker")),
            ({"KINESIS_STREAM_NAME": "hints", "OMNIPUB_WORKER_FUNCTION": "worker"}, Stream("hints")),
        ],
        ids=["stream", "direct", "both"],
    )
    def test_is_the_stream_where_there_is_one_and_else_the_worker(self, variables: dict[str, str], expected: Hints):
        assert transport_of(Config.from_environment({"TABLE_NAME": "t", **variables})) == expected

    def test_that_is_not_configured_takes_nothing_and_says_so(self):
        nowhere = transport_of(Config.from_environment({"TABLE_NAME": "t"}))

        assert isinstance(nowhere, Nowhere)
        assert nowhere.put_events(build_events(2)) == 2


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
