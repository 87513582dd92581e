"""`request.user` for Django's own code: who a web session proves."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from publishing.identity import sessions
from publishing.models import User


class WebSessionMiddleware(AuthenticationMiddleware):
    """Puts `request.user` on every request; the table is asked when somebody looks at it."""

    def process_request(self, request: HttpRequest) -> None:
        """Promise the user."""
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


def _user(request: HttpRequest) -> User | AnonymousUser:
    found = sessions.signed_in(request)
    return AnonymousUser() if found is None else User.of(found.user)
