"""The adapters to Kinesis and SQS against an in-process emulator, and what happens where nobody answers."""

import json
import socket

import botocore.session
import pytest
from botocore.config import Config
from moto import mock_aws

from local.events.kinesis import KinesisStream, StreamUnavailableError
from local.events.parking import ParkingFile, ParkingQueue


def build_client(service, **more):
    return botocore.session.Session().create_client(
        service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test", **more
    )


@pytest.fixture
def aws():
    with mock_aws():
        yield


@pytest.fixture
def nobody():
    """Return clients' settings for an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return {
        "endpoint_url": f"http://127.0.0.1:{port}",
        "config": Config(connect_timeout=1, retries={"total_max_attempts": 1}),
    }


@pytest.fixture
def parking_file(tmp_path):
    return ParkingFile(path=tmp_path / "events" / "parked.jsonl")


def parked_lines(parking_file):
    return [json.loads(line) for line in parking_file.path.read_text().splitlines()]


class TestKinesisStream:
    @pytest.fixture
    def stream(self, aws):
        client = build_client("kinesis")
        client.create_stream(StreamName="omnipub", ShardCount=2)
        return KinesisStream(client=client, name="omnipub")

    def test_lists_its_shards(self, stream):
        assert stream.shards() == ("shardId-000000000000", "shardId-000000000001")

    def test_reads_all_records_in_order_and_then_those_after_a_position(self, stream):
        for number in range(4):
            stream.client.put_record(StreamName="omnipub", PartitionKey="one key", Data=str(number).encode())
        (shard, records) = next(
            (shard, records) for shard in stream.shards() if (records := stream.read(shard, after=None, limit=10))
        )

        rest = stream.read(shard, after=records[1].sequence_number, limit=10)

        assert [record.data for record in records] == [b"0", b"1", b"2", b"3"]
        assert [record.data for record in rest] == [b"2", b"3"]
        assert records[0].partition_key == "one key"
        assert records[0].arrived_at.tzinfo is not None

    def test_that_does_not_exist_is_unavailable(self, aws):
        stream = KinesisStream(client=build_client("kinesis"), name="missing")

        for ask in (stream.arn, stream.shards):
            with pytest.raises(StreamUnavailableError):
                ask()

    def test_of_an_emulator_that_is_down_is_unavailable(self, nobody):
        stream = KinesisStream(client=build_client("kinesis", **nobody), name="omnipub")

        with pytest.raises(StreamUnavailableError):
            stream.shards()


class TestParking:
    def test_in_a_queue_sends_the_record(self, aws, parking_file):
        client = build_client("sqs")
        url = client.create_queue(QueueName="failures")["QueueUrl"]

        ParkingQueue(client=client, queue_url=url, fallback=parking_file).park({"version": "1.0"})

        (message,) = client.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == {"version": "1.0"}
        assert not parking_file.path.exists()

    def test_in_a_queue_that_is_down_keeps_the_record_in_the_file(self, nobody, parking_file):
        queue = ParkingQueue(
            client=build_client("sqs", **nobody), queue_url="http://127.0.0.1/q", fallback=parking_file
        )

        queue.park({"version": "1.0"})

        assert parked_lines(parking_file) == [{"version": "1.0"}]

    def test_in_a_file_adds_a_line_after_one_that_was_cut_off(self, parking_file):
        parking_file.park({"number": 1})
        with parking_file.path.open("a") as file:
            file.write('{"numb')

        parking_file.park({"number": 2})

        first, cut_off, second = parking_file.path.read_text().splitlines()
        assert json.loads(first) == {"number": 1}
        assert cut_off == '{"numb'
        assert json.loads(second) == {"number": 2}
