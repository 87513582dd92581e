"""What DynamoDB's errors mean to us."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from publishing.domain.errors import UnavailableError
from publishing.store import writes
from publishing.store.errors import ConditionFailedError, ContentionError, TransactionRefusedError, translate

OLD = {"PK": {"S": "MSG#1"}}


def error(code: str, **response) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "said so"}, **response}
    return ClientError(answer, "UpdateItem")


class TestAnError:
    def test_of_a_condition_brings_the_old_row(self):
        refused = translate(error("ConditionalCheckFailedException", Item=OLD))

        assert isinstance(refused, ConditionFailedError)
        assert refused.old == OLD

    @pytest.mark.parametrize("item", [None, {}])
    def test_of_a_condition_on_nothing_brings_none(self, item):
        refused = translate(error("ConditionalCheckFailedException", Item=item))

        assert isinstance(refused, ConditionFailedError)
        assert refused.old is None

    def test_of_a_transaction_names_the_writes_that_failed(self):
        reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": OLD}, {"Code": "TransactionConflict"}]

        refused = translate(error("TransactionCanceledException", CancellationReasons=reasons))

        assert isinstance(refused, TransactionRefusedError)
        assert (refused.failed, refused.old) == ((False, True, False), (None, OLD, None))

    @pytest.mark.parametrize(
        "met",
        [
            error("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}]),
            error("TransactionConflictException"),
            error("TransactionInProgressException"),
        ],
    )
    def test_of_another_write_under_way_is_contention(self, met):
        assert isinstance(translate(met), ContentionError)

    @pytest.mark.parametrize(
        ("trouble", "said"),
        [
            (
                error("TransactionCanceledException", CancellationReasons=[{"Code": "ThrottlingError"}]),
                "ThrottlingError",
            ),
            (error("TransactionCanceledException"), "refused a transaction"),
            (error("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException"),
            (ClientError({}, "GetItem"), "no code"),
            (EndpointConnectionError(endpoint_url="https://secret.example"), "could not be reached"),
        ],
    )
    def test_of_any_other_kind_means_the_table_is_out_of_reach(self, trouble, said):
        translated = translate(trouble)

        assert isinstance(translated, UnavailableError)
        assert said in str(translated)
        assert "secret" not in str(translated)

    def test_that_another_wraps_is_read_from_the_inner_one(self):
        outer = error("ConditionalCheckFailedException")
        outer.__cause__ = error("ConditionalCheckFailedException", Item=OLD)

        refused = translate(outer)

        assert isinstance(refused, ConditionFailedError)
        assert refused.old == OLD


class TestContention:
    @pytest.mark.parametrize("turns", [1, 4])
    def test_is_waited_out(self, monkeypatch, turns):
        monkeypatch.setattr("publishing.store.writes.time.sleep", lambda _: None)
        left = [turns]

        def meet() -> str:
            left[0] -= 1
            if left[0] >= 0:
                raise ContentionError
            return "done"

        assert writes._insist(meet) == "done"

    def test_that_does_not_end_means_the_table_is_out_of_reach(self, monkeypatch):
        monkeypatch.setattr("publishing.store.writes.time.sleep", lambda _: None)

        def meet() -> None:
            raise ContentionError

        with pytest.raises(UnavailableError, match="too busy"):
            writes._insist(meet)
