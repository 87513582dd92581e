"""Stream events: small versioned hints. Never content, never secrets; the table says what is true."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from publishing.domain.ids import is_id

VERSION: Final = 1
SIZE_LIMIT: Final = 4_096


class EventKind(StrEnum):
    """What a stream event hints at."""

    #: Look at one delivery, and whether its message is finished.
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """Look at this delivery: something about it may be due."""

    kind: EventKind
    message_id: str
    delivery_id: str
    #: The lane: partition key of the stream, so that one account's deliveries stay in order.
    account_id: str
    #: Generation of the delivery that it was put for; another one has nothing to do with it.
    gen: int

    def encode(self) -> bytes:
        """Return the event as it travels."""
        return json.dumps(
            {
                "v": VERSION,
                "kind": self.kind.value,
                "msg": self.message_id,
                "delivery": self.delivery_id,
                "account": self.account_id,
                "gen": self.gen,
            },
            separators=(",", ":"),
        ).encode()


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
    return _event(fields)


def _event(fields: dict[str, object]) -> StreamEvent:
    kind, message_id, delivery_id = fields.get("kind"), fields.get("msg"), fields.get("delivery")
    account_id, gen = fields.get("account"), fields.get("gen")
    if kind not in tuple(EventKind):
        raise ForeignEventError("The record is of an unknown kind.")
    if not (isinstance(message_id, str) and is_id(message_id) and isinstance(account_id, str) and is_id(account_id)):
        raise ForeignEventError("The record names no message or no account.")
    if not (isinstance(gen, int) and _is_number(gen) and gen >= 0 and isinstance(delivery_id, str) and delivery_id):
        raise ForeignEventError("The record's generation or delivery is malformed.")
    return StreamEvent(
        kind=EventKind(str(kind)), message_id=message_id, delivery_id=delivery_id, account_id=account_id, gen=gen
    )


def _is_number(value: object) -> bool:
    """Tell whether a field is a whole number; `true` is none, although Python counts it as one."""
    return isinstance(value, int) and not isinstance(value, bool)
