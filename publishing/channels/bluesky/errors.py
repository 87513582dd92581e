"""What Bluesky's documented error names mean. A status alone says little there: an expired token is a 400."""

from datetime import UTC, datetime
from typing import Final

from publishing.channels.base.answers import read_moment, read_refusal
from publishing.domain.outcome import Deferred, Outcome, Reason, Rejected, Unknown
from publishing.http import Answer, UnreadableError

NAME: Final = "Bluesky"

#: The token is used up; another one of the same session helps.
EXPIRED: Final = "ExpiredToken"
#: The token or password is not accepted. Nothing was done: it is checked before anything else.
_NOT_KNOWN: Final = frozenset({EXPIRED, "InvalidToken", "AuthMissing", "AuthenticationRequired", "AuthRequired"})
#: The account itself is restricted, whatever the status.
RESTRICTED: Final = frozenset(
    {"AccountTakedown", "AccountSuspended", "AccountDeactivated", "AccountNotFound", "RepoTakendown", "RepoDeactivated"}
)
#: The record refers to a blob that the server does not have, or not any more.
BLOB_GONE: Final = "BlobNotFound"
#: Something else is at the record key (`swapRecord: null`).
_OCCUPIED: Final = "InvalidSwap"
_SECOND_FACTOR: Final = "AuthFactorTokenRequired"


def error_name(answer: Answer) -> str:
    """Return the documented name of an error, or nothing when the answer is no error or does not name it."""
    if answer.is_success:
        return ""
    try:
        stated = answer.json_object().get("error")
    except UnreadableError:
        return ""
    return stated if isinstance(stated, str) else ""


def is_token_refused(answer: Answer) -> bool:
    """Tell whether it is the token that was refused, before anything was done."""
    if answer.status >= 500:
        return False
    name = error_name(answer)
    return name in _NOT_KNOWN or (answer.status == 401 and name not in RESTRICTED)


def read_error(answer: Answer, *, now: datetime) -> Outcome | None:
    """Return the outcome of an answer to the visible call, or None for a 2xx. A refused token is not judged here."""
    name = error_name(answer)
    if answer.status < 500 and name in RESTRICTED:
        return restricted()
    if answer.status == 400 and name == _OCCUPIED:
        detail = f"{NAME} already has something at the place of this post. It is looked up whether that is this post."
        return Unknown(reason=Reason.DUPLICATE, detail=detail)
    return read_refusal(answer, name=NAME, now=now, wait_until=read_reset(answer, now=now))


def read_session_error(answer: Answer, *, now: datetime) -> Deferred | Rejected | None:
    """Return why no session was opened, or None for a 2xx. Nothing visible was asked for, so nothing was done."""
    if answer.is_success:
        return None
    name = error_name(answer)
    if answer.status < 500 and name in RESTRICTED:
        return restricted()
    if name == _SECOND_FACTOR:
        detail = f"{NAME} asks for a second factor. Connect the account again, with an app password."
        return Deferred(reason=Reason.CREDENTIAL, detail=detail)
    if answer.status == 400:
        return credential_refused()
    match read_refusal(answer, name=NAME, now=now, wait_until=read_reset(answer, now=now)):
        case Deferred() | Rejected() as outcome:
            return outcome
        case _:
            detail = f"{NAME} could not open a session (HTTP {answer.status}). Nothing was sent."
            return Deferred(reason=Reason.UNAVAILABLE, detail=detail)


def restricted() -> Rejected:
    """Return the outcome for an account that the server restricted."""
    detail = f"{NAME} does not let this account publish: it was taken down, suspended or deactivated there."
    return Rejected(reason=Reason.PERMISSION, detail=detail)


def credential_refused() -> Deferred:
    """Return the outcome for an app password that is not accepted."""
    detail = f"{NAME} no longer accepts the account's app password. Connect the account again."
    return Deferred(reason=Reason.CREDENTIAL, detail=detail)


def read_reset(answer: Answer, *, now: datetime) -> datetime | None:
    """Return when the rate limit ends, if this answer is about that: `RateLimit-Reset`, in seconds of the epoch.

    The reference server sends no `Retry-After`.
    """
    stated = answer.headers.get("ratelimit-reset", "").strip()
    if answer.status != 429 or not (stated.isascii() and stated.isdigit()) or len(stated) > 11:
        return None
    return read_moment(datetime.fromtimestamp(int(stated), UTC).isoformat(), now=now)
