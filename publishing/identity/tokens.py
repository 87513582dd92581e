"""Access tokens of the user pool: who is asking, proved by the pool's signature. No other kind of token is taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import jwt

from publishing.config import Config, ConfigError
from publishing.domain.permissions import SYSTEM, Actor
from publishing.identity.keys import KeySet
from publishing.identity.roles import RoleMap
from publishing.identity.signatures import ALGORITHM, signing_key

LEEWAY: Final = 60
SCOPE: Final = "omnipub/api"
#: Cognito's access tokens have about 1 KB; with many groups some more.
SIZE_LIMIT: Final = 8 * 1024
_REQUIRED: Final = ("exp", "iat", "iss", "sub", "token_use", "client_id")


class TokenError(Exception):
    """The token proves nothing. The message is a sentence for whoever sent it and repeats nothing of the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """Whose tokens are taken."""

    issuer: str
    client_id: str
    scope: str = SCOPE
    roles: RoleMap = field(default_factory=RoleMap)

    @classmethod
    def from_config(cls, config: Config) -> "TokenRules":
        """Return the rules for the configured pool and client."""
        if not config.cognito_client_id:
            raise ConfigError("Configuration: COGNITO_CLIENT_ID is not set.")
        return cls(issuer=issuer_of(config), client_id=config.cognito_client_id, roles=RoleMap.from_config(config))


def issuer_of(config: Config) -> str:
    """Return what the pool calls itself: configured, or derived from its id, which begins with its region."""
    if config.token_issuer:
        return config.token_issuer
    region, separator, _ = config.cognito_user_pool_id.partition("_")
    if not separator:
        raise ConfigError("Configuration: COGNITO_USER_POOL_ID should look like eu-central-1_AbCdEfGhI.")
    return f"https://cognito-idp.{region}.amazonaws.com/{config.cognito_user_pool_id}"


def keys_url_of(config: Config) -> str:
    """Return where the pool's keys are read."""
    return config.jwks_url or f"{issuer_of(config)}/.well-known/jwks.json"


def verify(token: str, *, keys: KeySet, rules: TokenRules) -> Actor:
    """Return the actor that an access token proves.

    Raises TokenError when it proves nothing here, and KeysUnavailableError when that cannot be told just now.
    """
    key = signing_key(token, keys, size_limit=SIZE_LIMIT, what="access token", refuse=TokenError)
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=rules.issuer,
            leeway=LEEWAY,
            # Access tokens name their client in client_id and need no audience.
            options={"require": list(_REQUIRED), "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise TokenError("The access token has expired. Get a new one.") from None
    except jwt.ImmatureSignatureError:
        raise TokenError("The access token is not valid yet. Check the clock of whoever issued it.") from None
    except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
        raise TokenError("The access token is not a valid one of this user pool.") from None
    return _actor(claims, rules)


def _actor(claims: Mapping[str, object], rules: TokenRules) -> Actor:
    if claims["token_use"] != "access":  # noqa: S105 - a claim's value
        raise TokenError("This is not an access token. Send the access token, not the ID token.")
    if claims["client_id"] != rules.client_id:
        raise TokenError("The access token was issued to another client.")
    scope = claims.get("scope")
    if not isinstance(scope, str) or rules.scope not in scope.split(" "):
        raise TokenError(f"The access token lacks the scope {rules.scope}.")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 128 or _is_ours(subject):
        raise TokenError("The access token names no user.")
    name = claims.get("username")
    roles = rules.roles.roles(claims.get("cognito:groups"))
    return Actor(id=subject, roles=roles, name=name if isinstance(name, str) else "")


def _is_ours(subject: str) -> bool:
    """Tell whether a user's id would read as something else: a part of a key string, the system, a program's key."""
    return "#" in subject or "/key:" in subject or subject == SYSTEM.id
