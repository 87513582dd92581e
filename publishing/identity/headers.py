"""The Authorization header as both doors of the API read it: each takes one scheme, and says where the other goes."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from publishing.domain.permissions import Actor

REALM: Final = "omnipub"


class SignInUnavailableError(APIException):
    """Whether a token is good cannot be told just now."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "Sign-ins cannot be checked just now. Try again in a few seconds."


class HeaderAuthentication(ABC, BaseAuthentication):
    """Takes `Authorization: <scheme> <token>`; the request's user is then an Actor. Everything else is refused."""

    #: As it is written: `Bearer`.
    scheme: ClassVar[str]
    #: What follows the scheme, as clients are told: `<token>`.
    example: ClassVar[str]
    #: How somebody signed in, as views see it.
    kind: ClassVar[str]
    #: The scheme of the other door, and what to say about it.
    elsewhere: ClassVar[tuple[str, str]]

    def authenticate(self, request: Request) -> tuple[Actor, str] | None:
        """Return the actor and the kind of sign-in, None without a header. Raises for everything else."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() == self.scheme.lower():
            return self.verify(token.strip()), self.kind
        other, saying = self.elsewhere
        if scheme.lower() == other.lower():
            raise AuthenticationFailed(saying)
        expected = f"{self.scheme} {self.example}"
        raise AuthenticationFailed(f"This way to sign in is not known. Send Authorization: {expected}.")

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Return what a 401 tells clients to send."""
        return f'{self.scheme} realm="{REALM}"'

    @abstractmethod
    def verify(self, token: str) -> Actor:
        """Return the actor that a token proves; raise AuthenticationFailed or SignInUnavailableError."""
