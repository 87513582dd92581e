"""Attribute types: moments as fixed-width text that sorts by time, or as milliseconds."""

from datetime import UTC, datetime
from typing import Final

from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER, STRING

_LENGTH: Final = len("2026-12-01T08:00:00.000Z")


def write_instant(moment: datetime) -> str:
    """Write a moment as `YYYY-MM-DDTHH:MM:SS.mmmZ`, in UTC and cut to milliseconds: string order is time order."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a zone.")
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def read_instant(text: str) -> datetime:
    """Read what `write_instant` wrote."""
    if len(text) != _LENGTH:
        raise ValueError(f"{text[:40]!r} is not a moment.")
    return datetime.fromisoformat(text)


def to_milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970 of a moment."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment of milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)


class InstantAttribute(Attribute[datetime]):
    """A moment as text that sorts by time."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Write the moment."""
        return write_instant(value)

    def deserialize(self, value: str) -> datetime:
        """Read the moment."""
        return read_instant(value)


class MillisecondsAttribute(Attribute[datetime]):
    """A moment as a number of milliseconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        """Write the moment."""
        return str(to_milliseconds(value))

    def deserialize(self, value: str) -> datetime:
        """Read the moment."""
        return from_milliseconds(int(value))
