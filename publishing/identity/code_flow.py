"""The code flow of signing in: from what a browser brings back from the provider to whom it proves, or why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publishing.adapters.openid import CodeRefusedError, ProviderAwayError
from publishing.domain.user import ProvenIdentity
from publishing.identity.attempts import SignInAttempt
from publishing.identity.id_tokens import ClockSkewError, IdTokenError, verify_id_token
from publishing.identity.keys import KeysUnavailableError
from publishing.identity.provider import SignInService
from publishing.services.signing_in import begin_once

#: What a provider says when a person or the provider itself said no (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6).
_DENIALS: Final = frozenset({
    "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required",
})  # fmt: skip
_CODE: Final = re.compile(r"[a-z_]{1,40}")
#: What can go wrong between a code and a proven identity, and the name of its page; the first class that fits.
_TROUBLES: Final[Mapping[type[Exception], str]] = {
    CodeRefusedError: "code",
    ProviderAwayError: "provider",
    KeysUnavailableError: "provider",
    ClockSkewError: "clock",
    IdTokenError: "proof",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    """What a browser brought back: parameters of the address, each empty where it was not given exactly once."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


class SignInFailedError(Exception):
    """A sign-in came to nothing. `page` names what a person reads; the message is for the log, without secrets."""

    def __init__(self, page: str, reason: str) -> None:
        super().__init__(reason)
        self.page = page


def prove_identity(
    answer: CallbackAnswer, *, attempt: SignInAttempt, service: SignInService, redirect_uri: str, now: datetime
) -> ProvenIdentity:
    """Return who signs in. The answer's state is the attempt's, as the caller made sure.

    Whatever comes of it, the attempt is used up. Raises SignInFailedError.
    """
    if not begin_once(state_hash=attempt.state_hash, now=now):
        raise SignInFailedError("attempt", "This sign-in was used before.")
    if answer.iss not in {"", service.rules.issuer}:
        # RFC 9207: another provider's answer, led to us.
        raise SignInFailedError("attempt", "The answer names another provider.")
    if answer.error:
        # A code of the standards' kind tells an operator what is configured wrongly; anything else is not repeated.
        named = answer.error if _CODE.fullmatch(answer.error) else "no code of the standard's"
        raise SignInFailedError("denied" if answer.error in _DENIALS else "provider", f"The provider said: {named}.")
    if not answer.code:
        raise SignInFailedError("attempt", "The answer holds no code.")
    try:
        return _redeem(answer.code, attempt=attempt, service=service, redirect_uri=redirect_uri)
    except tuple(_TROUBLES) as error:
        page = next(page for kind, page in _TROUBLES.items() if isinstance(error, kind))
        raise SignInFailedError(page, str(error)) from error


def _redeem(code: str, *, attempt: SignInAttempt, service: SignInService, redirect_uri: str) -> ProvenIdentity:
    redeemed = service.provider.redeem(code=code, redirect_uri=redirect_uri, verifier=attempt.verifier)
    return verify_id_token(
        redeemed.id_token,
        nonce=attempt.nonce,
        access_token=redeemed.access_token,
        keys=service.keys(),
        rules=service.rules,
    )
