"""Queries through pynamodb's models. What goes wrong on the way comes out as `UnavailableError`, as with writes."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition

from publishing.domain.errors import UnavailableError
from publishing.items.base import MonthIndex, OwnerIndex, TableItem

Item = TypeVar("Item", bound=TableItem)

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
