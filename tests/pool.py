"""A user pool of our own: a real key pair, its JWKS on a loopback socket, and tokens of every kind."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.servers import handling

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_TestPool1"
CLIENT_ID = "the-client"
KID = "key-of-the-pool"


@cache
def private_key(name: str = KID) -> rsa.RSAPrivateKey:
    """Return a key; one per name and process, for making them takes time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> bytes:
    return (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def jwk(kid: str = KID) -> dict[str, object]:
    key: dict[str, object] = RSAAlgorithm.to_jwk(private_key(kid).public_key(), as_dict=True)
    return {**key, "kid": kid, "alg": "RS256", "use": "sig"}


def build_claims(**changes: object) -> dict[str, object]:
    """Return the claims of a good access token; a change to None leaves a claim out."""
    now = int(time.time())
    if "groups" in changes:
        changes["cognito:groups"] = changes.pop("groups")
    claims = {
        "sub": "a-user",
        "username": "ada",
        "iss": ISSUER,
        "client_id": CLIENT_ID,
        "token_use": "access",
        "scope": "openid omnipub/api",
        "cognito:groups": ["editor"],
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def build_token(
    *, kid: str = KID, signed_by: str = KID, headers: dict[str, object] | None = None, **changes: object
) -> str:
    """Return a token signed by a key of the given name."""
    # The library's own encoder refuses some forgeries; what it signs below is any bytes.
    payload = json.dumps(build_claims(**changes)).encode()
    return jwt.api_jws.encode(payload, private_key(signed_by), "RS256", {"kid": kid, **(headers or {})})


class Jwks:
    """A server of keys that counts how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[object] = [jwk()]
        self.status = 200
        self.requests = 0
        self.url = ""


@contextmanager
def serve_jwks() -> Iterator[Jwks]:
    """Serve keys on a free loopback port until the block ends."""
    jwks = Jwks()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            jwks.requests += 1
            body = json.dumps({"keys": jwks.keys}).encode()
            self.send_response(jwks.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with handling(Handler) as address:
        jwks.url = f"{address}/jwks.json"
        yield jwks
