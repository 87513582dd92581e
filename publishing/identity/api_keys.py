"""Sign-in of programs: an API key in the Authorization header, and nothing else under `/keyed/v1/`."""

from typing import Final

from rest_framework.exceptions import AuthenticationFailed

from publishing.adapters import clock
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import Actor
from publishing.identity.headers import HeaderAuthentication, SignInUnavailableError
from publishing.identity.owners import owner_roles
from publishing.services import api_keys
from publishing.services.api_keys import KeyRefusedError

#: The namespace of the routes that programs use.
NAMESPACE: Final = "keyed"


class ApiKeyAuthentication(HeaderAuthentication):
    """Takes `Authorization: Api-Key <id>.<secret>`; the request's user is then an Actor with scopes."""

    scheme = "Api-Key"
    example = "<key>"
    kind = "api_key"
    elsewhere = ("Bearer", "Access tokens are not taken here. Use the same address under /api/v1/.")

    def verify(self, token: str) -> Actor:
        """Return the actor of a key; see `HeaderAuthentication`."""
        try:
            return api_keys.authenticate(token=token, now=clock.now(), owner_roles=owner_roles())
        except KeyRefusedError as error:
            raise AuthenticationFailed(str(error)) from error
        except UnavailableError as error:
            raise SignInUnavailableError from error
