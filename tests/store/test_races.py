"""Writers that meet: exactly one of them wins, however often it is tried."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.operations import Applied
from publishing.store import messages
from publishing.store.deliveries import apply, list_attempts
from tests.builders import NOW
from tests.store.rows import MINUTE, operations, put_message_row, put_row, read_message, read_row

pytestmark = pytest.mark.usefixtures("table")
S = DeliveryState
ROUNDS = 10


def at_once(*writers: Callable[[], Any]) -> list[Any]:
    """Start all writers at the same moment and return what each of them got."""
    start = threading.Barrier(len(writers))

    def run(writer: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        return writer()

    with ThreadPoolExecutor(max_workers=len(writers)) as threads:
        return list(threads.map(run, writers))


class TestEightWorkersAtOneDelivery:
    @pytest.mark.parametrize("state", [S.PENDING, S.RETRY, S.SENDING])
    def test_have_one_winner(self, state):
        for _ in range(3):
            before = put_row(state)
            claim = operations(before)["claim"]
            claims = [replace(claim, owner=f"worker-{n}") for n in range(8)]

            results = at_once(*(partial(apply, claim) for claim in claims))

            after = read_row(before)
            (winner,) = (n for n, result in enumerate(results) if isinstance(result, Applied))
            assert (after.owner, after.fence, after.claims) == (f"worker-{winner}", 4, 4)


class TestACancelAndACommitMark:
    def test_exclude_one_another(self):
        for _ in range(ROUNDS):
            before = put_row(S.SENDING, leased_until=NOW + MINUTE)
            todo = operations(before)

            cancelled, committed = at_once(partial(apply, todo["cancel"]), partial(apply, todo["commit"]))

            state = read_row(before).state
            assert isinstance(cancelled, Applied) != isinstance(committed, Applied)
            assert state is (S.CANCELLED if isinstance(cancelled, Applied) else S.COMMITTING)
            assert len(list_attempts(before.message_id, "webhook")) == (1 if state is S.COMMITTING else 0)


class TestAClaimACancelAndACommitMark:
    def test_of_a_lease_that_ran_out_let_one_through_or_a_cancel_after_the_claim(self):
        for _ in range(ROUNDS):
            before = put_row(S.SENDING)
            todo = operations(before)

            claimed, cancelled, committed = (
                isinstance(result, Applied)
                for result in at_once(
                    partial(apply, todo["claim"]), partial(apply, todo["cancel"]), partial(apply, todo["commit"])
                )
            )

            state = read_row(before).state
            # A commit mark bears a fence: it never holds after another claim, nor after a cancel.
            assert committed == (state is S.COMMITTING)
            assert not (committed and (claimed or cancelled))
            assert cancelled == (state is S.CANCELLED)
            assert claimed or cancelled or committed


class TestTwoSchedulers:
    def test_dispatch_a_message_once(self):
        for _ in range(ROUNDS):
            due = put_message_row(MessageStatus.SCHEDULED)

            kicked = at_once(
                *(
                    partial(messages.kick_scheduled, due.id, now=NOW, watchdog=MINUTE, token=token, review_on=False)
                    for token in ("one", "two", "three")
                )
            )

            (winner,) = (message for message in kicked if message is not None)
            assert read_message(due).kick == winner.kick

    def test_take_up_a_waiting_delivery_once(self):
        waiting = put_row(S.UNKNOWN)

        kicked = at_once(
            *(
                partial(messages.kick_waiting, waiting.message_id, "webhook", now=NOW, again=MINUTE, token=token)
                for token in ("one", "two", "three")
            )
        )

        assert len([delivery for delivery in kicked if delivery is not None]) == 1


class TestTwoFinishers:
    def test_end_a_message_once(self):
        message = put_message_row(MessageStatus.PUBLISHING)

        ended = at_once(
            *(partial(messages.finalise, message.id, gen=1, status=MessageStatus.PUBLISHED, now=NOW) for _ in range(4))
        )

        assert ended.count(True) == 1
