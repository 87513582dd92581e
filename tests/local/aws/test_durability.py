"""What is left after `kill -9` of the emulator: everything that it acknowledged."""

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import jwt
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local.aws.demo import email
from local.aws.token import sign_in
from tests.emulator import Emulator

Start = Callable[..., Emulator]
WRITERS = 4
ROUNDS = 4
ACKNOWLEDGED_PER_ROUND = 120


@dataclass
class Acknowledged:
    """What a round's writers were told is done."""

    items: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    pairs: set[str] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)
    total: "itertools.count[int]" = field(default_factory=itertools.count)

    def one_more(self) -> None:
        if next(self.total) >= ACKNOWLEDGED_PER_ROUND:
            self.enough.set()


class TestAcknowledgedWrites:
    @pytest.mark.parametrize("compact_at", [None, 20_000], ids=["journal", "journal and new snapshots"])
    def test_all_survive_kills_under_concurrent_writers(self, start_emulator: Start, compact_at):
        running = start_emulator(compact_at=compact_at)
        table = running.create_table()
        rounds = []

        for number in range(ROUNDS):
            acknowledged = Acknowledged()
            with ThreadPoolExecutor(WRITERS) as writers:
                for writer in range(WRITERS):
                    writers.submit(write_until_it_dies, running, table, f"{number}-{writer}", acknowledged)
                assert acknowledged.enough.wait(60)
                running.stop(kill=True)
            running.start()
            rounds.append(acknowledged)

            stored = scan(running, table)
            for before in rounds:
                assert before.items - before.gone <= stored.keys()
                assert not before.gone & stored.keys()
                assert {f"{pair}-{side}" for pair in before.pairs for side in "ab"} <= stored.keys()
                for name, count in before.counters.items():
                    # One more may have been carried out without its writer hearing of it.
                    assert int(stored[name]["count"]["N"]) - count in {0, 1}
            assert both_or_neither(stored)
        assert len(rounds[0].items) > ACKNOWLEDGED_PER_ROUND / 10

    def test_survive_in_the_indexes_and_the_table_keeps_its_shape(self, start_emulator: Start):
        running = start_emulator()
        running.provisioned  # noqa: B018 - makes the table
        dynamodb = running.client("dynamodb")
        before = dynamodb.describe_table(TableName="omnipub")["Table"]
        timer = {"GSI2PK": {"S": "STATUS#scheduled"}, "GSI2SK": {"S": "2030-01-01T00:00:00.000Z"}}
        dynamodb.put_item(TableName="omnipub", Item={"PK": {"S": "MSG#1"}, "SK": {"S": "METADATA"}, **timer})

        running.restart(kill=True)

        found = dynamodb.query(
            TableName="omnipub",
            IndexName="GSI2",
            KeyConditionExpression="GSI2PK = :status",
            ExpressionAttributeValues={":status": {"S": "STATUS#scheduled"}},
        )
        assert [entry["PK"]["S"] for entry in found["Items"]] == ["MSG#1"]
        after = dynamodb.describe_table(TableName="omnipub")["Table"]
        assert (after["TableId"], after["KeySchema"]) == (before["TableId"], before["KeySchema"])
        assert len(after["GlobalSecondaryIndexes"]) == 3
        expiry = dynamodb.describe_time_to_live(TableName="omnipub")["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}

    @pytest.mark.parametrize("has_snapshot", [False, True], ids=["from the journal", "from a snapshot"])
    def test_of_a_transaction_are_recognized_by_their_token(self, start_emulator: Start, has_snapshot):
        running = start_emulator()
        table = running.create_table()
        dynamodb = running.client("dynamodb")
        request = {"TransactItems": [{"Update": addition(table, "counter")}], "ClientRequestToken": "same-token"}
        dynamodb.transact_write_items(**request)
        if has_snapshot:
            running.create_table()

        running.restart(kill=True)
        dynamodb.transact_write_items(**request)

        assert scan(running, table)["counter"]["count"] == {"N": "1"}

    def test_survive_a_batch_and_a_deletion(self, start_emulator: Start):
        running = start_emulator()
        table = running.create_table()
        dynamodb = running.client("dynamodb")
        puts = [
            {"PutRequest": {"Item": {**key(name), "text": {"S": "naïve 😀"}}}} for name in ("first", "second", "third")
        ]
        dynamodb.batch_write_item(RequestItems={table: puts})
        dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key("second")}}]})
        dynamodb.delete_item(TableName=table, Key=key("third"))

        running.restart(kill=True)

        stored = scan(running, table)
        assert stored == {"first": {**key("first"), "text": {"S": "naïve 😀"}}}


class TestJournal:
    def test_is_folded_into_a_snapshot_before_it_grows_without_bound(self, start_emulator: Start):
        running = start_emulator(compact_at=4_000)
        table = running.create_table()
        dynamodb = running.client("dynamodb")

        for number in range(100):
            dynamodb.put_item(
                TableName=table, Item={**key("same"), "filler": {"S": "x" * 300}, "n": {"N": str(number)}}
            )

        (generation,) = running.state.glob("gen-*")
        assert (running.state / "current").resolve() == generation.resolve()
        assert (generation / "journal").stat().st_size < 5_000
        assert scan(running, table)["same"]["n"] == {"N": "99"}


