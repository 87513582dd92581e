"""What LinkedIn's answers mean, by status and documented code."""

import re
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import quote
from zlib import crc32

from publishing.channels.base.answers import asked_to_wait, read_refusal
from publishing.domain.outcome import Deferred, Outcome, Publication, Reason, Rejected
from publishing.http import Answer, UnreadableError

NAME: Final = "LinkedIn"
#: Where posts are seen; accounts with an address of their own show them there.
SITE: Final = "https://www.linkedin.com"

_URN: Final = re.compile(r"urn:li:(?:share|ugcPost|activity):\d{1,30}")
_IMAGE: Final = re.compile(r"urn:li:image:[A-Za-z0-9_-]{1,64}")
#: How far after midnight waiting deliveries are spread, so that they do not all come at once.
_SPREAD: Final = timedelta(minutes=10)


def read_answer(answer: Answer, *, now: datetime, delivery_key: str = "", site: str = SITE) -> Outcome | None:
    """Return the outcome of an answer whose status is no success, or None for a 2xx."""
    if answer.status == 422 and "DUPLICATE_POST" in _codes(answer):
        return _duplicate(answer, site)
    if answer.status == 429 and "DAY limit" in _message(answer):
        return asked_to_wait(NAME, _next_day(now, delivery_key), now=now, reason=Reason.QUOTA)
    if answer.status == 404:
        detail = f"{NAME} knows no such author, or does not show it to this account. Check the account."
        return Rejected(reason=Reason.DESTINATION, detail=detail)
    if answer.status == 409:
        detail = f"{NAME} was changing the same thing at that moment and did not take the post."
        return Deferred(reason=Reason.UNAVAILABLE, detail=detail)
    if answer.status == 426:
        detail = f"{NAME} has retired the version of its interface that this account uses. Set a newer api_version."
        return Rejected(reason=Reason.PERMISSION, detail=detail)
    return read_refusal(answer, name=NAME, now=now)


def publication(urn: object, *, site: str) -> Publication | None:
    """Return the publication that a post's URN names; None when it is none."""
    if not isinstance(urn, str) or not _URN.fullmatch(urn):
        return None
    return Publication(id=urn, url=f"{site}/feed/update/{quote(urn, safe=':')}/")


def is_image(urn: str) -> bool:
    """Tell whether this names an image."""
    return _IMAGE.fullmatch(urn) is not None


def _duplicate(answer: Answer, site: str) -> Rejected:
    """Refuse a text that is there already, and name it. Whether that is ours, only a delivery in doubt may ask."""
    named = _URN.search(_message(answer))
    detail = (
        f"{NAME} has this very text from this author already{f' ({named.group()})' if named else ''}. "
        "Change the wording, or leave it at that one."
    )
    earlier = publication(named.group(), site=site) if named else None
    return Rejected(reason=Reason.DUPLICATE, detail=detail, publication=earlier)


def _next_day(now: datetime, delivery_key: str) -> datetime:
    """Return a moment shortly after the daily limits start anew at 00:00 UTC, always the same for a delivery."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
    return midnight + _SPREAD * (crc32(delivery_key.encode()) / 2**32)


def _message(answer: Answer) -> str:
    try:
        message = answer.json_object().get("message")
    except UnreadableError:
        return ""
    return message if isinstance(message, str) else ""


def _codes(answer: Answer) -> frozenset[str]:
    """Return the codes of an error: its own and those of its inputs."""
    try:
        body = answer.json_object()
    except UnreadableError:
        return frozenset()
    details = body.get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    inputs = [error.get("code") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return frozenset(code for code in (body.get("code"), *inputs) if isinstance(code, str))
