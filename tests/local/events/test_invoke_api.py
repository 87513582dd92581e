"""Lambda's Invoke over a real socket, asked by the SDK's own client."""

import io
import json
import threading
import urllib.request
from typing import Any, cast

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.events.asynchronous import AsynchronousInvoker
from local.events.function import Function
from local.events.invoke_api import InvokeServer


class Scheduler:
    """A handler that notes its calls and does as it was told."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.contexts: list[Any] = []
        self.hold = threading.Event()
        self.hold.set()
        self.error: Exception | None = None

    def __call__(self, event: dict[str, Any], context: Any) -> object:
        self.contexts.append(context)
        self.events.append(event)
        self.hold.wait(20)
        if self.error is not None:
            raise self.error
        return {"seen": event}


@pytest.fixture
def scheduler():
    return Scheduler()


@pytest.fixture
def invoker(scheduler):
    invoker = AsynchronousInvoker(parallelism=2)
    yield invoker
    scheduler.hold.set()
    invoker.close()


@pytest.fixture
def server(scheduler, invoker):
    function = Function(name="omnipub-scheduler", handler=scheduler, timeout=60.0, memory=256)
    server = InvokeServer(0, {function.name: function}, invoker)
    thread = server.start()
    yield server
    scheduler.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(server):
    return botocore.session.Session().create_client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


class TestInvoke:
    def test_returns_what_the_handler_returns(self, client):
        answer = client.invoke(FunctionName="omnipub-scheduler", Payload=b'{"slice": 1}')

        assert answer["StatusCode"] == 200
        assert json.load(answer["Payload"]) == {"seen": {"slice": 1}}
        assert "FunctionError" not in answer

    def test_accepts_a_functions_arn(self, client):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:omnipub-scheduler"

        assert client.invoke(FunctionName=arn)["StatusCode"] == 200

    def test_reports_what_the_handler_raises(self, client, scheduler):
        scheduler.error = RuntimeError("no table")

        answer = client.invoke(FunctionName="omnipub-scheduler")

        assert answer["StatusCode"] == 200
        assert answer["FunctionError"] == "Unhandled"
        assert json.load(answer["Payload"])["errorType"] == "RuntimeError"

    def test_of_an_event_does_not_wait_for_the_handler(self, client, scheduler, wait_until):
        scheduler.hold.clear()

        answer = client.invoke(FunctionName="omnipub-scheduler", InvocationType="Event", Payload=b'{"due": "soon"}')

        assert answer["StatusCode"] == 202
        wait_until(lambda: scheduler.events == [{"due": "soon"}])

    def test_runs_events_side_by_side_up_to_its_limit(self, client, scheduler, wait_until):
        scheduler.hold.clear()
        for number in range(3):
            payload = json.dumps(number).encode()
            client.invoke(FunctionName="omnipub-scheduler", InvocationType="Event", Payload=payload)
        wait_until(lambda: len(scheduler.events) == 2)

        scheduler.hold.set()

        wait_until(lambda: sorted(cast("list[int]", scheduler.events)) == [0, 1, 2])

    def test_gives_the_handler_the_functions_own_limits(self, client, scheduler):
        client.invoke(FunctionName="omnipub-scheduler")

        (context,) = scheduler.contexts
        assert context.memory_limit_in_mb == 256
        assert context.get_remaining_time_in_millis() <= 60_000

    def test_of_an_unknown_function_is_the_sdks_own_error(self, client):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.invoke(FunctionName="other", InvocationType="Event")

    def test_refuses_what_is_not_json(self, client):
        with pytest.raises(ClientError) as caught:
            client.invoke(FunctionName="omnipub-scheduler", Payload=io.BytesIO(b"{"))

        assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"

    def test_refuses_too_large_an_event(self, client, scheduler):
        with pytest.raises(ClientError) as caught:
            client.invoke(
                FunctionName="omnipub-scheduler", InvocationType="Event", Payload=b'"' + b"x" * 1024 * 1024 + b'"'
            )

        assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"
        assert scheduler.events == []


class TestHealth:
    def test_is_answered(self, server):
        with urllib.request.urlopen(f"{server.url}/health") as answer:
            assert json.load(answer) == {"status": "ok"}


class TestAsynchronousEvent:
    def test_that_waited_too_long_is_given_up(self, scheduler, wait_until, caplog):
        invoker = AsynchronousInvoker(parallelism=1, maximum_event_age=-1.0)
        function = Function(name="omnipub-scheduler", handler=scheduler, timeout=60.0)

        invoker.submit(function, {})

        wait_until(lambda: "EventAgeExceeded" in caplog.text)
        invoker.close()
        assert scheduler.events == []

    def test_that_fails_is_not_tried_again(self, scheduler, invoker, wait_until):
        scheduler.error = RuntimeError("no table")
        function = Function(name="omnipub-scheduler", handler=scheduler, timeout=60.0)

        invoker.submit(function, {"number": 1})
        wait_until(lambda: scheduler.events)
        scheduler.error = None
        invoker.submit(function, {"number": 2})
        wait_until(lambda: len(scheduler.events) == 2)

        assert scheduler.events == [{"number": 1}, {"number": 2}]
