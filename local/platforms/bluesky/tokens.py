"""Access and refresh tokens: signed, self-contained and short-lived, so that a restarted server still knows them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Literal

from local.platforms.bluesky.records import RefusedError

Scope = Literal["com.atproto.appPass", "com.atproto.refresh"]
ACCESS: Scope = "com.atproto.appPass"
REFRESH: Scope = "com.atproto.refresh"
ACCESS_SECONDS = 7_200
REFRESH_SECONDS = 7_776_000
# Everybody may know it: nothing here is worth protecting, the signature is there to be checked.
_KEY = b"simulated personal data server"


def issue(did: str, scope: Scope, *, seconds: int, number: int, now: datetime) -> str:
    """Return a new token."""
    at = int(now.timestamp())
    claims = {"scope": scope, "sub": did, "iat": at, "exp": at + seconds, "jti": str(number)}
    signed = f"{_encode({'typ': 'JWT', 'alg': 'HS256'})}.{_encode(claims)}"
    return f"{signed}.{_sign(signed)}"


def check(authorization: str, did: str, scope: Scope, *, now: datetime) -> None:
    """Raise RefusedError with the server's words unless the header carries a valid token of that account and scope."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise RefusedError("Authentication Required", status=401, name="AuthMissing")
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _sign(signed).encode()):
        raise RefusedError("Token could not be verified", name="InvalidToken")
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    if claims["exp"] <= now.timestamp():
        raise RefusedError("Token has expired", name="ExpiredToken")
    if claims["scope"] != scope or claims["sub"] != did:
        raise RefusedError("Bad token scope", name="InvalidToken")


def _encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _sign(signed: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(_KEY, signed.encode(), hashlib.sha256).digest()).decode().rstrip("=")
