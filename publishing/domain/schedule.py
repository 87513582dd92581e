"""Due times: what a person typed, resolved to UTC; gaps and folds at clock changes are answered, not guessed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publishing.domain.errors import FieldProblem, InvalidError

FURTHEST: Final = timedelta(days=365)
#: A due time this far in the past still counts as now: clocks differ and requests take time.
TOLERANCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A due time, with what was typed where it came as wall time in a zone."""

    at: datetime
    zone: str | None = None
    wall_time: str | None = None


def due_now(now: datetime) -> Due:
    """Return the due time of "publish now"."""
    return Due(at=_to_milliseconds(now))


def resolve_due(*, at: str, zone: str | None, now: datetime, pointer: str = "/schedule") -> Due:
    """Resolve a due time given as RFC 3339 with an offset, or as wall time with an IANA zone.

    Raises InvalidError when it cannot be read, lacks a zone, does not exist or exists twice in its zone (clock change),
    lies in the past or more than 365 days ahead. A time that exists twice is settled by giving its offset.
    """
    try:
        given = datetime.fromisoformat(at)
        moment = _moment(given, zone, pointer)
    except (ValueError, OverflowError):  # the years 1 and 9999 have moments that lie in neither
        raise _invalid(pointer, "/at", "unreadable", f"{at[:40]!r} is no time. Write 2026-12-01T09:00:00.") from None
    _check_range(moment, now, pointer)
    wall_time = given.isoformat() if given.tzinfo is None else None
    return Due(at=_to_milliseconds(moment), zone=zone, wall_time=wall_time)


def readings(*, at: str, zone: str) -> tuple[datetime, ...]:
    """Return the moments, with their offsets, at which clocks of a zone show a wall time: two where they are put back.

    None for what cannot be read, and for a time that does not exist there.
    """
    try:
        wall, info = datetime.fromisoformat(at).replace(tzinfo=None), _known_zone(zone, "")
        both = sorted({wall.replace(tzinfo=info, fold=fold).astimezone(UTC) for fold in (0, 1)})
    except (ValueError, OverflowError, InvalidError):
        return ()
    return tuple(local for moment in both if (local := moment.astimezone(info)).replace(tzinfo=None) == wall)


def _moment(given: datetime, zone: str | None, pointer: str) -> datetime:
    if given.tzinfo is not None:
        _known_zone(zone, pointer)
        return given.astimezone(UTC)
    if zone is None:
        detail = 'The time has no zone. Add an offset ("…+01:00", "…Z") or give "zone": "Europe/Berlin".'
        raise _invalid(pointer, "/zone", "no_zone", detail)
    return _in_zone(given, _known_zone(zone, pointer), zone, pointer)


def _known_zone(zone: str | None, pointer: str) -> ZoneInfo:
    try:
        return ZoneInfo("UTC" if zone is None else zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        detail = f"{str(zone)[:40]!r} is no time zone. Give an IANA name such as Europe/Berlin."
        raise _invalid(pointer, "/zone", "unknown_zone", detail) from None


def _in_zone(wall: datetime, info: ZoneInfo, zone: str, pointer: str) -> datetime:
    first = wall.replace(tzinfo=info, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=info, fold=1).astimezone(UTC)
    if first == second:
        return first
    text = wall.strftime("%Y-%m-%d %H:%M")
    if first.astimezone(info).replace(tzinfo=None) != wall:
        earlier, later = sorted(moment.astimezone(info).strftime("%H:%M") for moment in (first, second))
        detail = f"{text} does not exist in {zone}: clocks are put forward over it. Choose {earlier} or {later}."
        raise _invalid(pointer, "/at", "gap", detail)
    options = " or ".join(moment.astimezone(info).isoformat() for moment in (first, second))
    detail = f"{text} happens twice in {zone}: clocks are put back. Say which one: {options}."
    raise _invalid(pointer, "/at", "fold", detail)


def _check_range(moment: datetime, now: datetime, pointer: str) -> None:
    if moment < now - TOLERANCE:
        detail = f"{moment:%Y-%m-%d %H:%M} UTC has passed. Choose a later time, or publish now."
        raise _invalid(pointer, "/at", "past", detail)
    if moment > now + FURTHEST:
        detail = f"{moment:%Y-%m-%d %H:%M} UTC is more than 365 days ahead. Choose an earlier time."
        raise _invalid(pointer, "/at", "too_far", detail)


def _to_milliseconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def _invalid(pointer: str, field: str, code: str, detail: str) -> InvalidError:
    return InvalidError(FieldProblem(pointer=f"{pointer}{field}", code=code, detail=detail))
