"""What use cases need besides the table: policies from the configuration, and ways to reach outside."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from publishing.adapters.hints import Hints, Nowhere
from publishing.domain.permissions import ReviewRules
from publishing.domain.series import HORIZON
from publishing.domain.timing import Timing
from publishing.http import OutgoingPolicy


class Waker(Protocol):
    """Wakes the scheduler before its next tick."""

    def wake(self) -> None:
        """Ask for a tick now, without waiting for it. Never raises: the next tick comes anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a use case of a request needs besides the table."""

    waker: Waker
    timing: Timing = field(default_factory=Timing)
    #: Whether messages need an approver before they can go out.
    review_on: bool = False
    #: Whether approvers may approve what they wrote themselves.
    review_own: bool = False
    #: How long before it is due a message of a series is made.
    series_horizon: timedelta = HORIZON
    #: Where uploads and the files made of them are, and what the public addresses of the latter begin with.
    media_bucket: str = ""
    media_url: str = ""
    #: By what hints reach the worker.
    hints: Hints = field(default_factory=Nowhere)
    #: Key of the key service that credentials are sealed with.
    key_id: str = "alias/omnipub"
    #: Which addresses an account may name.
    outgoing: OutgoingPolicy = field(default_factory=OutgoingPolicy)

    @property
    def review(self) -> ReviewRules:
        """How messages are reviewed."""
        return ReviewRules(is_on=self.review_on, may_approve_own=self.review_own)
