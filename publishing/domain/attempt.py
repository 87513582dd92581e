"""Attempts: one try at a delivery, append-only. Together they are the receipt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from publishing.domain.outcome import Publication, Reason


class AttemptOutcome(StrEnum):
    """How an attempt ended; an attempt without one was lost sight of (its worker died)."""

    PUBLISHED = "published"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery: what was about to be sent, when, and what became of it."""

    message_id: str
    delivery_id: str
    gen: int
    #: The claim that made it.
    fence: int
    #: When the commit mark was set: the start of the visible call.
    started_at: datetime
    #: Exactly what was sent.
    text: str
    payload_sha: str
    #: When the claim was taken.
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: AttemptOutcome | None = None
    reason: Reason | None = None
    detail: str | None = None
    publication: Publication | None = None
