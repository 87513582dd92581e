"""What a platform says may still be asked of it. It only informs: no decision about a delivery rests on it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class QuotaUnit(StrEnum):
    """What a platform counts."""

    CALLS = "calls"
    #: Each kind of call costs some of them.
    POINTS = "points"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much was left after a call."""

    left: int
    limit: int
    unit: QuotaUnit = QuotaUnit.CALLS
    #: When all of it is there again; None where the platform does not say.
    resets_at: datetime | None = None

    def at(self, now: datetime) -> "Quota":
        """Return what is left by now, should nobody have called since: all of it, once its time is over."""
        if self.resets_at is None or self.resets_at > now:
            return self
        return Quota(left=self.limit, limit=self.limit, unit=self.unit)

    @property
    def is_low(self) -> bool:
        """Whether less than a tenth is left."""
        return self.left * 10 < self.limit
