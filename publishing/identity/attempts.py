"""One sign-in on its way: what the browser keeps between leaving for the provider and coming back.

It is in a signed cookie, so that nobody can make us write anything before they signed in, and so that what comes back
in another browser, too late or twice is told apart.
"""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from django.core import signing

#: How long somebody may take at the provider.
LIFETIME: Final = timedelta(minutes=15)
_SALT: Final = "omnipub.sign-in"
_COOKIE_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """A sign-in on its way. Every part is new and unguessable for each."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    #: What redeems the code (PKCE); only its hash went to the provider.
    verifier: str = field(repr=False)
    #: Where the browser wants to go, a checked path of this site.
    after: str
    #: Seconds since 1970.
    began: float

    @classmethod
    def begin(cls, *, after: str, now: datetime) -> Self:
        """Begin one."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            after=after,
            began=now.timestamp(),
        )

    @classmethod
    def read(cls, cookie: str, *, now: datetime) -> Self | None:
        """Return the one in a cookie; None where we did not write it, or it took too long."""
        if len(cookie) > _COOKIE_LIMIT:
            return None
        try:
            found = cls(**signing.Signer(salt=_SALT).unsign_object(cookie))
        except (signing.BadSignature, ValueError, TypeError):
            return None
        age = now.timestamp() - found.began
        return found if -LIFETIME.total_seconds() <= age <= LIFETIME.total_seconds() else None

    def cookie(self) -> str:
        """Return it as the browser keeps it."""
        return str(signing.Signer(salt=_SALT).sign_object(asdict(self)))

    def is_answered_by(self, state: str) -> bool:
        """Tell whether what came back belongs to it."""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))

    @property
    def state_hash(self) -> str:
        """What is stored when it was used."""
        return hashlib.sha256(self.state.encode()).hexdigest()
