"""The JSON that AWS would send: Kinesis events, scheduled events, failure records. Shapes only.

Shapes as in AWS's developer guide (with-kinesis-example, kinesis-on-failure-destination, "Scheduled Event"), read
2026-11-22.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from local.events.batches import Discard, Record

ACCOUNT_ID: Final = "000000000000"


def function_arn(name: str, *, region: str) -> str:
    """Return the ARN of a function in the emulator's account."""
    return f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"


def kinesis_event(records: Iterable[Record], *, shard: str, stream_arn: str, region: str) -> dict[str, Any]:
    """Return the event that an event source mapping hands to its function."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence_number,
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrived_at.timestamp(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{record.sequence_number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT_ID}:role/omnipub-worker",
                "awsRegion": region,
                "eventSourceARN": stream_arn,
            }
            for record in records
        ]
    }


def scheduled_event(*, at: datetime, event_id: str, region: str) -> dict[str, Any]:
    """Return the event of EventBridge's minute rule."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{ACCOUNT_ID}:rule/omnipub-every-minute"],
        "detail": {},
    }


def failure_record(
    discard: Discard, *, shard: str, stream_arn: str, arn: str, request_id: str, now: datetime
) -> dict[str, Any]:
    """Return what the on-failure destination gets: where the records were, never the records.

    Records that grew too old before any try have no response to tell of.
    """
    first, last = discard.records[0], discard.records[-1]
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.invoke_count,
        },
        "version": "1.0",
        "timestamp": iso(now),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": iso(first.arrived_at),
            "approximateArrivalOfLastRecord": iso(last.arrived_at),
            "batchSize": len(discard.records),
            "streamArn": stream_arn,
        },
    }
    if discard.failure is not None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if discard.failure.function_error:
            response["functionError"] = "Unhandled"
        record["responseContext"] = response
    return record


def iso(moment: datetime) -> str:
    """Return a moment as AWS writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
