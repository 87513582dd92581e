"""The one identical repeat that stands for a look-up, in the table."""

from dataclasses import replace

import pytest

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.operations import Applied, CommitDelivery, NotApplied, RecordDeferred, SettleAbsent
from publishing.store.deliveries import apply, list_attempts
from publishing.store.messages import find_message
from tests.builders import NOW
from tests.store.rows import operations, put_message_row, put_row

pytestmark = pytest.mark.usefixtures("table")

S = DeliveryState


def put_claimed(status: MessageStatus, **fields) -> Delivery:
    """Put a message, and its delivery that was claimed while an earlier attempt is in doubt."""
    message = put_message_row(status)
    return put_row(S.SENDING, message_id=message.id, maybe_sent=True, **fields)


def read(delivery: Delivery) -> Delivery:
    found = find_message(delivery.message_id)
    assert found is not None
    return found.deliveries[0]


def commit(delivery: Delivery, *, is_probe: bool = True) -> CommitDelivery:
    operation = operations(delivery)["commit"]
    assert isinstance(operation, CommitDelivery)
    return replace(operation, is_probe=is_probe)


class TestTheCommitMarkOfAProbe:
    def test_spends_it(self):
        claimed = put_claimed(MessageStatus.PUBLISHING)

        result = apply(commit(claimed))

        after = read(claimed)
        assert isinstance(result, Applied)
        assert (after.state, after.probed, after.maybe_before) == (S.COMMITTING, True, True)
        assert len(list_attempts(claimed.message_id, claimed.id)) == 1

    @pytest.mark.parametrize("status", sorted(set(MessageStatus) - {MessageStatus.PUBLISHING}))
    def test_is_refused_unless_the_message_is_publishing(self, status: MessageStatus):
        claimed = put_claimed(status)

        result = apply(commit(claimed))

        after = read(claimed)
        assert isinstance(result, NotApplied)
        assert (after.state, after.probed) == (S.SENDING, False)
        assert list_attempts(claimed.message_id, claimed.id) == ()

    def test_of_any_other_attempt_looks_at_no_message_and_spends_nothing(self):
        claimed = put_claimed(MessageStatus.CANCELLING)

        apply(commit(claimed, is_probe=False))

        assert (read(claimed).state, read(claimed).probed) == (S.COMMITTING, False)


class TestTheDeferral:
    @pytest.mark.parametrize("is_probe", [True, False])
    def test_gives_back_only_the_probe_that_it_is_of(self, is_probe: bool):
        claimed = put_claimed(MessageStatus.PUBLISHING)
        apply(commit(claimed))
        deferral = operations(claimed)["deferred_after"]
        assert isinstance(deferral, RecordDeferred)

        apply(replace(deferral, is_probe=is_probe))

        after = read(claimed)
        assert (after.state, after.maybe_sent, after.probed) == (S.RETRY, True, not is_probe)


class TestAbsence:
    def test_remembers_that_there_was_doubt(self):
        doubted = put_row(S.UNKNOWN, message_id=put_message_row(MessageStatus.PUBLISHING).id)
        absence = operations(doubted)["absent_retry"]
        assert isinstance(absence, SettleAbsent)

        apply(replace(absence, next_at=NOW))

        assert (read(doubted).maybe_sent, read(doubted).doubted) == (False, True)
