"""Sign-in of programs: an API key in the Authorization header, and nothing else under `/keyed/v1/`."""

from typing import Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from publishing.adapters import clock
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import Actor
from publishing.identity.authentication import REALM, SignInUnavailableError
from publishing.identity.owners import owner_roles
from publishing.services import api_keys
from publishing.services.api_keys import KeyRefusedError

#: The namespace of the routes that programs use.
NAMESPACE: Final = "keyed"


class ApiKeyAuthentication(BaseAuthentication):
    """Takes `Authorization: Api-Key <id>.<secret>`; the request's user is then an Actor with scopes."""

    def authenticate(self, request: Request) -> tuple[Actor, str] | None:
        """Return the actor and the kind of sign-in, None without a header. Raises for everything else."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.strip().partition(" ")
        match scheme.lower():
            case "api-key":
                return self._verify(token.strip()), "api_key"
            case "bearer":
                raise AuthenticationFailed("Access tokens are not taken here. Use the same address under /api/v1/.")
            case _:
                raise AuthenticationFailed("This way to sign in is not known. Send Authorization: Api-Key <key>.")

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Return what a 401 tells clients to send."""
        return f'Api-Key realm="{REALM}"'

    def _verify(self, token: str) -> Actor:
        try:
            return api_keys.authenticate(token=token, now=clock.now(), owner_roles=owner_roles())
        except KeyRefusedError as error:
            raise AuthenticationFailed(str(error)) from error
        except UnavailableError as error:
            raise SignInUnavailableError from error
