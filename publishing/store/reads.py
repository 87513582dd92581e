"""Reads. What goes wrong on the way comes out as `UnavailableError`, as with writes."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition

from publishing.domain.errors import UnavailableError
from publishing.items.base import MonthIndex, OwnerIndex, TableItem
from publishing.store import writes

Item = TypeVar("Item", bound=TableItem)

#: Requests for the rest of what was asked for, before the table counts as out of reach.
_TRIES: Final = 3
_TROUBLE: Final = (PynamoDBException, ClientError, BotoCoreError)


def get_all(model: type[Item], wanted: Sequence[tuple[str, str]]) -> Iterator[Item]:
    """Yield the rows that exist among these keys, strongly consistent, in no order. Raises UnavailableError."""
    try:
        yield from model.batch_get(wanted, consistent_read=True)
    except _TROUBLE as error:
        raise UnavailableError("The table could not be read.") from error


def query(
    source: type[TableItem] | OwnerIndex | MonthIndex,
    partition: str,
    condition: Condition | None = None,
    **options: Any,  # noqa: ANN401 - pynamodb's own options
) -> Iterator[TableItem]:
    """Yield the rows of a query, page by page as they are asked for.

    Raises UnavailableError when the table cannot be reached.
    """
    try:
        yield from source.query(partition, condition, **options)
    except _TROUBLE as error:
        raise UnavailableError("The table could not be read.") from error


def batch_get(wanted: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return those rows of these keys (at most 100, each once) that exist, strongly consistent, in no order.

    Raises UnavailableError when the table cannot be reached or does not answer for all of them.
    """
    name = TableItem.Meta.table_name
    found: list[dict[str, Any]] = []
    keys = [{"PK": {"S": partition}, "SK": {"S": sort}} for partition, sort in wanted]
    request: dict[str, Any] = {name: {"Keys": keys, "ConsistentRead": True}}
    for _ in range(_TRIES):
        answer = writes.dispatch("BatchGetItem", {"RequestItems": request})
        found.extend(answer.get("Responses", {}).get(name, ()))
        request = answer.get("UnprocessedKeys") or {}
        if not request:
            return found
    raise UnavailableError("The table did not answer for all the items that were asked for.")
