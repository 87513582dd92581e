"""Reading from an answer's headers how much may still be asked of a platform."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from publishing.channels.base.answers import LONGEST_WAIT, parse_moment
from publishing.domain.quota import Quota, QuotaUnit
from publishing.http import Answer

#: More digits than any count or epoch has.
_DIGITS: Final = 11
_ALL: Final = 100


def read_rate_limit(answer: Answer, *, prefix: str, now: datetime, unit: QuotaUnit = QuotaUnit.CALLS) -> Quota | None:
    """Return what `<prefix>-limit`, `-remaining` and `-reset` say; None where they are absent or nonsense.

    The reset is in seconds of the epoch or an ISO 8601 moment. One further off than `LONGEST_WAIT` is left out.
    """
    limit, left = (_count(answer.headers.get(f"{prefix}-{name}")) for name in ("limit", "remaining"))
    if not limit or left is None or left > limit:
        return None
    return Quota(left=left, limit=limit, unit=unit, resets_at=_reset(answer.headers.get(f"{prefix}-reset"), now))


def read_usage(answer: Answer, *, names: Iterable[str]) -> Quota | None:
    """Return what is left of headers that hold JSON with percentages used, as the Graph API has them.

    The largest percentage counts, for the first thing that is used up ends the calls. None where no such header is
    there, or none that can be read.
    """
    used = [share for name in names for share in _shares(answer.headers.get(name, ""))]
    if not used:
        return None
    return Quota(left=max(0, _ALL - max(used)), limit=_ALL, unit=QuotaUnit.PERCENT)


def _count(stated: str | None) -> int | None:
    text = (stated or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _reset(stated: str | None, now: datetime) -> datetime | None:
    seconds = _count(stated)
    moment = parse_moment(stated) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment if moment is not None and moment <= now + LONGEST_WAIT else None


def _shares(text: str) -> list[int]:
    """Return the percentages of one header: an object, or lists of objects by the id of what is counted."""
    try:
        stated = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return []
    if not isinstance(stated, dict):
        return []
    cases = [stated, *(case for found in stated.values() if isinstance(found, list) for case in found)]
    names = ("call_count", "total_cputime", "total_time")
    shares = [case.get(name) for case in cases if isinstance(case, dict) for name in names]
    return [int(share) for share in shares if isinstance(share, int | float) and 0 <= share < 10**_DIGITS]
