"""Reading a stream's shards: the port that the poller needs, and Kinesis behind it.

No shard iterator is kept. Each read asks for one anew, from a sequence number, so that a restarted emulator or an
expired iterator is no special case.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.events.batches import Record


class StreamUnavailableError(Exception):
    """The stream does not answer, or is not there (yet)."""


class PositionLostError(Exception):
    """The stream does not know the sequence number that was asked for."""


class Stream(Protocol):
    """A stream of records in shards."""

    @property
    def name(self) -> str:
        """Return the stream's name."""

    def arn(self) -> str:
        """Return the stream's ARN; raise StreamUnavailableError."""

    def shards(self) -> tuple[str, ...]:
        """Return the ids of all shards; raise StreamUnavailableError."""

    def read(self, shard: str, *, after: str | None, limit: int) -> tuple[Record, ...]:
        """Return the next records after a sequence number, or the oldest ones, in order.

        Raises StreamUnavailableError and PositionLostError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class KinesisStream:
    """A Kinesis data stream through botocore."""

    client: Any
    name: str

    def arn(self) -> str:
        """Return the stream's ARN."""
        return str(self._call("describe_stream_summary")["StreamDescriptionSummary"]["StreamARN"])

    def shards(self) -> tuple[str, ...]:
        """Return the ids of all shards, closed ones included: their records are still to be read."""
        answer = self._call("list_shards")
        found = [shard["ShardId"] for shard in answer["Shards"]]
        while token := answer.get("NextToken"):
            answer = self._call("list_shards", named=False, NextToken=token)
            found += [shard["ShardId"] for shard in answer["Shards"]]
        return tuple(found)

    def read(self, shard: str, *, after: str | None, limit: int) -> tuple[Record, ...]:
        """Return the next records of a shard."""
        position: dict[str, Any] = (
            {"ShardIteratorType": "TRIM_HORIZON"}
            if after is None
            else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        )
        iterator = self._call("get_shard_iterator", ShardId=shard, **position)["ShardIterator"]
        answer = self._call("get_records", named=False, ShardIterator=iterator, Limit=limit)
        return tuple(
            Record(
                sequence_number=record["SequenceNumber"],
                partition_key=record["PartitionKey"],
                data=record["Data"],
                arrived_at=record["ApproximateArrivalTimestamp"],
            )
            for record in answer["Records"]
        )

    def _call(self, operation: str, *, named: bool = True, **arguments: object) -> dict[str, Any]:
        if named:
            arguments["StreamName"] = self.name
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "InvalidArgumentException":
                raise PositionLostError(str(error)) from error
            raise StreamUnavailableError(str(error)) from error
        except BotoCoreError as error:
            raise StreamUnavailableError(str(error)) from error
        return answer
