"""The provider that people sign in at, as OpenID Connect describes it: where it is, and codes into ID tokens.

Authlib writes and reads the protocol; what it sends goes through our one HTTP client. What an ID token proves is judged
in `identity/id_tokens.py`.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from publishing.http import Answer, CourierError, HttpClient

if TYPE_CHECKING:
    # Loaded where somebody signs in, and not at a cold start of the API: it takes 60 ms.
    from authlib.oauth2.client import OAuth2Client

log = logging.getLogger(__name__)

#: Seconds for one exchange with the provider.
CALL_SECONDS: Final = 5.0
#: The provider's description is read anew after this long; after a failure not sooner than the second.
_MAX_AGE: Final = 3600.0
_RETRY_AFTER: Final = 2.0


class ProviderAwayError(Exception):
    """The provider does not answer, or not as a provider does."""


class CodeRefusedError(Exception):
    """The provider did not take the code: it was used before, is too old, or belongs to another sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider does what."""

    authorization: str = ""
    token: str = ""
    jwks: str = ""
    #: Empty where the provider has no page to sign out.
    end_session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a code was exchanged for."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """A provider as it is configured."""

    issuer: str
    client_id: str
    #: None for a public client, which PKCE alone protects.
    client_secret: str | None = field(default=None, repr=False)
    scope: str = "openid email profile"
    discovery_url: str = ""
    #: What wins over the provider's own description.
    endpoints: Endpoints = field(default_factory=Endpoints)


class Provider:
    """One provider. Serves all threads of a process; its description is read once an hour at most."""

    def __init__(
        self, settings: ProviderSettings, http: HttpClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask nothing yet."""
        self.settings = settings
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Endpoints | None = None
        self._found_at = 0.0
        self._failed_at: float | None = None

    def endpoints(self) -> Endpoints:
        """Return where the provider is. Raises ProviderAwayError."""
        fixed = self.settings.endpoints
        if fixed.authorization and fixed.token and fixed.jwks:
            return fixed
        with self._lock:
            if self._found is None or self._clock() - self._found_at >= _MAX_AGE:
                self._discover()
            if self._found is None:
                raise ProviderAwayError("The provider's description cannot be read.")
            return self._found

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser is sent to sign in. Raises ProviderAwayError."""
        url, _ = self._client(redirect_uri).create_authorization_url(
            self.endpoints().authorization, state=state, nonce=nonce, code_verifier=verifier
        )
        return str(url)

    def redeem(self, *, code: str, redirect_uri: str, verifier: str) -> Redeemed:
        """Exchange a code for tokens; once, and never repeated. Raises CodeRefusedError and ProviderAwayError."""
        from authlib.common.errors import AuthlibBaseError

        client = self._client(redirect_uri)
        try:
            answer = client.fetch_token(
                self.endpoints().token, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except AuthlibBaseError as error:
            if error.error == "invalid_grant":
                raise CodeRefusedError("The provider refused the code.") from None
            log.warning("Provider refused to redeem a code", extra={"cause": _plain(error.error)})
            raise ProviderAwayError("The provider did not redeem the code.") from None
        except (CourierError, ValueError) as error:
            log.warning("Provider away", extra={"cause": type(error).__name__})
            raise ProviderAwayError("The provider did not answer.") from None
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderAwayError("The provider's answer holds no ID token.")
        return Redeemed(id_token=id_token, access_token=access_token)

    def end_session_url(self, *, back_to: str) -> str:
        """Return where a browser signs out of the provider, and comes back from; empty where there is no such page.

        Names the way back as the standard does and as Cognito does; each ignores the other's name.
        """
        address = self.endpoints().end_session
        if not address:
            return ""
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back_to, "logout_uri": back_to}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def read(self, url: str) -> bytes:
        """Return what is at an address of the provider. Raises OSError where that cannot be told."""
        try:
            answer = self._http.courier().request("GET", url, acts=False)
        except CourierError as error:
            raise OSError("The provider does not answer.") from error
        if not answer.is_success or answer.flaw:
            raise OSError("The provider does not answer as it should.")
        return answer.body

    def _client(self, redirect_uri: str) -> "OAuth2Client":
        from authlib.oauth2.client import OAuth2Client

        return OAuth2Client(
            _GuardedSession(self._http),
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            scope=self.settings.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    def _discover(self) -> None:
        if self._failed_at is not None and self._clock() - self._failed_at < _RETRY_AFTER:
            return
        url = self.settings.discovery_url or f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            answer = self._http.courier().request("GET", url, acts=False)
            if not answer.is_success:
                raise ValueError(answer.status)  # noqa: TRY301 - one place notes whatever went wrong
            self._found = _read_endpoints(answer.json_object(), self.settings)
        except (CourierError, ValueError) as error:
            # A description that was read before stays good: addresses hardly ever move.
            log.warning("Provider's description unread", extra={"url": url, "cause": type(error).__name__})
            self._failed_at = self._clock()
            return
        self._found_at, self._failed_at = self._clock(), None


def _read_endpoints(document: Mapping[str, object], settings: ProviderSettings) -> Endpoints:
    """Return the addresses in a description. Raises ValueError for one of another provider, or without them."""
    if document.get("issuer") != settings.issuer:
        raise ValueError("The description is another provider's.")
    fixed = settings.endpoints
    return Endpoints(
        authorization=fixed.authorization or _address(document.get("authorization_endpoint")),
        token=fixed.token or _address(document.get("token_endpoint")),
        jwks=fixed.jwks or _address(document.get("jwks_uri")),
        end_session=fixed.end_session or _address(document.get("end_session_endpoint", ""), may_be_empty=True),
    )


def _address(value: object, *, may_be_empty: bool = False) -> str:
    if isinstance(value, str) and (value.startswith(("https://", "http://")) or (may_be_empty and not value)):
        return value
    raise ValueError("The description lacks an address.")


class _GuardedSession:
    """What Authlib takes for a session of `requests`: one method, which goes through our client."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> "_Response":  # noqa: ANN401 - Authlib is untyped
        """Send a form, with what proves our client added to it."""
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        # It acts: a code is good for one exchange, so that the request must never be sent twice.
        answer = self._http.courier().request("POST", url, acts=True, headers=sent, content=body.encode())
        return _Response(answer)


class _Response:
    """An answer as Authlib reads it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status_code = answer.status

    def json(self) -> object:
        """Return the body as data, or raise ValueError."""
        try:
            return self._answer.json()
        except CourierError as error:
            raise ValueError(str(error)) from None

    def raise_for_status(self) -> None:
        """Raise ValueError for an answer that is an error."""
        if self.status_code >= 400:
            raise ValueError(f"The provider answered {self.status_code}.")


def _plain(code: object) -> str:
    return code[:60] if isinstance(code, str) and code.isascii() and code.isprintable() else "unreadable"
