"""A stage without a stream: the real scheduler's invocations, handed to the real worker, or lost on the way."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from publishing.adapters import aws
from publishing.adapters import clock as adapter
from publishing.adapters.direct import Direct
from publishing.adapters.hints import Hints
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import UnavailableError
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import SYSTEM
from publishing.services.connecting import check_account
from publishing.services.context import Context
from publishing.store import messages
from publishing.store.accounts import get_account
from publishing.store.parked import list_parked
from tests.clock import Clock
from tests.system import LOCAL, InvocationContext, QuietWaker, System
from workers import delivery

# Before the fixture of a whole system takes its place.
_put_events = Hints.put_events


class Lambda:
    """Takes asynchronous invocations of one function, as Lambda's API does, and leaves it to the test when they run."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.is_throttled = False
        self.queue: list[bytes] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, int]:  # noqa: N803 - AWS's
        if self.is_throttled or FunctionName != self.function:
            code = "TooManyRequestsException" if self.is_throttled else "ResourceNotFoundException"
            raise ClientError({"Error": {"Code": code}}, "Invoke")
        assert InvocationType == "Event"
        assert len(Payload) <= 256 * 1024
        self.queue.append(Payload)
        return {"StatusCode": 202}

    def run(self, *, seconds: float = 300) -> list[Any]:
        """Run what waits, each by the worker's handler; return what it answered, which Lambda throws away."""
        waiting, self.queue = self.queue, []
        return [delivery.handler(json.loads(payload), InvocationContext(seconds)) for payload in waiting]


@pytest.fixture
def worker(system: System) -> Iterator[Lambda]:
    """The worker function of a stage without a stream, and a scheduler that knows it."""
    function = Lambda("omnipub-dev-worker")
    make_client = aws.client
    # Undone before the fixtures that this one needs end: they forget the clients.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "client", lambda name, *more: function if name == "lambda" else make_client(name, *more))
        patch.setattr(Hints, "put_events", _put_events)
        patch.setenv("KINESIS_STREAM_NAME", "")
        patch.setenv("OMNIPUB_WORKER_FUNCTION", function.function)
        yield function
    assert system.stream == []


def texts(system: System) -> list[str]:
    return sorted(post["text"] for post in system.posts())


class TestAMessage:
    def test_is_published_once_to_each_account(self, system: System, worker: Lambda):
        accounts = [system.connect("mastodon", "toots"), *(system.connect("webhook", f"room{n}") for n in range(11))]
        message_id = system.publish(*accounts).message.id

        tick = system.tick()
        invoked = len(worker.queue)
        answers = worker.run()

        assert (tick["dispatched"], tick["unsent"], invoked) == (1, 0, 2)
        assert answers == [{"batchItemFailures": []}] * 2
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 12

    def test_is_published_once_however_often_and_in_whatever_order_it_is_hinted_at(
        self, system: System, worker: Lambda
    ):
        account = system.connect("webhook", "newsroom")
        for text in ("one", "two", "three"):
            system.publish(account, text=text)
        system.tick()
        waiting = list(worker.queue)

        worker.queue = [*reversed(waiting), *waiting]
        worker.run()
        worker.queue = list(waiting)
        worker.run()

        assert texts(system) == ["one", "three", "two"]

    def test_is_published_late_and_once_when_an_invocation_is_lost(self, system: System, worker: Lambda, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.tick()
        (lost,) = worker.queue
        worker.queue.clear()

        system.tick()
        before = list(worker.queue)
        clock.move(seconds=91)
        system.tick()
        worker.run()
        # Lambda kept it after all.
        worker.queue = [lost]
        worker.run()

        assert before == []
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1

    def test_is_published_when_the_worker_can_be_invoked_again(self, system: System, worker: Lambda, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        worker.is_throttled = True
        tick = system.tick()
        worker.is_throttled = False

        clock.move(seconds=91)
        system.tick()
        worker.run()

        assert (tick["dispatched"], tick["unsent"]) == (1, 1)
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1

    def test_is_published_when_the_answer_about_a_failed_record_is_thrown_away(
        self, system: System, worker: Lambda, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ):
        lost, found = (system.connect("webhook", name) for name in ("lost", "found"))
        ids = {account.name: system.publish(account).message.id for account in (lost, found)}
        system.tick()
        find = messages.find_message

        def fail(message_id: str) -> Any:
            if message_id == ids["lost"]:
                raise UnavailableError("The table could not be reached.")
            return find(message_id)

        with monkeypatch.context() as away:
            away.setattr(messages, "find_message", fail)
            answers = worker.run()
        between = {name: system.read(message_id).message.status for name, message_id in ids.items()}
        clock.move(seconds=91)
        system.tick()
        worker.run()

        assert sorted(len(answer["batchItemFailures"]) for answer in answers) == [0, 1]
        assert between == {"lost": MessageStatus.PUBLISHING, "found": MessageStatus.PUBLISHED}
        assert system.read(ids["lost"]).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 2

    def test_is_not_begun_by_an_invocation_that_has_no_time(self, system: System, worker: Lambda, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.tick()

        worker.run(seconds=15)
        (untouched,) = system.read(message_id).deliveries
        clock.move(seconds=91)
        system.tick()
        worker.run()

        assert (untouched.state, untouched.claims) == (DeliveryState.PENDING, 0)
        assert len(system.posts()) == 1

    def test_is_tried_again_when_its_platform_asks_for_time(self, system: System, worker: Lambda, clock: Clock):
        system.misbehave("webhook", "rate_limited", count=1)
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id

        for _ in range(6):
            system.tick()
            worker.run()
            clock.move(minutes=1)

        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1


class TestARecordThatIsNotOurs:
    def test_is_parked_once_when_lambda_repeats_the_invocation(self, system: System, worker: Lambda):
        system.publish(system.connect("webhook", "newsroom"))
        system.tick()
        event = json.loads(worker.queue[0])
        event["Records"][0]["kinesis"]["data"] = "e30="

        worker.queue = [json.dumps(event).encode()] * 2
        worker.run()

        assert len(list_parked(f"{adapter.now():%Y-%m-%d}", limit=10)) == 1


class TestACheck:
    def test_of_an_account_goes_the_same_way(self, system: System, worker: Lambda):
        account = system.connect("mastodon", "toots")
        context = Context(waker=QuietWaker(), outgoing=LOCAL, hints=Direct(worker.function))

        check_account(actor=SYSTEM, account_id=account.id, now=adapter.now(), context=context)
        worker.run()

        checked = get_account(account.id).checked_at
        assert checked is not None
        assert adapter.now() - checked < timedelta(minutes=1)

    def test_is_refused_where_the_worker_is_not_there(self, system: System, worker: Lambda):
        account = system.connect("mastodon", "toots")
        context = Context(waker=QuietWaker(), outgoing=LOCAL, hints=Direct("another"))

        with pytest.raises(UnavailableError, match="did not reach the worker"):
            check_account(actor=SYSTEM, account_id=account.id, now=adapter.now(), context=context)
        assert worker.queue == []
