"""Conditional writes through the low-level client of pynamodb's connection, alone or in one transaction.

Names and serialisation come from the items. The low-level client is used because only there a failed condition brings
the old item along, by which a writer recognises its own write after the SDK's blind retry.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from publishing.domain.errors import UnavailableError
from publishing.items.base import TableItem
from publishing.store.errors import ContentionError, RawItem, translate

Result = TypeVar("Result")

#: Tries of a write that met another one on the same item; waits are below 0.1, 0.2, 0.4, 0.8 s.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One conditional write, ready to be sent alone or in a transaction."""

    #: `Put`, `Update`, `Delete` or `ConditionCheck`, as a transaction names it.
    kind: str
    arguments: Mapping[str, Any]


def put(item: TableItem, condition: Condition | None = None) -> Write:
    """Build a put."""
    arguments = item.get_save_kwargs_from_instance(condition, return_values_on_condition_failure="ALL_OLD")
    return Write(kind="Put", arguments={"TableName": item.Meta.table_name, **arguments})


def put_new(item: TableItem) -> Write:
    """Build a put of an item that must not exist yet."""
    return put(item, TableItem.PK.does_not_exist())


def update(item: TableItem, actions: Sequence[Action], condition: Condition) -> Write:
    """Build an update of the item that has this item's keys."""
    arguments = item.get_update_kwargs_from_instance(
        list(actions), condition, return_values_on_condition_failure="ALL_OLD"
    )
    return Write(kind="Update", arguments={"TableName": item.Meta.table_name, **arguments})


def delete(item: TableItem, condition: Condition | None = None) -> Write:
    """Build a delete of the item that has this item's keys."""
    arguments = item.get_delete_kwargs_from_instance(condition, return_values_on_condition_failure="ALL_OLD")
    return Write(kind="Delete", arguments={"TableName": item.Meta.table_name, **arguments})


def check(item: TableItem, condition: Condition) -> Write:
    """Build a condition that must hold of an item which a transaction does not change. It cannot be run alone."""
    # A delete's arguments are exactly those of a check: the keys and the condition.
    return Write(kind="ConditionCheck", arguments=delete(item, condition).arguments)


def run(write: Write) -> RawItem:
    """Carry out one write and return the item as it is now; empty after a delete.

    Raises ConditionFailedError with the old item, or UnavailableError when the table could not be reached.
    """
    returns = {"ReturnValues": "ALL_NEW"} if write.kind == "Update" else {}
    answer = _insist(lambda: dispatch(f"{write.kind}Item", {**write.arguments, **returns}))
    attributes: RawItem = answer.get("Attributes", {})
    return attributes


def transact(writes: Sequence[Write]) -> None:
    """Carry out all of the writes or none. Repeats by the SDK are recognised by DynamoDB itself (a request token).

    Raises TransactionRefusedError naming the writes whose condition failed, or UnavailableError.
    """
    rows = [{write.kind: dict(write.arguments)} for write in writes]
    _insist(lambda: dispatch("TransactWriteItems", {"TransactItems": rows}))


def dispatch(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request to the table; SDK errors come out as `store.errors` has them."""
    try:
        return TableItem._get_connection().connection.dispatch(operation, dict(arguments))  # noqa: SLF001
    except (ClientError, BotoCoreError) as error:
        raise translate(error) from error


def _insist(send: Callable[[], Result]) -> Result:
    """Send again while another write to the same item was under way: nothing happened, so nothing is repeated."""
    for attempt in range(_TRIES - 1):
        try:
            return send()
        except ContentionError:
            time.sleep(0.1 * (1 << attempt) * random.random())  # noqa: S311 - jitter, no secret
    try:
        return send()
    except ContentionError as error:
        raise UnavailableError("The table is too busy with this item.") from error
