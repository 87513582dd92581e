"""An OpenID provider of our own on a loopback socket. It keeps the rules, and breaks those that a test tells it to."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import jwt

from tests.pool import jwk, private_key
from tests.servers import handling

CLIENT = "the-desk"
KID = "key-of-the-provider"


class OpenIdProvider:
    """What it answers next, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Keep all rules again."""
        self.codes: dict[str, dict[str, Any]] = {}
        self.discovery: dict[str, Any] = {}
        self.discovery_status = 200
        self.token_answer: tuple[int, bytes] | None = None
        self.requests: list[str] = []
        self.redeemed: list[dict[str, str]] = []
        #: How our client proved itself, besides its name.
        self.authorization: str | None = None

    def authorize(self, request: dict[str, str], **claims: Any) -> str:
        """Let a person in who came with this request; return the code that goes back. A claim of None is left out."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = {"request": request, "claims": claims}
        return code

    def id_token(
        self, *, nonce: str, access_token: str = "", signed_by: str = KID, kid: str = KID, **changes: Any
    ) -> str:
        now = int(time.time())
        if "groups" in changes:
            changes["cognito:groups"] = changes.pop("groups")
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "ada-1",
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "email_verified": True,
            "cognito:groups": ["editor"],
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        # The library's own encoder refuses some forgeries; what it signs below is any bytes.
        return jwt.api_jws.encode(json.dumps(kept).encode(), private_key(signed_by), "RS256", {"kid": kid})

    def answer(self, path: str, body: str, authorization: str | None) -> tuple[int, bytes]:
        self.requests.append(path)
        if path == "/.well-known/openid-configuration":
            document = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/logout",
            }
            return self.discovery_status, json.dumps({**document, **self.discovery}).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": [jwk(KID)]}).encode()
        if path == "/token":
            self.authorization = authorization
            return self.token_answer or self._redeem(body, authorization)
        return 404, b"{}"

    def _redeem(self, body: str, authorization: str | None) -> tuple[int, bytes]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.redeemed.append(form)
        granted = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            granted is None
            or (authorization is None and form.get("client_id") != CLIENT)
            or form.get("redirect_uri") != granted["request"]["redirect_uri"]
            or challenge != granted["request"]["code_challenge"]
        ):
            return 400, b'{"error": "invalid_grant"}'
        claims = {"nonce": granted["request"]["nonce"], **granted["claims"]}
        tokens = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(**claims)}
        return 200, json.dumps(tokens).encode()


@contextmanager
def serve_provider() -> Iterator[OpenIdProvider]:
    """Serve a provider on a free loopback port until the block ends."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _answer(self, body: str) -> None:
            status, content = provider.answer(self.path, body, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    with handling(Handler) as address:
        provider.url = address
        yield provider
