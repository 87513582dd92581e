"""Writes whose answer is lost on the way: the SDK repeats them blindly, and the writer recognises its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import UnavailableError
from publishing.domain.message import MessageStatus
from publishing.domain.operations import Applied, NotApplied
from publishing.items.base import TableItem
from publishing.store import messages
from publishing.store.deliveries import apply, list_attempts
from tests.builders import NOW
from tests.store.rows import MINUTE, SECOND, operations, put_message_row, put_row, read_row

pytestmark = pytest.mark.usefixtures("table")
S = DeliveryState


@contextmanager
def answers_lost(count: int = 1) -> Iterator[list[str]]:
    """Let requests reach the table, and lose this many answers on their way back. Yields what was sent."""
    events: Any = TableItem._get_connection().connection.client.meta.events
    left, sent = [count], []

    def lose(response: Any, operation: Any, request_dict: dict[str, Any], **_: Any) -> float | None:
        sent.append(operation.name)
        if response is not None and left[0] and "Item" in operation.name:
            left[0] -= 1
            return 0.0  # seconds to wait before the SDK sends the same request again
        return None

    events.register_first("needs-retry.dynamodb", lose, unique_id="lose")
    try:
        yield sent
    finally:
        events.unregister("needs-retry.dynamodb", lose, unique_id="lose")


#: Operation → the state it starts from.
BEGINS = {
    "claim": S.PENDING,
    "save_handle": S.SENDING,
    "commit": S.SENDING,
    "published": S.COMMITTING,
    "found": S.UNKNOWN,
    "deferred_before": S.SENDING,
    "deferred_after": S.COMMITTING,
    "unknown": S.COMMITTING,
    "rejected_before": S.SENDING,
    "rejected_after": S.COMMITTING,
    "take_over": S.COMMITTING,
    "enter_doubt": S.RETRY,
    "fail_unsent": S.PENDING,
    "cancel": S.PENDING,
    "absent_retry": S.UNKNOWN,
    "absent_failed": S.UNKNOWN,
    "absent_cancelled": S.UNKNOWN,
    "resend": S.UNKNOWN,
    "unconfirmed": S.UNKNOWN,
    "look_again": S.UNKNOWN,
}
#: A worker writes with the token of its claim.
OF_THE_HOLDER = {
    "save_handle",
    "commit",
    "deferred_before",
    "deferred_after",
    "unknown",
    "rejected_before",
    "rejected_after",
}


def begin(name: str):
    fields: dict[str, Any] = {"owner": "the-owner"} if name in OF_THE_HOLDER else {}
    if name == "enter_doubt":
        fields["maybe_sent"] = True
    return put_row(BEGINS[name], **fields)


class TestAWriteWhoseAnswerWasLost:
    @pytest.mark.parametrize("name", BEGINS)
    def test_is_repeated_by_the_sdk_and_counts_as_applied_once(self, name):
        before = begin(name)

        with answers_lost() as sent:
            result = apply(operations(before)[name])

        after = read_row(before)
        assert len(sent) >= 2
        assert isinstance(result, Applied)
        assert after.fence - before.fence in {0, 1}
        assert after.claims - before.claims == (1 if name == "claim" else 0)
        assert after.attempts + after.waits - before.attempts in {0, 1}

    @pytest.mark.parametrize("name", BEGINS)
    def test_counts_as_applied_when_its_writer_repeats_it(self, name):
        before = begin(name)
        operation = operations(before)[name]
        apply(operation)
        once = read_row(before)

        result = apply(operation)

        assert isinstance(result, Applied)
        assert read_row(before) == once
        assert len(list_attempts(before.message_id, "webhook")) <= 1

    @pytest.mark.parametrize("name", ["claim", "take_over", "cancel", "resend", "absent_retry"])
    def test_of_somebody_else_does_not(self, name):
        before = begin(name)
        apply(operations(before)[name])
        theirs = operations(before)[name]

        result = apply(type(theirs)(**{**fields_of(theirs), "owner": "somebody-else"}))

        assert isinstance(result, NotApplied)

    @pytest.mark.parametrize("kick", ["scheduled", "watchdog", "waiting"])
    def test_of_a_kick_is_the_kickers(self, kick):
        kicked, token = prepare_kick(kick), "the-token"

        with answers_lost() as sent:
            first = kicked(token)
        second = kicked("another-token")

        assert len(sent) >= 2
        assert first is not None
        assert second is None


def fields_of(operation: Any) -> dict[str, Any]:
    return {name: getattr(operation, name) for name in operation.__dataclass_fields__}


def prepare_kick(kind: str) -> Callable[[str], object]:
    if kind == "scheduled":
        due = put_message_row(MessageStatus.SCHEDULED)
        return lambda token: messages.kick_scheduled(due.id, now=NOW, watchdog=MINUTE, token=token, review_on=False)
    if kind == "watchdog":
        stalled = put_message_row(MessageStatus.PUBLISHING)
        return lambda token: messages.kick_watchdog(stalled.id, now=NOW, watchdog=MINUTE, token=token)
    waiting = put_row(S.RETRY)
    return lambda token: messages.kick_waiting(
        waiting.message_id, waiting.id, now=NOW + SECOND, again=MINUTE, token=token
    )


class TestATableOutOfReach:
    def test_is_said_to_be_so(self):
        before = put_row(S.PENDING)
        client = TableItem._get_connection().connection.client

        def refuse(**_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

        client.meta.events.register("before-send.dynamodb", refuse, unique_id="refuse")
        try:
            with pytest.raises(UnavailableError, match="could not be reached"):
                apply(operations(before)["claim"])
        finally:
            client.meta.events.unregister("before-send.dynamodb", refuse, unique_id="refuse")

        assert read_row(before).state is S.PENDING