class TestOtherServices:
    def test_open_what_was_sealed_and_know_who_signed_in(self, start_emulator: Start):
        running = start_emulator()
        provisioned = running.provisioned
        tokens = sign_in(provisioned.pool, user=email("editor"))
        sealed = running.client("kms").generate_data_key(
            KeyId=provisioned.kms_key_arn, KeySpec="AES_256", EncryptionContext={"account": "1"}
        )
        secret = read_secret(running)

        running.restart(kill=True)

        opened = running.client("kms").decrypt(
            CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"account": "1"}
        )
        assert opened["Plaintext"] == sealed["Plaintext"]
        assert read_secret(running) == secret
        assert claims_of(running, tokens.access)["cognito:groups"] == ["editor"]
        assert claims_of(running, sign_in(provisioned.pool, user=email("admin")).access)["cognito:groups"] == ["admin"]

    def test_keep_what_they_acknowledged_the_moment_before(self, start_emulator: Start):
        running = start_emulator()
        running.client("secretsmanager").create_secret(Name="last words", SecretString="said")

        running.restart(kill=True)

        assert running.client("secretsmanager").get_secret_value(SecretId="last words")["SecretString"] == "said"

    def test_are_saved_soon_where_they_do_not_wait_for_it(self, start_emulator: Start):
        running = start_emulator()
        running.client("s3").create_bucket(Bucket="soon-saved")
        wait_for(lambda: "soon-saved" in (running.state / "services/s3.json").read_text())

        running.restart(kill=True)

        assert "soon-saved" in {bucket["Name"] for bucket in running.client("s3").list_buckets()["Buckets"]}

    def test_keep_objects_with_what_is_known_of_them(self, start_emulator: Start):
        running = start_emulator()
        s3 = running.client("s3")
        bucket = running.provisioned.media_bucket
        s3.put_object(
            Bucket=bucket, Key="a/picture.png", Body=b"\x89PNG", ContentType="image/png", Metadata={"alt": "A dot"}
        )

        running.restart(kill=True)

        found = s3.get_object(Bucket=bucket, Key="a/picture.png")
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
            b"\x89PNG",
            "image/png",
            {"alt": "A dot"},
        )

    def test_keep_the_stream_and_number_its_records_upwards(self, start_emulator: Start):
        running = start_emulator()
        running.provisioned  # noqa: B018 - makes the stream
        before = put_record(running)

        running.restart(kill=True)

        assert int(put_record(running)) > int(before)

    def test_keep_the_streams_records_over_a_clean_stop(self, start_emulator: Start):
        running = start_emulator()
        running.provisioned  # noqa: B018 - makes the stream
        sequence_number = put_record(running)

        running.restart()

        kinesis = running.client("kinesis")
        shard = kinesis.list_shards(StreamName="omnipub")["Shards"][0]["ShardId"]
        start = kinesis.get_shard_iterator(StreamName="omnipub", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
        assert [record["SequenceNumber"] for record in records] == [sequence_number]

    def test_need_nothing_new_after_a_kill(self, start_emulator: Start):
        from local.aws.provision import provision

        running = start_emulator()
        before = running.provisioned

        running.restart(kill=True)
        after = provision(running.url)

        assert after.created == ()
        assert after.environment() == before.environment()


def write_until_it_dies(running: Emulator, table: str, name: str, acknowledged: Acknowledged) -> None:
    dynamodb = running.client("dynamodb")
    for number in itertools.count():
        this = f"item-{name}-{number}"
        try:
            dynamodb.put_item(TableName=table, Item={**key(this), "filler": {"S": "x" * 300}})
            acknowledged.items.add(this)
            acknowledged.one_more()
            dynamodb.update_item(**addition(table, f"counter-{name}"))
            acknowledged.counters[f"counter-{name}"] = number + 1
            acknowledged.one_more()
            sides = [{"Put": {"TableName": table, "Item": key(f"pair-{name}-{number}-{side}")}} for side in "ab"]
            dynamodb.transact_write_items(TransactItems=sides)
            acknowledged.pairs.add(f"pair-{name}-{number}")
            acknowledged.one_more()
            if number % 3 == 0:
                # Whether it is carried out or not is open until it is acknowledged.
                acknowledged.items.discard(this)
                dynamodb.delete_item(TableName=table, Key=key(this))
                acknowledged.gone.add(this)
                acknowledged.one_more()
        except (BotoCoreError, ClientError):
            return


def wait_for(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        with suppress(FileNotFoundError):
            if is_so():
                return
        time.sleep(0.05)
    pytest.fail("It did not come to be within half a minute.")


def both_or_neither(stored: Iterable[str]) -> bool:
    pairs = {name for name in stored if name.startswith("pair-")}
    return all(f"{name[:-1]}{other}" in pairs for name in pairs for other in "ab")


def key(name: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": name}, "SK": {"S": "METADATA"}}


def addition(table: str, name: str) -> dict[str, object]:
    return {
        "TableName": table,
        "Key": key(name),
        "UpdateExpression": "ADD #count :one",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


def scan(running: Emulator, table: str) -> dict[str, dict[str, dict[str, str]]]:
    pages = running.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return {item["PK"]["S"]: item for page in pages for item in page["Items"]}


def put_record(running: Emulator) -> str:
    answer = running.client("kinesis").put_record(StreamName="omnipub", Data=b"{}", PartitionKey="account")
    number: str = answer["SequenceNumber"]
    return number


def read_secret(running: Emulator) -> str:
    found = running.client("secretsmanager").get_secret_value(SecretId=running.provisioned.secret_arn)
    secret: str = found["SecretString"]
    return secret


def claims_of(running: Emulator, token: str) -> dict[str, object]:
    """Verify a token with the keys that the pool shows now, and return its claims."""
    pool = running.provisioned.pool
    with urllib.request.urlopen(pool.jwks_url) as answer:
        keys = jwt.PyJWKSet.from_dict(json.load(answer))
    signer = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(token, signer, algorithms=["RS256"], issuer=pool.issuer)
    return claims
