"""ID tokens of our own code flow: who signed in, proved by the provider's signature. Nothing else is taken here."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from publishing.domain.user import EMAIL_LIMIT, NAME_LIMIT, ProvenIdentity, clean, is_user_id
from publishing.identity.keys import KeySet
from publishing.identity.roles import RoleMap
from publishing.identity.signatures import ALGORITHM, signing_key

LEEWAY: Final = 60
#: With many groups they grow; a browser never carries them, so that they may.
SIZE_LIMIT: Final = 32 * 1024
_REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat", "nonce")


class IdTokenError(Exception):
    """The ID token proves nothing. The message says why, for the log; it repeats nothing of the token."""


class ClockSkewError(IdTokenError):
    """The ID token is from the future, or was over before it came: this clock and the provider's differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenRules:
    """Whose ID tokens are taken, and what they say about roles."""

    issuer: str
    client_id: str
    groups_claim: str = "cognito:groups"
    roles: RoleMap = field(default_factory=RoleMap)


def verify_id_token(token: str, *, nonce: str, access_token: str, keys: KeySet, rules: IdTokenRules) -> ProvenIdentity:
    """Return whom an ID token proves, for the sign-in that began with this nonce.

    Raises IdTokenError, ClockSkewError for one that is not valid at this time, and KeysUnavailableError when the
    provider's keys cannot be read just now.
    """
    key = signing_key(token, keys, size_limit=SIZE_LIMIT, what="ID token", refuse=IdTokenError)
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=rules.issuer,
            audience=rules.client_id,
            leeway=LEEWAY,
            options={"require": list(_REQUIRED)},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        # It was made a moment ago, so that only a clock can be wrong.
        raise ClockSkewError("The ID token is not valid at this time.") from None
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise IdTokenError(f"The ID token is not a valid one ({type(error).__name__}).") from None
    _demand_ours(claims, nonce=nonce, access_token=access_token, rules=rules)
    return _identity(claims, rules)


def _demand_ours(claims: Mapping[str, Any], *, nonce: str, access_token: str, rules: IdTokenRules) -> None:
    """Refuse a token that was made for another client, another sign-in or another purpose."""
    given = claims["nonce"]
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise IdTokenError("The ID token belongs to another sign-in.")
    # With several audiences the one that the token was made for must be named (OpenID Connect Core 3.1.3.7).
    audiences = claims["aud"]
    if isinstance(audiences, list) and len(audiences) > 1 and "azp" not in claims:
        raise IdTokenError("The ID token names several clients and not whom it was made for.")
    if claims.get("azp", rules.client_id) != rules.client_id:
        raise IdTokenError("The ID token was made for another client.")
    if claims.get("token_use", "id") != "id":
        raise IdTokenError("This is not an ID token.")
    if "at_hash" in claims and not _matches(claims["at_hash"], access_token):
        raise IdTokenError("The ID token belongs to another access token.")


def _matches(at_hash: object, access_token: str) -> bool:
    from authlib.oidc.core.util import create_half_hash  # only where somebody signs in: it takes time to load

    expected = create_half_hash(access_token, ALGORITHM)
    return isinstance(at_hash, str) and hmac.compare_digest(at_hash.encode(), expected or b"")


def _identity(claims: Mapping[str, Any], rules: IdTokenRules) -> ProvenIdentity:
    subject = claims["sub"]
    if not is_user_id(subject):
        raise IdTokenError("The ID token names no user.")
    email = clean(claims.get("email"), EMAIL_LIMIT)
    # Some providers write it as text.
    is_verified = claims.get("email_verified") in (True, "true")
    name = clean(claims.get("name"), NAME_LIMIT) or clean(claims.get("preferred_username"), NAME_LIMIT) or email
    return ProvenIdentity(
        id=subject,
        name=name,
        email=email if is_verified else "",
        roles=rules.roles.roles(claims.get(rules.groups_claim)),
    )
