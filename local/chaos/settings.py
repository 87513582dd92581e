"""What one chaos run does, as values; and the proof that its faster clock changes no ratio."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final

from local.platforms.linkedin.platform import ORGANIZATION
from local.seed import READ_ON_THE_WALL, DemoAccount
from publishing.domain.timing import Timing

#: Faster than production by this, unless a run asks for the real constants.
DIVISOR: Final = 6.0
#: A run ends by itself within this, whatever happens.
LIMIT: Final = timedelta(minutes=12)
_REGION: Final = {"region": "us-east-1"}
#: The channels that take part: what their accounts state, and how many there are. One message goes to all of them.
CHANNELS: Final[Mapping[str, tuple[int, Mapping[str, str]]]] = {
    "bluesky": (1, READ_ON_THE_WALL),
    "email": (
        1,
        {
            **_REGION,
            "sender": "news@example.org",
            "recipient": "readers@lists.example.org",
            "configuration_set": "omnipub-events",
        },
    ),
    "facebook": (1, {}),
    "linkedin": (1, {"remote_id": ORGANIZATION}),
    "mastodon": (2, {}),
    "sms": (1, {**_REGION, "number": "+12065550100"}),
    "webhook": (2, {}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One run."""

    seed: int
    #: The span in which everything is due and everything goes wrong.
    seconds: float = 180.0
    messages: int = 200
    divisor: float = DIVISOR
    workers: int = 2
    clocks: int = 2
    #: Seconds between two kills of a worker, and of a clock.
    kill_worker_every: float = 2.0
    kill_clock_every: float = 15.0
    limit: timedelta = LIMIT

    @property
    def cancels(self) -> int:
        """How many messages are cancelled: 50 of 200."""
        return self.messages // 4

    @property
    def edits(self) -> int:
        """How many others are edited around their due time: 40 of 200."""
        return self.messages // 5

    @property
    def tick(self) -> float:
        """Seconds between two ticks of a clock."""
        return self.timing.tick.total_seconds()

    @property
    def timing(self) -> Timing:
        """The protocol's durations in this run."""
        return Timing().divided_by(self.divisor)

    @property
    def accounts(self) -> tuple[DemoAccount, ...]:
        """The accounts that every message goes to: every channel, two accounts of some."""
        return tuple(
            DemoAccount(channel=channel, handle=f"chaos{number}", name=f"{channel} {number}", settings=stated)
            for channel, (count, stated) in CHANNELS.items()
            for number in range(1, count + 1)
        )


def check_ratios(timing: Timing) -> None:
    """Raise ValueError unless every duration stands to the tick as in production, and what safety needs holds."""
    real = Timing()
    for field in fields(Timing):
        wanted = getattr(real, field.name) / real.tick
        found = getattr(timing, field.name) / timing.tick
        if abs(found - wanted) > 1e-6 * wanted:
            raise ValueError(f"{field.name} is {found} ticks long here and {wanted} in production.")
    timing.check()
