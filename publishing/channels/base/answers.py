"""Asking and reading answers as all channels do; a channel names only what its platform does differently."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from publishing.domain.health import Health, cannot_tell, needs_reauth, unusable
from publishing.domain.outcome import Deferred, LookupFailed, Outcome, Published, Reason, Rejected, Unknown
from publishing.http import Answer

#: Asked to wait longer than this, we ask again after it all the same.
LONGEST_WAIT: Final = timedelta(hours=24)

#: Refusals: certainly not done, and repeating the request changes nothing.
_REJECTED: Final[Mapping[int, tuple[Reason, str]]] = {
    400: (Reason.CONTENT, "{name} does not accept this content."),
    413: (Reason.CONTENT, "{name} says that this is too large."),
    415: (Reason.CONTENT, "{name} does not accept this kind of content."),
    422: (Reason.CONTENT, "{name} does not accept this content."),
    403: (Reason.PERMISSION, "{name} does not let this account publish. Check its rights there."),
    451: (Reason.PERMISSION, "{name} refuses this for legal reasons."),
    404: (Reason.DESTINATION, "{name} knows no such address. Check the account's address."),
    410: (Reason.DESTINATION, "{name} says that the address is gone for good. Connect the account anew."),
}
_MOVED: Final = (
    Reason.DESTINATION,
    "{name} answered that the address has moved. Enter the account's new address.",
)
_UNEXPECTED: Final = (
    Reason.DESTINATION,
    "{name} refused the request (HTTP {status}). Check the account's address.",
)
#: Not processed: certainly not done, and worth another try.
_DEFERRED: Final[Mapping[int, tuple[Reason, str]]] = {
    401: (Reason.CREDENTIAL, "{name} no longer accepts the account's credential. Connect the account again."),
    402: (Reason.QUOTA, "{name} says that the account's credit is used up."),
    408: (Reason.UNAVAILABLE, "{name} did not take in the request in time."),
    425: (Reason.UNAVAILABLE, "{name} asks to send the request again."),
}


def bearer(credential: str) -> Mapping[str, str] | None:
    """Return the header that carries a token, or None when it cannot be one: empty, or not printable ASCII."""
    token = credential.strip()
    return {"authorization": f"Bearer {token}"} if token and token.isascii() and token.isprintable() else None


def read_refusal(answer: Answer, *, name: str, now: datetime, wait_until: datetime | None = None) -> Outcome | None:
    """Return the outcome of an answer whose status is no success, or None for a 2xx.

    It is about the visible call: an error of the server's own may hide a publication, so a 5xx is `Unknown`.
    `wait_until` is the end of the waiting time where the platform states it in a way of its own.
    """
    if answer.is_success:
        return None
    if answer.status == 429:
        return asked_to_wait(name, wait_until or read_retry_after(answer, now=now), now=now)
    if answer.status in _DEFERRED:
        reason, saying = _DEFERRED[answer.status]
        detail = saying.format(name=name)
        return Deferred(reason=reason, detail=detail, not_before=read_retry_after(answer, now=now))
    if answer.status < 500:
        reason, saying = _REJECTED.get(answer.status, _UNEXPECTED if answer.status >= 400 else _MOVED)
        return Rejected(reason=reason, detail=saying.format(name=name, status=answer.status))
    detail = f"{name} had an error of its own (HTTP {answer.status}). It may have published all the same."
    return Unknown(reason=Reason.SERVER_ERROR, detail=detail)


def not_understood(name: str) -> Unknown:
    """Return the outcome of a success that cannot be read: it was probably done, and we have no proof."""
    return Unknown(reason=Reason.LOST_SIGHT, detail=f"{name} answered in a way that cannot be understood.")


def read_lookup_refusal(
    answer: Answer, *, name: str, now: datetime, wait_until: datetime | None = None
) -> LookupFailed | None:
    """Return why a look-up brought no evidence, or None for a 2xx."""
    outcome = read_refusal(answer, name=name, now=now, wait_until=wait_until)
    return as_lookup_failure(outcome, answer, name=name) if outcome else None


def as_lookup_failure(outcome: Outcome, answer: Answer, *, name: str) -> LookupFailed:
    """Return what a refusal means for a look-up, in which nothing can have been done: no evidence, and why."""
    match outcome:
        case Deferred(reason=reason, detail=detail, not_before=not_before):
            return LookupFailed(reason=reason, detail=detail, not_before=not_before)
        case Unknown():
            detail = f"{name} had an error of its own when asked what is there (HTTP {answer.status})."
            return LookupFailed(reason=Reason.UNAVAILABLE, detail=detail)
        case _:
            detail = f"{name} refused to say what is there (HTTP {answer.status})."
            reason = Reason.PERMISSION if answer.status == 403 else Reason.DESTINATION
            return LookupFailed(reason=reason, detail=detail)


def read_health(outcome: Outcome | None, answer: Answer, *, name: str) -> Health | None:
    """Return what a refusal says about an account that was only asked after; None where nothing was refused."""
    if outcome is None:
        return None
    match outcome:
        case Deferred(reason=Reason.CREDENTIAL, detail=detail):
            return needs_reauth(detail)
        case Deferred(reason=Reason.RATE | Reason.QUOTA, detail=detail):
            return cannot_tell(detail)
        case Rejected(reason=Reason.DESTINATION, detail=detail):
            return unusable(Reason.DESTINATION, detail)
        case Rejected(reason=reason):
            # Whether it may publish was not asked; but an account that can do so would be answered.
            detail = f"{name} refuses to say how the account is (HTTP {answer.status}). Check its rights and settings."
            return unusable(Reason.PERMISSION if reason is Reason.PERMISSION else Reason.DESTINATION, detail)
        case _:
            return cannot_tell(f"{name} could not say how the account is (HTTP {answer.status}). Check it again later.")


def as_upload_refusal(outcome: Outcome | None, answer: Answer, *, name: str, label: str) -> Deferred | Rejected | None:
    """Return what a refusal means for an upload: never doubt, because nothing that anybody sees can have been done.

    `label` is what the file is called in a sentence.
    """
    match outcome:
        case Unknown():
            detail = f"{name} had an error of its own when it was given {label} (HTTP {answer.status})."
            return Deferred(reason=Reason.UNAVAILABLE, detail=detail)
        case Published():
            raise TypeError("An upload publishes nothing.")
        case _:
            return outcome


def asked_to_wait(name: str, until: datetime | None, *, now: datetime, reason: Reason = Reason.RATE) -> Deferred:
    """Return the outcome of a platform's wish to wait, at most `LONGEST_WAIT`; None stands for a time not stated."""
    if until is None:
        return Deferred(reason=reason, detail=f"{name} asks to wait.")
    until = _bounded(until, now=now)
    detail = f"{name} asks to wait until {until:%Y-%m-%d %H:%M} UTC."
    if until.date() == now.date():
        detail = f"{name} asks to wait until {until:%H:%M} UTC."
    return Deferred(reason=reason, detail=detail, not_before=until)


def read_retry_after(answer: Answer, *, now: datetime) -> datetime | None:
    """Return when `Retry-After` allows another try: seconds or an HTTP date. None when it is absent or nonsense."""
    stated = answer.headers.get("retry-after", "").strip()
    if not stated:
        return None
    try:
        return _bounded(now + timedelta(seconds=float(stated)), now=now)
    except (ValueError, OverflowError):
        pass
    from email.utils import parsedate_to_datetime  # Here, because it is rare and email is many modules.

    try:
        moment = parsedate_to_datetime(stated)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _bounded(moment if moment.tzinfo else moment.replace(tzinfo=UTC), now=now)


def read_moment(text: object, *, now: datetime) -> datetime | None:
    """Return an ISO 8601 moment as the end of a waiting time, or None when it is none."""
    moment = parse_moment(text)
    return _bounded(moment, now=now) if moment else None


def parse_moment(text: object) -> datetime | None:
    """Return an ISO 8601 moment in UTC, or None when it is none or has no zone."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _bounded(moment: datetime, *, now: datetime) -> datetime:
    return min(max(moment, now), now + LONGEST_WAIT)
