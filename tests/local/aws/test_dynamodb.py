"""What omnipub's protocol rests on, held by the emulator: conditions and transactions under threads, and their answers.

An in-process mock is not atomic across threads, so these run against the emulator.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.emulator import Emulator

THREADS = 8
ROUNDS = 12


class TestConditionalUpdate:
    def test_has_one_winner_among_threads(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")

        for number in range(ROUNDS):
            claims = [claim(emulator_table, f"delivery-{number}", by=f"worker-{thread}") for thread in range(THREADS)]

            won = at_once([lambda request=request: dynamodb.update_item(**request) for request in claims])

            assert won.count(True) == 1
            stored = dynamodb.get_item(TableName=emulator_table, Key=key(f"delivery-{number}"))["Item"]
            assert stored["claimed_by"] == {"S": f"worker-{won.index(True)}"}

    def test_counts_every_addition_of_threads(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")
        addition = {
            "TableName": emulator_table,
            "Key": key("counter"),
            "UpdateExpression": "ADD fence :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }

        for _ in range(ROUNDS):
            assert all(at_once([lambda: dynamodb.update_item(**addition)] * THREADS))

        stored = dynamodb.get_item(TableName=emulator_table, Key=key("counter"))["Item"]
        assert stored["fence"] == {"N": str(ROUNDS * THREADS)}

    def test_shows_the_old_item_when_its_condition_fails(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")
        dynamodb.update_item(**claim(emulator_table, "delivery", by="first"))

        with pytest.raises(ClientError) as refusal:
            dynamodb.update_item(
                **claim(emulator_table, "delivery", by="second"), ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )

        assert refusal.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        old_item = refusal.value.response["Item"]  # type: ignore[typeddict-item] # the stubs do not know it
        assert old_item == {**key("delivery"), "claimed_by": {"S": "first"}}


class TestTransaction:
    def test_is_all_or_nothing_among_threads(self, emulator: Emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")

        for number in range(ROUNDS):
            requests = [
                [
                    {"Update": claim(emulator_table, f"message-{number}", by=f"editor-{thread}")},
                    {"Put": {"TableName": emulator_table, "Item": key(f"audit-{number}-{thread}")}},
                ]
                for thread in range(THREADS)
            ]

            won = at_once(
                [lambda steps=steps: dynamodb.transact_write_items(TransactItems=steps) for steps in requests]
            )

            assert won.count(True) == 1
            written = [
                thread for thread in range(THREADS) if exists(dynamodb, emulator_table, f"audit-{number}-{thread}")
            ]
            assert written == [won.index(True)]

    def test_gives_a_reason_for_each_step_with_the_old_item(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")
        dynamodb.update_item(**claim(emulator_table, "message", by="first"))
        taken = {**claim(emulator_table, "message", by="second"), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        free = {"TableName": emulator_table, "Item": key("audit")}

        with pytest.raises(ClientError) as refusal:
            dynamodb.transact_write_items(TransactItems=[{"Put": free}, {"Update": taken}])

        assert refusal.value.response["Error"]["Code"] == "TransactionCanceledException"
        free_reason, taken_reason = refusal.value.response["CancellationReasons"]
        assert free_reason["Code"] == "None"
        assert taken_reason["Code"] == "ConditionalCheckFailed"
        assert taken_reason["Item"] == {**key("message"), "claimed_by": {"S": "first"}}
        assert not exists(dynamodb, emulator_table, "audit")

    def test_sent_twice_with_one_token_is_carried_out_once(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")
        steps = [{"Update": claim(emulator_table, "message", by="editor")}]

        dynamodb.transact_write_items(TransactItems=steps, ClientRequestToken="token-once")
        dynamodb.transact_write_items(TransactItems=steps, ClientRequestToken="token-once")

        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            dynamodb.transact_write_items(TransactItems=steps, ClientRequestToken="token-other")

    def test_refuses_a_token_that_was_used_for_another_request(self, emulator, emulator_table):
        dynamodb = emulator.client("dynamodb")
        for_one = [{"Put": {"TableName": emulator_table, "Item": key("one")}}]
        for_other = [{"Put": {"TableName": emulator_table, "Item": key("other")}}]
        dynamodb.transact_write_items(TransactItems=for_one, ClientRequestToken="token-reused")

        with pytest.raises(ClientError) as refusal:
            dynamodb.transact_write_items(TransactItems=for_other, ClientRequestToken="token-reused")

        assert refusal.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
        assert not exists(dynamodb, emulator_table, "other")


def at_once(calls) -> list[bool]:
    """Make the calls from as many threads at once; tell for each whether it was carried out or lost its condition."""
    together = threading.Barrier(len(calls))

    def carried_out(call) -> bool:
        together.wait(30)
        try:
            call()
        except ClientError as error:
            if "ConditionalCheckFailed" not in str(error):
                raise
            return False
        return True

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(carried_out, calls))


def claim(table: str, name: str, *, by: str) -> dict[str, object]:
    return {
        "TableName": table,
        "Key": key(name),
        "UpdateExpression": "SET claimed_by = :me",
        "ConditionExpression": "attribute_not_exists(claimed_by)",
        "ExpressionAttributeValues": {":me": {"S": by}},
    }


def exists(dynamodb, table: str, name: str) -> bool:
    return "Item" in dynamodb.get_item(TableName=table, Key=key(name))


def key(name: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": name}, "SK": {"S": "METADATA"}}
