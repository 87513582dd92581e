"""How an attempt ended, and what a look-up found. Closed families: match them with `assert_never`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from publishing.domain.quota import Quota


class Reason(StrEnum):
    """Why an attempt did not publish. The list is closed; a channel maps the platform's documented codes to it."""

    #: The platform asks to wait (429, throttling).
    RATE = "rate"
    #: A daily or monthly quota is used up.
    QUOTA = "quota"
    #: The credential expired or was revoked; somebody must connect the account again.
    CREDENTIAL = "credential"
    #: The account lacks a scope, role or review, or was restricted.
    PERMISSION = "permission"
    #: The platform will never take this content.
    CONTENT = "content"
    #: The platform says that this very content is there already.
    DUPLICATE = "duplicate"
    #: The page, chat or address is gone or malformed.
    DESTINATION = "destination"
    #: Refused before it was processed: no connection, 503 before the visible step.
    UNAVAILABLE = "unavailable"
    #: The platform answered with an error of its own (5xx): it may have acted.
    SERVER_ERROR = "server_error"
    #: The answer was lost, cut off or could not be understood: it may have acted.
    LOST_SIGHT = "lost_sight"
    #: Our own code failed before anything left.
    INTERNAL = "internal"
    #: Working time ran out before the visible call.
    NO_TIME = "no_time"
    #: Not done within the time that a delivery may take.
    EXPIRED = "expired"
    #: Did not start in time, so it no longer goes out by itself.
    LATE = "late"
    #: Claimed too often without a result: something about it breaks the worker.
    CLAIMS = "claims"
    #: The message was cancelled while the outcome was in doubt.
    CANCELLED = "cancelled"
    #: A person said that it is not there.
    RESOLVED = "resolved"

    @property
    def is_parking(self) -> bool:
        """Whether a delivery waits for a person or a quota, uncounted, instead of being tried again soon."""
        return self in {Reason.CREDENTIAL, Reason.QUOTA}

    @property
    def counts(self) -> bool:
        """Whether a deferred attempt counts as a try: waiting on the platform's or our own demand does not."""
        return self not in {Reason.RATE, Reason.CREDENTIAL, Reason.QUOTA, Reason.NO_TIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What now exists out there."""

    #: The platform's own id.
    id: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """It is done, and the platform said so."""

    publication: Publication
    #: What may still be asked of the platform, where its answer told.
    quota: Quota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Certainly not done; worth trying later."""

    reason: Reason
    #: A sentence for an editor, without secrets.
    detail: str
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Certainly not done by this attempt; trying again will not help."""

    reason: Reason
    detail: str
    #: Of a `duplicate`, what the platform names as being there already: ours where an earlier attempt was in doubt.
    publication: Publication | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been done; we could not see."""

    reason: Reason
    detail: str


Outcome = Published | Deferred | Rejected | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A look-up saw the publication: evidence of success."""

    publication: Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A look-up proved that there is no such publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """The channel offers no evidence either way: a person must look."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFailed:
    """The look-up itself did not work; try it again later."""

    reason: Reason
    detail: str
    not_before: datetime | None = None


Finding = Found | Absent | Undecidable | LookupFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What an editor is told about a delivery or message that is not done."""

    code: str
    detail: str
    retryable: bool
