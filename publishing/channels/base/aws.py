"""Signing requests to AWS (Signature Version 4), for channels on which the deployment's own role acts.

The one place of the channels that uses botocore, and for nothing but the signature: the SDK's own clients re-send a
request whose answer was lost, up to five times (measured with boto3 1.44, 2026-11-22), which here would publish again.
So the request goes out through the courier, once. The credentials come from botocore's ordinary chain.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import botocore.session
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from publishing.domain.account import Account
from publishing.domain.errors import FieldProblem
from publishing.http import Answer, Courier

_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,2}-[1-9][0-9]?")
#: A session finds its credentials when it is first asked, and is not made to be asked by two threads then.
_FINDING: Final = threading.Lock()


class UnsignedError(Exception):
    """There are no credentials to sign with: the process has no role, or its role's credentials cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One AWS service, as its signatures and its host names call it."""

    #: In the scope of signatures: `ses`.
    signing_name: str
    #: First label of its regional hosts: `email`.
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRequest:
    """A request before its signature."""

    service: Service
    region: str
    url: str
    headers: Mapping[str, str]
    content: bytes = field(default=b"", repr=False)
    method: str = "POST"


def endpoint(account: Account, service: Service) -> str | None:
    """Return where an account's requests go, without a slash at the end; None where the account names no place.

    That is the service's host in the region of the account's settings, or the account's `base_url`: another host of the
    same service and region (a private endpoint), or a simulated platform on this machine, which the guard of outgoing
    requests lets through in local mode only.
    """
    region = account.settings.get("region", "")
    if not _REGION.fullmatch(region):
        return None
    if account.base_url:
        return account.base_url.rstrip("/") if _may_be_signed_for(account.base_url, service, region) else None
    return f"https://{service.host}.{region}.{_domain(region)}"


def endpoint_problems(account: Account, service: Service) -> tuple[FieldProblem, ...]:
    """Return what is wrong with an account's region, or else with its address."""
    region = account.settings.get("region", "")
    if not _REGION.fullmatch(region):
        detail = "The region is no name of an AWS region. Enter one like us-east-1."
        return (FieldProblem(pointer="/settings/region", code="bad_region", detail=detail),)
    if account.base_url and not _may_be_signed_for(account.base_url, service, region):
        detail = "The address is no host of this service in its region. Leave it empty: the region alone is enough."
        return (FieldProblem(pointer="/base_url", code="bad_address", detail=detail),)
    return ()


def send(request: AwsRequest, courier: Courier, *, now: datetime) -> Answer:
    """Sign a request that makes something visible as of `now` and send it, once.

    Raises `UnsignedError`, and whatever the courier raises.
    """
    return _send(request, courier, now=now, acts=True)


def ask(request: AwsRequest, courier: Courier, *, now: datetime) -> Answer:
    """Sign a request that only reads as of `now` and send it. Raises as `send` does."""
    return _send(request, courier, now=now, acts=False)


def _send(request: AwsRequest, courier: Courier, *, now: datetime, acts: bool) -> Answer:
    headers = sign(request, _role_credentials(), now=now)
    return courier.request(request.method, request.url, headers=headers, content=request.content, acts=acts)


def sign(request: AwsRequest, credentials: Credentials, *, now: datetime) -> dict[str, str]:
    """Return the request's headers with date, token and signature.

    Put together from the signer's public parts, because its one method that does it all reads the clock.
    """
    signed = AWSRequest(method=request.method, url=request.url, data=request.content, headers=dict(request.headers))
    signed.context["timestamp"] = now.strftime(SIGV4_TIMESTAMP)
    signed.headers["x-amz-date"] = signed.context["timestamp"]
    if credentials.token:
        signed.headers["x-amz-security-token"] = credentials.token
    signer = SigV4Auth(credentials, request.service.signing_name, request.region)
    string_to_sign = signer.string_to_sign(signed, signer.canonical_request(signed))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(signed)}, "
        f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(signed))}, "
        f"Signature={signer.signature(string_to_sign, signed)}"
    )
    return {**{name: str(value) for name, value in signed.headers.items()}, "authorization": authorization}


def _role_credentials() -> Credentials:
    """Return the process's own credentials, fresh where they expire."""
    try:
        with _FINDING:
            found = _session().get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise UnsignedError(f"The credentials of the role cannot be had ({type(error).__name__}).") from None
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise UnsignedError("This process has no role.")
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


@cache
def _session() -> botocore.session.Session:
    """Return the session that finds credentials and keeps them fresh; one for the process."""
    return botocore.session.get_session()


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _may_be_signed_for(url: str, service: Service, region: str) -> bool:
    """Tell whether a request that our role signed may go there: to the service itself, or to this very machine.

    Other hosts under the domains of AWS may be anybody's: buckets, gateways, load balancers.
    """
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    own, domain = f"{re.escape(service.host)}(?:-fips)?", re.escape(_domain(region))
    if re.fullmatch(rf"{own}\.{region}\.{domain}|vpce-[a-z0-9-]+\.{own}\.{region}\.vpce\.{domain}", host):
        return True
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
