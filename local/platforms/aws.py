"""What the simulated services of AWS share: verifying Signature Version 4 the way AWS does, step by step.

Written from the public description of the algorithm and without botocore, so that the two check one another.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.platforms.base import Request

#: The one region that is simulated.
REGION = "us-east-1"
#: The credentials that local mode runs with: key id and secret.
DEFAULT_CREDENTIAL = "test/test"
WINDOW = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<credential>[^\s,]+), ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


class NotSignedError(Exception):
    """The signature does not hold; carries the code of AWS's older protocols and a sentence in AWS's words."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """What the Authorization header says."""

    key_id: str
    day: str
    scope: tuple[str, ...]
    signed: tuple[str, ...]
    signature: str


def verify(request: Request, *, service: str, credentials: Sequence[str], now: datetime) -> None:
    """Check a request's signature; raises NotSignedError. A credential is `<key id>/<secret>`."""
    claim = _read(request.headers)
    known = dict(credential.split("/", 1) for credential in credentials)
    if claim.key_id not in known:
        raise NotSignedError("InvalidClientTokenId", "The security token included in the request is invalid.")
    _check_scope(claim, service)
    stamp = _check_date(request.headers, claim, now)
    _check_signed_headers(request.headers, claim.signed)
    expected = _signature(request, claim, stamp, known[claim.key_id])
    if not hmac.compare_digest(expected, claim.signature):
        raise NotSignedError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )


def _read(headers: Mapping[str, str]) -> _Claim:
    stated = headers.get("authorization", "")
    if not stated:
        raise NotSignedError("MissingAuthenticationToken", "Request is missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(stated)
    parts = match["credential"].split("/") if match else []
    if match is None or len(parts) != 5:
        raise NotSignedError("IncompleteSignature", "Authorization header is not in the form of Signature Version 4.")
    return _Claim(
        key_id=parts[0],
        day=parts[1],
        scope=tuple(parts[2:]),
        signed=tuple(match["signed"].split(";")),
        signature=match["signature"],
    )


def _check_scope(claim: _Claim, service: str) -> None:
    for given, expected, word in zip(
        claim.scope, (REGION, service, "aws4_request"), ("region", "service", "terminator"), strict=True
    ):
        if given != expected:
            sentence = f"Credential should be scoped to a valid {word}, not '{given}'."
            raise NotSignedError("SignatureDoesNotMatch", sentence)


def _check_date(headers: Mapping[str, str], claim: _Claim, now: datetime) -> str:
    stamp = headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotSignedError("IncompleteSignature", "The request needs a valid 'X-Amz-Date'.") from None
    if claim.day != stamp[:8]:
        raise NotSignedError(
            "SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD of the request."
        )
    if abs(now - signed_at) > WINDOW:
        word = "expired" if signed_at < now else "not yet current"
        raise NotSignedError("RequestExpired", f"Signature {word}: {stamp}")
    return stamp


def _check_signed_headers(headers: Mapping[str, str], signed: tuple[str, ...]) -> None:
    due = {"host", *(name for name in headers if name.startswith("x-amz-") or name == "content-type")}
    if missing := sorted(due - set(signed)):
        raise NotSignedError("SignatureDoesNotMatch", f"'{missing[0]}' must be a signed header.")
    if list(signed) != sorted(signed) or any(name not in headers for name in signed):
        raise NotSignedError("SignatureDoesNotMatch", "The signed headers are not in order, or not all there.")


def _signature(request: Request, claim: _Claim, stamp: str, secret: str) -> str:
    canonical = "\n".join((
        request.method,
        # Encoded twice, as every service but S3 wants it; the server has decoded it once.
        "/" + "/".join(quote(quote(part, safe="-_.~"), safe="-_.~") for part in request.parts),
        "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(request.query.items())),
        *(f"{name}:{' '.join(request.headers[name].split())}" for name in claim.signed),
        "",
        ";".join(claim.signed),
        hashlib.sha256(request.body).hexdigest(),
    ))  # fmt: skip
    scope = "/".join((claim.day, *claim.scope))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (claim.day, *claim.scope):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
