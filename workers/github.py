"""The bridge function: GitHub as an OpenID Connect provider, for the user pool. HTTP events in, HTTP answers out.

It has no table and no rights but to read its own secret; the Auth stack gives it an address of its own.
"""

import base64
import binascii
import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from publishing import logs
from publishing.adapters import clock, secrets
from publishing.adapters.github import BridgeError, BridgeSettings, GitHubBridge
from publishing.config import ConfigError
from publishing.http import HttpClient, OutgoingPolicy
from workers.runtime import LambdaContext

log = logging.getLogger(__name__)

#: Seconds for all that GitHub is asked in one request; the pool waits five.
_CALL_SECONDS: Final = 4.0
_BODY_LIMIT: Final = 16 * 1024
_NEEDS: Final = ("SECRETS_ARN", "OMNIPUB_GITHUB_ISSUER", "OMNIPUB_GITHUB_REDIRECT_URI")
_SECRETS: Final = ("github_client_id", "github_client_secret", "github_signing_key", "github_sealing_key")
_LOCAL: Final = ("OMNIPUB_GITHUB_WEB_URL", "OMNIPUB_GITHUB_API_URL")

Answer = dict[str, Any]


@cache
def bridge() -> GitHubBridge:
    """Return the bridge as this function is configured. Raises ConfigError naming everything that is missing."""
    environment = os.environ
    is_local = environment.get("OMNIPUB_ALLOW_PRIVATE_NETWORKS") == "true"
    problems = [f"{name} is not set" for name in _NEEDS if not environment.get(name)]
    problems += [f"{name} is for local mode and must not be set here" for name in _LOCAL if environment.get(name)] * (
        not is_local
    )
    if problems:
        raise ConfigError(f"Configuration: {'; '.join(problems)}.")
    found = secrets.application_secrets(environment["SECRETS_ARN"])
    if missing := [name for name in _SECRETS if not found.get(name)]:
        raise ConfigError(f"Configuration: the secret at SECRETS_ARN holds no {', '.join(missing)}.")
    settings = BridgeSettings(
        issuer=environment["OMNIPUB_GITHUB_ISSUER"].rstrip("/"),
        redirect_uri=environment["OMNIPUB_GITHUB_REDIRECT_URI"],
        client_id=found["github_client_id"],
        client_secret=found["github_client_secret"],
        signing_key=found["github_signing_key"],
        sealing_key=found["github_sealing_key"],
        web_url=environment.get("OMNIPUB_GITHUB_WEB_URL", "https://github.com"),
        api_url=environment.get("OMNIPUB_GITHUB_API_URL", "https://api.github.com"),
    )
    return GitHubBridge(settings, HttpClient(OutgoingPolicy(allow_private=is_local), call_seconds=_CALL_SECONDS))


def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
    """Answer one request, of a function's own address (format 2.0) or of a gateway (1.0). Refuses everything else."""
    method, path = _asked(event)
    route = _ROUTES.get((method, path))
    with logs.correlated(context.aws_request_id):
        if route is None:
            return _json(404, {"error": "not_found"})
        try:
            return route(event)
        except BridgeError as error:
            log.warning("Bridge refused a request", extra={"path": path, "reason": str(error)})
            return _refusal(error, method)


def _describe(_: Mapping[str, Any]) -> Answer:
    return _json(200, bridge().description(), seconds=3600)


def _keys(_: Mapping[str, Any]) -> Answer:
    return _json(200, bridge().keys(), seconds=3600)


def _authorize(event: Mapping[str, Any]) -> Answer:
    return _redirect(bridge().authorize(_query(event), now=clock.now()))


def _come_back(event: Mapping[str, Any]) -> Answer:
    return _redirect(bridge().come_back(_query(event), now=clock.now()))


def _token(event: Mapping[str, Any]) -> Answer:
    form = {**_form(event), **_basic(_header(event, "authorization"))}
    return _json(200, bridge().token(form, now=clock.now()))


def _userinfo(event: Mapping[str, Any]) -> Answer:
    scheme, _, token = _header(event, "authorization").partition(" ")
    # What GitHub's tokens are made of; anything else could not even be sent on.
    if scheme.lower() != "bearer" or not token.isascii() or not token.isprintable() or not 0 < len(token) <= 500:
        raise BridgeError("invalid_token", "The request holds no token.", status=401)
    return _json(200, bridge().person(token))


_ROUTES: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Answer]]] = {
    ("GET", "/.well-known/openid-configuration"): _describe,
    ("GET", "/jwks"): _keys,
    ("GET", "/authorize"): _authorize,
    ("GET", "/callback"): _come_back,
    ("POST", "/token"): _token,
    ("GET", "/userinfo"): _userinfo,
    ("POST", "/userinfo"): _userinfo,
}


def _asked(event: Mapping[str, Any]) -> tuple[str, str]:
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, Mapping) else None
    if isinstance(http, Mapping):
        return str(http.get("method", "")), str(event.get("rawPath", ""))
    return str(event.get("httpMethod", "")), str(event.get("path", ""))


def _query(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the parameters that were given once."""
    if "rawQueryString" in event:
        return _once(parse_qs(str(event["rawQueryString"]), keep_blank_values=True))
    given = event.get("multiValueQueryStringParameters") or {}
    return _once({str(name): [str(value) for value in values] for name, values in given.items()})


def _form(event: Mapping[str, Any]) -> Mapping[str, str]:
    body = str(event.get("body") or "")
    if len(body) > _BODY_LIMIT:
        raise BridgeError("invalid_request", "The body is too long.", status=413)
    try:
        text = base64.b64decode(body, validate=True).decode() if event.get("isBase64Encoded") else body
    except (binascii.Error, ValueError):
        raise BridgeError("invalid_request", "The body cannot be read.") from None
    return _once(parse_qs(text, keep_blank_values=True))


def _once(given: Mapping[str, list[str]]) -> Mapping[str, str]:
    return {name: values[0] for name, values in given.items() if len(values) == 1}


def _header(event: Mapping[str, Any], name: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if str(key).lower() == name), "")


def _basic(header: str) -> Mapping[str, str]:
    """Return name and secret of the client in a header; nothing where there is none (RFC 6749 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise BridgeError("invalid_client", "The client's name cannot be read.", status=401) from None
    return {"client_id": unquote(name), "client_secret": unquote(secret)}


def _json(status: int, content: object, *, seconds: int = 0) -> Answer:
    headers = {
        "content-type": "application/json",
        "cache-control": f"public, max-age={seconds}" if seconds else "no-store",
        "x-content-type-options": "nosniff",
    }
    return {"statusCode": status, "headers": headers, "body": json.dumps(content)}


def _redirect(address: str) -> Answer:
    headers = {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return {"statusCode": 302, "headers": headers, "body": ""}


def _refusal(error: BridgeError, method: str) -> Answer:
    answer = _json(error.status, {"error": error.code})
    if error.status == 401:
        scheme = "Basic" if error.code == "invalid_client" and method == "POST" else "Bearer"
        answer["headers"]["www-authenticate"] = f'{scheme} realm="omnipub-github"'
    return answer
