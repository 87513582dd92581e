"""Count what is asked of the table, by operation."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the table's operations while this runs; every request of every client goes through here."""
    made: Counter[str] = Counter()
    client: Any = BaseClient
    original = client._make_request

    def note(self: Any, operation_model: Any, request_dict: Any, request_context: Any) -> Any:
        if operation_model.service_model.service_name == "dynamodb":
            made[operation_model.name] += 1
        return original(self, operation_model, request_dict, request_context)

    client._make_request = note
    try:
        yield made
    finally:
        client._make_request = original
