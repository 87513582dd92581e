"""Sign-in for DRF: an access token in the Authorization header, and nothing else under `/api/v1/`."""

import functools
import os
from typing import TYPE_CHECKING, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from publishing.config import Config
from publishing.domain.permissions import Actor
from publishing.identity.keys import KeySet, KeysUnavailableError
from publishing.identity.tokens import TokenError, TokenRules, keys_url_of, verify

if TYPE_CHECKING:  # DRF's views import this module when they read its settings
    from rest_framework.views import APIView

REALM: Final = "omnipub"


class SignInUnavailableError(APIException):
    """Whether a token is good cannot be told just now."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "Sign-ins cannot be checked just now. Try again in a few seconds."


@functools.cache
def _pool() -> tuple[KeySet, TokenRules]:
    config = Config.from_environment(os.environ, needs=("COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID"))
    return KeySet(keys_url_of(config)), TokenRules.from_config(config)


def forget_keys() -> None:
    """Read configuration and keys anew at the next request."""
    _pool.cache_clear()


class AccessTokenAuthentication(BaseAuthentication):
    """Takes `Authorization: Bearer <access token>`; the request's user is then an Actor."""

    def authenticate(self, request: Request) -> tuple[Actor, str] | None:
        """Return the actor and the kind of sign-in, None without a header. Raises for everything else."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.strip().partition(" ")
        match scheme.lower():
            case "bearer":
                return self._verify(token.strip()), "access_token"
            case "api-key":
                raise AuthenticationFailed("API keys are not taken here. Use the same address under /keyed/v1/.")
            case _:
                raise AuthenticationFailed("This way to sign in is not known. Send Authorization: Bearer <token>.")

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Return what a 401 tells clients to send."""
        return f'Bearer realm="{REALM}"'

    def _verify(self, token: str) -> Actor:
        keys, rules = _pool()
        try:
            return verify(token, keys=keys, rules=rules)
        except TokenError as error:
            raise AuthenticationFailed(str(error)) from error
        except KeysUnavailableError as error:
            raise SignInUnavailableError from error


class IsActor(BasePermission):
    """Lets in who signed in. What they may do is the services' question."""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002 - DRF's signature
        """Tell whether somebody signed in."""
        return isinstance(request.user, Actor)
