"""The queries of lists."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from publishing.api.problems import FieldError, ProblemError, invalid
from publishing.domain.draft import MessageFilter
from publishing.domain.message import MessageStatus

PARAMETERS: Final = ("status", "channel", "from", "to", "mine", "limit", "cursor")
DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100
NAME_LIMIT: Final = 64


def read_filter(parameters: Mapping[str, str]) -> MessageFilter:
    """Return the filter. Raises ProblemError naming the first parameter that cannot be read."""
    status, channel = parameters.get("status"), parameters.get("channel")
    if status is not None and status not in tuple(MessageStatus):
        raise _bad("status", f"There is no such status. There are: {', '.join(MessageStatus)}.")
    if channel is not None and not 0 < len(channel) <= NAME_LIMIT:
        raise _bad("channel", "Give a channel's name, as in /channels/.")
    return MessageFilter(
        status=status,
        channel=channel,
        since=_moment(parameters, "from"),
        until=_moment(parameters, "to"),
        mine=read_mine(parameters),
    )


def read_mine(parameters: Mapping[str, str]) -> bool:
    """Return whether only what is the actor's own is wanted."""
    mine = parameters.get("mine", "false")
    if mine not in {"true", "false"}:
        raise _bad("mine", "This should be true or false.")
    return mine == "true"


def read_limit(parameters: Mapping[str, str]) -> int:
    """Return how many rows a page holds."""
    text = parameters.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise _bad("limit", f"This should be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _bad(name, "This should be a time with an offset: 2026-12-01T09:00:00Z.")


def _bad(name: str, detail: str) -> ProblemError:
    return invalid(FieldError(parameter=name, code="invalid", detail=detail))
