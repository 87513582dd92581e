"""Sign-in for DRF: an access token in the Authorization header, and nothing else under `/api/v1/`."""

import functools
import os
from typing import TYPE_CHECKING

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from publishing.config import Config
from publishing.domain.permissions import Actor
from publishing.identity.headers import HeaderAuthentication, SignInUnavailableError
from publishing.identity.keys import KeySet, KeysUnavailableError
from publishing.identity.tokens import TokenError, TokenRules, keys_url_of, verify

if TYPE_CHECKING:  # DRF's views import this module when they read its settings
    from rest_framework.views import APIView


@functools.cache
def _pool() -> tuple[KeySet, TokenRules]:
    config = Config.from_environment(os.environ, needs=("COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID"))
    return KeySet(keys_url_of(config)), TokenRules.from_config(config)


def forget_keys() -> None:
    """Read configuration and keys anew at the next request."""
    _pool.cache_clear()


class AccessTokenAuthentication(HeaderAuthentication):
    """Takes `Authorization: Bearer <access token>`; the request's user is then an Actor."""

    scheme = "Bearer"
    example = "<token>"
    kind = "access_token"
    elsewhere = ("Api-Key", "API keys are not taken here. Use the same address under /keyed/v1/.")

    def verify(self, token: str) -> Actor:
        """Return the actor of an access token; see `HeaderAuthentication`."""
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
