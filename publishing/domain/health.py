"""What a check found: whether an account can be used as it is, as far as its platform can be asked."""

from dataclasses import dataclass
from enum import StrEnum

from publishing.domain.outcome import Reason


class HealthVerdict(StrEnum):
    """What a check comes to."""

    OK = "ok"
    #: The platform does not accept the credential: somebody must connect the account again.
    NEEDS_REAUTH = "needs_reauth"
    #: Something else would keep it from publishing.
    PROBLEM = "problem"
    #: Nothing was learned: there is nobody to ask, or no answer that could be understood.
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a check found."""

    verdict: HealthVerdict
    #: A sentence for an editor, without secrets.
    detail: str
    #: Why it cannot be used; None where nothing is known to be wrong.
    reason: Reason | None = None


def healthy(detail: str) -> Health:
    """Return that an account can be used."""
    return Health(verdict=HealthVerdict.OK, detail=detail)


def needs_reauth(detail: str) -> Health:
    """Return that an account's credential is not accepted."""
    return Health(verdict=HealthVerdict.NEEDS_REAUTH, detail=detail, reason=Reason.CREDENTIAL)


def unusable(reason: Reason, detail: str) -> Health:
    """Return that something but the credential keeps an account from publishing."""
    return Health(verdict=HealthVerdict.PROBLEM, detail=detail, reason=reason)


def cannot_tell(detail: str) -> Health:
    """Return that nothing was learned."""
    return Health(verdict=HealthVerdict.CANNOT_TELL, detail=detail)
