"""Web sessions: a browser that a user signed in with, until it ends. The token that proves it is never stored."""

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from publishing.domain.user import User, is_user_id

#: 256 random bits, in the 43 characters that base 64 makes of them.
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_COOKIE_LIMIT: Final = 1_000
#: How often at most a session in use is noted to be in use: each note is a write.
NOTE_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long web sessions live."""

    #: Since the last request.
    idle: timedelta = timedelta(hours=2)
    #: Since the sign-in, whatever is done meanwhile.
    lifetime: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToken:
    """What the browser holds: whose session it is, and the secret that proves it."""

    user_id: str
    secret: str = field(repr=False)

    @property
    def key(self) -> str:
        """What is stored in the secret's place. It has 256 random bits, so that a plain hash cannot be guessed."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def encode(self) -> str:
        """Return the token as a cookie holds it."""
        user = base64.urlsafe_b64encode(self.user_id.encode()).rstrip(b"=").decode()
        return f"{user}.{self.secret}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """One browser of one user."""

    user_id: str
    #: The hash of the token's secret.
    key: str
    epoch: int
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    #: What the browser calls itself, in a few words; for the user's eyes only.
    browser: str = field(default="", repr=False)

    def is_over(self, user: User, limits: SessionLimits, now: datetime) -> bool:
        """Tell whether the session proves nothing any more."""
        return (
            not user.is_active
            or self.epoch != user.epoch
            or now >= self.ends_at
            or now - self.seen_at >= limits.idle
            # A lifetime that was shortened meanwhile counts for sessions that began before.
            or now - self.created_at >= limits.lifetime
        )


def new_session_token(user_id: str) -> SessionToken:
    """Make a token for a new session: 256 bits of the system's randomness."""
    return SessionToken(user_id=user_id, secret=secrets.token_urlsafe(_TOKEN_BYTES))


def read_session_token(cookie: str) -> SessionToken | None:
    """Return the token that a cookie holds, or None when it cannot be one."""
    user, separator, secret = cookie.partition(".")
    if not separator or len(cookie) > _COOKIE_LIMIT or not _TOKEN.fullmatch(secret):
        return None
    try:
        user_id = base64.b64decode(user + "=" * (-len(user) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return SessionToken(user_id=user_id, secret=secret) if is_user_id(user_id) else None


def is_session_key(text: str) -> bool:
    """Tell whether a text has the form of a session's key."""
    return bool(_KEY.fullmatch(text))
