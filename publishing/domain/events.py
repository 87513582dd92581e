"""Stream events: small versioned hints. Never content, never secrets; the table says what is true."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from publishing.domain.ids import is_id

VERSION: Final = 1
SIZE_LIMIT: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Look at this delivery, and whether its message is finished: something about it may be due."""

    KIND: ClassVar[str] = "deliver"

    message_id: str
    delivery_id: str
    #: The lane: partition key of the stream, so that one account's deliveries stay in order.
    account_id: str
    #: Generation of the delivery that it was put for; another one has nothing to do with it.
    gen: int

    @property
    def correlation_id(self) -> str:
        """What follows it through the logs."""
        return f"{self.message_id}/{self.delivery_id}"

    def encode(self) -> bytes:
        """Return the event as it travels."""
        return _encode(
            self.KIND,
            {"msg": self.message_id, "delivery": self.delivery_id, "account": self.account_id, "gen": self.gen},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAccount:
    """Ask this account's platform whether the account can be used as it is: somebody wants to know."""

    KIND: ClassVar[str] = "check_account"

    #: The lane too: a check waits for what is being delivered to the account.
    account_id: str

    @property
    def correlation_id(self) -> str:
        """What follows it through the logs."""
        return f"account/{self.account_id}"

    def encode(self) -> bytes:
        """Return the event as it travels."""
        return _encode(self.KIND, {"account": self.account_id})


StreamEvent = Deliver | CheckAccount


class ForeignEventError(ValueError):
    """A record is not a stream event of ours, or of a version that this code does not know."""


def decode(data: bytes) -> StreamEvent:
    """Read a stream event; raise ForeignEventError, whose reason repeats nothing of the data, otherwise."""
    if len(data) > SIZE_LIMIT:
        raise ForeignEventError(f"The record has {len(data)} bytes; a stream event has at most {SIZE_LIMIT}.")
    try:
        fields = json.loads(data.decode())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ForeignEventError("The record is not JSON.") from error
    if not isinstance(fields, dict):
        raise ForeignEventError("The record is not a JSON object.")
    if not _is_number(fields.get("v")) or fields["v"] != VERSION:
        raise ForeignEventError("The record has another version, or none.")
    match fields.get("kind"):
        case Deliver.KIND:
            return _deliver(fields)
        case CheckAccount.KIND:
            return CheckAccount(account_id=_account_of(fields))
        case _:
            raise ForeignEventError("The record is of an unknown kind.")


def _deliver(fields: Mapping[str, object]) -> Deliver:
    account_id, message_id = _account_of(fields), fields.get("msg")
    delivery_id, gen = fields.get("delivery"), fields.get("gen")
    if not (isinstance(message_id, str) and is_id(message_id)):
        raise ForeignEventError("The record names no message.")
    if not (isinstance(gen, int) and _is_number(gen) and gen >= 0 and isinstance(delivery_id, str) and delivery_id):
        raise ForeignEventError("The record's generation or delivery is malformed.")
    return Deliver(message_id=message_id, delivery_id=delivery_id, account_id=account_id, gen=gen)


def _account_of(fields: Mapping[str, object]) -> str:
    account_id = fields.get("account")
    if not (isinstance(account_id, str) and is_id(account_id)):
        raise ForeignEventError("The record names no account.")
    return account_id


def _encode(kind: str, fields: Mapping[str, str | int]) -> bytes:
    return json.dumps({"v": VERSION, "kind": kind, **fields}, separators=(",", ":")).encode()


def _is_number(value: object) -> bool:
    """Tell whether a field is a whole number; `true` is none, although Python counts it as one."""
    return isinstance(value, int) and not isinstance(value, bool)
