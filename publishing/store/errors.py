"""What DynamoDB's errors mean. The only place that knows their names."""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.domain.errors import UnavailableError

#: An item as the low-level client has it: `{"PK": {"S": "…"}}`.
RawItem = Mapping[str, Mapping[str, object]]

_CONDITION: Final = "ConditionalCheckFailed"


class ConditionFailedError(Exception):
    """A conditional write did not happen. `old` is what stands there, None when nothing does."""

    def __init__(self, old: RawItem | None) -> None:
        super().__init__("The condition of a write did not hold.")
        self.old = old


class TransactionRefusedError(Exception):
    """A transaction did not happen. For each of its writes: whether its condition failed, and what stands there."""

    def __init__(self, failed: tuple[bool, ...], old: tuple[RawItem | None, ...]) -> None:
        super().__init__("A condition of a transaction did not hold.")
        self.failed = failed
        self.old = old


class ContentionError(Exception):
    """Another write to the same item was under way. Nothing happened; try again."""


def translate(error: ClientError | BotoCoreError) -> Exception:
    """Return the error of ours that an SDK error means; what is no such error means the table was out of reach."""
    if not isinstance(error, ClientError):
        return UnavailableError("The table could not be reached.")
    # pynamodb wraps the SDK's error and keeps it as the cause; the old items are on that one only.
    cause = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    response: Mapping[str, object] = cause.response
    code = str(cause.response.get("Error", {}).get("Code", ""))
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError(_item(response.get("Item")))
    if code == "TransactionCanceledException":
        return _cancelled(response.get("CancellationReasons"))
    if code in {"TransactionConflictException", "TransactionInProgressException"}:
        return ContentionError()
    return UnavailableError(f"The table refused a request: {code or 'no code'}.")


def _cancelled(reasons: object) -> Exception:
    rows = [reason for reason in reasons if isinstance(reason, Mapping)] if isinstance(reasons, list) else []
    codes = [str(reason.get("Code", "None")) for reason in rows]
    if any(code == _CONDITION for code in codes):
        failed = tuple(code == _CONDITION for code in codes)
        return TransactionRefusedError(failed, tuple(_item(reason.get("Item")) for reason in rows))
    if any(code == "TransactionConflict" for code in codes):
        return ContentionError()
    return UnavailableError(f"The table refused a transaction: {', '.join(sorted(set(codes)))}.")


def _item(raw: object) -> RawItem | None:
    return raw if isinstance(raw, Mapping) and raw else None
