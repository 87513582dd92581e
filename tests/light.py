"""What a subprocess that plays Lambda needs, so that it imports nothing of ours beyond the worker."""

import base64
from collections.abc import Sequence
from typing import Any


class Context:
    aws_request_id = "test-invocation"

    def __init__(self, seconds: float = 300) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def batch(events: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A Kinesis event of (data, partition key) pairs."""
    return {
        "Records": [
            {
                "kinesis": {
                    "partitionKey": key,
                    "sequenceNumber": f"{place:056d}",
                    "data": base64.b64encode(data.encode()).decode(),
                }
            }
            for place, (data, key) in enumerate(events, start=1)
        ]
    }
