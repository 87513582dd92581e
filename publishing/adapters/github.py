"""An OpenID Connect provider in front of GitHub, which speaks OAuth only: so a user pool can have it as any other.

It keeps nothing. What must come back is sealed into the state that goes to GitHub and into the code that goes to the
pool; that a code is used once is GitHub's own promise, whose code is inside. Facts about GitHub: docs.github.com,
"Troubleshooting OAuth app access token request errors" and "REST API endpoints for emails", read in November 2026.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import jwt
from cryptography.fernet import Fernet, InvalidToken
from jwt.algorithms import RSAAlgorithm

from publishing.domain.user import EMAIL_LIMIT, NAME_LIMIT, clean
from publishing.http import CourierError, HttpClient

log = logging.getLogger(__name__)

ALGORITHM: Final = "RS256"
#: What we ask GitHub for: who somebody is, and their addresses. Nothing that writes, no repository.
_SCOPE: Final = "read:user user:email"
_STATE_FOR: Final = 15 * 60
_CODE_FOR: Final = 2 * 60
_TOKEN_FOR: Final = timedelta(minutes=5)
_LIMIT: Final = 4_000
#: What GitHub says of a code that it does not take, or of a user that it does not let through.
_REFUSALS: Final = ("bad_verification_code", "unverified_user_email")


class BridgeError(Exception):
    """A request that is answered with an error of OAuth (RFC 6749 5.2). The message is for the log."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """The bridge as it is configured."""

    #: Its own address, as the pool knows it.
    issuer: str
    #: Our app at GitHub; and what the pool proves itself with at the bridge, which is the same pair.
    client_id: str
    client_secret: str = field(repr=False)
    #: An RSA key in PEM that ID tokens are signed with, and a Fernet key that seals what travels.
    signing_key: str = field(repr=False)
    sealing_key: str = field(repr=False)
    #: Where the pool takes its users back; nowhere else is anybody sent.
    redirect_uri: str
    web_url: str = "https://github.com"
    api_url: str = "https://api.github.com"


class GitHubBridge:
    """The five addresses of the provider."""

    def __init__(self, settings: BridgeSettings, http: HttpClient) -> None:
        """Read the keys; ask nobody anything."""
        self._settings = settings
        self._http = http
        self._fernet = Fernet(settings.sealing_key.encode())
        self._key = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(settings.signing_key)
        public = self._key.public_key() if hasattr(self._key, "public_key") else self._key
        self._jwk: dict[str, Any] = RSAAlgorithm.to_jwk(public, as_dict=True)
        thumbprint = json.dumps({name: self._jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
        #: The key names itself (RFC 7638), so that a new key has a new name.
        self._kid = _unpadded(hashlib.sha256(thumbprint.encode()).digest())

    def description(self) -> Mapping[str, object]:
        """Return what the provider says about itself."""
        issuer = self._settings.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified", "picture"],
        }

    def keys(self) -> Mapping[str, object]:
        """Return the public key that ID tokens are verified with."""
        return {"keys": [{**self._jwk, "kid": self._kid, "use": "sig", "alg": ALGORITHM}]}

    def authorize(self, asked: Mapping[str, str], *, now: datetime) -> str:
        """Return where at GitHub a browser is sent. Raises BridgeError for a request that is not the pool's."""
        if asked.get("client_id") != self._settings.client_id:
            raise BridgeError("invalid_client", "The request names another client.")
        if asked.get("redirect_uri") != self._settings.redirect_uri:
            # Nobody is sent back to an address that is not the pool's, not even with an error.
            raise BridgeError("invalid_request", "The request names another address.")
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            raise BridgeError("invalid_request", "The request is none for an ID token by code.")
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            raise BridgeError("invalid_request", "Of PKCE only S256 is taken.")
        kept = {name: asked.get(name, "") for name in ("state", "nonce", "code_challenge")}
        if any(len(value) > _LIMIT for value in kept.values()):
            raise BridgeError("invalid_request", "The request is too long.")
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": f"{self._settings.issuer}/callback",
            "scope": _SCOPE,
            "state": self._seal("state", kept, now),
        }
        return f"{self._settings.web_url}/login/oauth/authorize?{urlencode(query)}"

    def come_back(self, answer: Mapping[str, str], *, now: datetime) -> str:
        """Return where at the pool a browser is sent that comes from GitHub. Raises BridgeError."""
        kept = self._open("state", answer.get("state", ""), _STATE_FOR, now)
        back = {"state": kept["state"], "iss": self._settings.issuer}
        if answer.get("code") and not answer.get("error"):
            sealed = {"code": answer["code"], "nonce": kept["nonce"], "code_challenge": kept["code_challenge"]}
            back["code"] = self._seal("code", sealed, now)
        else:
            back["error"] = "access_denied" if answer.get("error") == "access_denied" else "server_error"
        return f"{self._settings.redirect_uri}?{urlencode(back)}"

    def token(self, form: Mapping[str, str], *, now: datetime) -> Mapping[str, object]:
        """Return tokens for a code. The form holds the client's name and secret. Raises BridgeError."""
        self._demand_client(form)
        if form.get("grant_type") != "authorization_code":
            raise BridgeError("unsupported_grant_type", "Only codes are exchanged.")
        if form.get("redirect_uri") != self._settings.redirect_uri:
            raise BridgeError("invalid_grant", "The code was given for another address.")
        kept = self._open("code", form.get("code", ""), _CODE_FOR, now)
        if kept["code_challenge"]:
            challenge = _unpadded(hashlib.sha256(form.get("code_verifier", "").encode("utf-8", "replace")).digest())
            if not hmac.compare_digest(challenge, kept["code_challenge"]):
                raise BridgeError("invalid_grant", "The verifier is not the code's.")
        access_token = self._redeem(kept["code"])
        claims = {
            **self.person(access_token),
            "iss": self._settings.issuer,
            "aud": self._settings.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + _TOKEN_FOR).timestamp()),
            **({"nonce": kept["nonce"]} if kept["nonce"] else {}),
        }
        id_token = jwt.encode(claims, self._settings.signing_key, ALGORITHM, {"kid": self._kid})
        return {
            "access_token": access_token,
            "id_token": id_token,
            "token_type": "Bearer",
            "expires_in": int(_TOKEN_FOR.total_seconds()),
            "scope": "openid email profile",
        }

    def person(self, access_token: str) -> Mapping[str, object]:
        """Return who an access token of GitHub stands for, as claims. Raises BridgeError."""
        user = self._ask("/user", access_token)
        if not isinstance(user, dict) or type(user.get("id")) is not int:
            raise BridgeError("server_error", "GitHub names no user.", status=502)
        # The number stays with a person; the name can be changed, and be taken by another person then.
        login = clean(user.get("login"), NAME_LIMIT)
        claims: dict[str, object] = {
            "sub": str(user["id"]),
            "name": clean(user.get("name"), NAME_LIMIT) or login,
            "preferred_username": login,
        }
        picture = clean(user.get("avatar_url"), 1_000)
        if picture.startswith("https://"):
            claims["picture"] = picture
        if email := self._address(access_token):
            claims |= {"email": email, "email_verified": True}
        return claims

    def _address(self, access_token: str) -> str:
        """Return the primary address if GitHub verified it; another one would let somebody claim it."""
        found = self._ask("/user/emails", access_token)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True:
                return clean(one.get("email"), EMAIL_LIMIT)
        return ""

    def _demand_client(self, form: Mapping[str, str]) -> None:
        given = f"{form.get('client_id', '')}\n{form.get('client_secret', '')}"
        own = f"{self._settings.client_id}\n{self._settings.client_secret}"
        if not hmac.compare_digest(given.encode("utf-8", "replace"), own.encode()):
            raise BridgeError("invalid_client", "The client did not prove itself.", status=401)

    def _redeem(self, code: str) -> str:
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "code": code,
            "redirect_uri": f"{self._settings.issuer}/callback",
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url = f"{self._settings.web_url}/login/oauth/access_token"
        try:
            answer = self._http.courier().request(
                "POST", url, acts=True, headers=headers, content=urlencode(form).encode()
            )
            found = answer.json_object()
        except CourierError as error:
            raise BridgeError("server_error", "GitHub does not answer.", status=502) from error
        # GitHub answers 200 with an error in it. Other ones than these say that the bridge is set up wrongly.
        if named := found.get("error"):
            if named in _REFUSALS:
                raise BridgeError("invalid_grant", f"GitHub refused the code: {named}.")
            raise BridgeError("server_error", f"GitHub refused our app: {clean(named, 60)}.", status=502)
        token = found.get("access_token")
        if not isinstance(token, str) or not token or not answer.is_success:
            raise BridgeError("server_error", "GitHub gave no token.", status=502)
        return token

    def _ask(self, path: str, access_token: str) -> object:
        headers = {
            "authorization": f"Bearer {access_token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        try:
            answer = self._http.courier().request("GET", f"{self._settings.api_url}{path}", acts=False, headers=headers)
            if answer.status in {401, 403}:
                raise BridgeError("invalid_token", "GitHub does not know the token.", status=401)
            if not answer.is_success:
                raise BridgeError("server_error", "GitHub does not answer as it should.", status=502)
            return answer.json()
        except CourierError as error:
            raise BridgeError("server_error", "GitHub does not answer.", status=502) from error

    def _seal(self, purpose: str, content: Mapping[str, str], now: datetime) -> str:
        data = json.dumps({**content, "for": purpose}).encode()
        return self._fernet.encrypt_at_time(data, int(now.timestamp())).decode()

    def _open(self, purpose: str, sealed: str, seconds: int, now: datetime) -> Mapping[str, str]:
        try:
            data = self._fernet.decrypt_at_time(
                sealed.encode("utf-8", "replace"), ttl=seconds, current_time=int(now.timestamp())
            )
        except (InvalidToken, ValueError):
            raise BridgeError("invalid_grant", f"The {purpose} is none of ours, or too old.") from None
        content: dict[str, str] = json.loads(data)
        if content.get("for") != purpose:
            raise BridgeError("invalid_grant", f"The {purpose} is none.")
        return content


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
