"""How often somebody may do something. The counters are in the table, so that they hold across all processes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from publishing.domain.wording import phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many times in a window of time, for each subject: a user, a key, an account."""

    #: Names the counter.
    name: str
    count: int
    window: timedelta = timedelta(minutes=1)
    #: A process takes this many at once and spends them without asking again. What is left at the end of the window is
    #: lost, so that all processes together never spend more than `count`.
    block: int = 1
    #: What is limited, for people: "You may … at most 60 times a minute."
    what: str

    def __post_init__(self) -> None:
        """Refuse a limit that could never be spent whole."""
        if not 1 <= self.block <= self.count:
            raise ValueError("A block is at least 1 and at most the whole limit.")

    def window_of(self, now: datetime) -> datetime:
        """Return when the window that a moment lies in began."""
        length = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // length * length, UTC)

    def retry_after(self, now: datetime) -> int:
        """Return the whole seconds, at least 1, until the next window begins."""
        left = self.window_of(now) + self.window - now
        return max(1, -(-left // timedelta(seconds=1)))


API_PER_USER: Final = Limit(name="api", count=1_200, block=10, what=phrase("ask the API"))
API_PER_KEY: Final = Limit(name="api-key", count=600, block=10, what=phrase("ask the API with one key"))
PREVIEW: Final = Limit(name="preview", count=120, block=5, what=phrase("ask for a preview"))
UPLOAD: Final = Limit(name="upload", count=60, block=1, what=phrase("upload a medium"))
KEY_CREATION: Final = Limit(name="key", count=20, window=timedelta(hours=1), what=phrase("make or rotate an API key"))
#: Sign-ins that prove somebody, by user: more web sessions nobody needs.
SIGN_IN: Final = Limit(name="sign-in", count=10, window=timedelta(minutes=5), what=phrase("sign in"))
#: Steps of signing in before anybody is known, by the address that a connection comes from (an office has one), and by
#: whose connection it is, which is CloudFront's for many and so has much more. No step costs more than the first.
SIGN_IN_FROM: Final = Limit(
    name="sign-in-from",
    count=120,
    window=timedelta(minutes=5),
    block=5,
    what=phrase("begin or end a sign-in from one address"),
)
SIGN_IN_THROUGH: Final = Limit(
    name="sign-in-through",
    count=1_200,
    window=timedelta(minutes=5),
    block=20,
    what=phrase("sign in through one connection"),
)
