"""The gateway's paths and its own errors. What needs no token is listed one by one in `publishing.paths`."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import aws_apigateway as apigateway

from publishing.paths import OPEN_PATHS

#: Whatever is below needs an access token at the gateway, unless it is listed as open.
PROTECTED: Final = "/api"
_REST: Final = "{proxy+}"

#: Response type -> status, code and sentence. Types without a status keep their own.
_PROBLEMS: Final[Mapping[str, tuple[int, str, str]]] = {
    "UNAUTHORIZED": (401, "unauthenticated", "Send Authorization: Bearer <access token>."),
    "EXPIRED_TOKEN": (401, "unauthenticated", "The access token has expired. Get a new one."),
    "ACCESS_DENIED": (403, "forbidden", "The access token does not allow this. It needs the scope omnipub/api."),
    "WAF_FILTERED": (403, "forbidden", "The firewall refused this request."),
    # What AWS answers for an address that no route has.
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found", "There is nothing at this address."),
    "RESOURCE_NOT_FOUND": (404, "not_found", "There is nothing at this address."),
    "REQUEST_TOO_LARGE": (413, "too_large", "The request is too large."),
    "THROTTLED": (429, "throttled", "Too many requests. Try again in a second."),
    "QUOTA_EXCEEDED": (429, "throttled", "Too many requests. Try again later."),
    "INTEGRATION_FAILURE": (502, "unavailable", "The application did not answer. Try again in a few seconds."),
    "INTEGRATION_TIMEOUT": (504, "timeout", "The application did not answer in time. Ask whether it was done first."),
    "AUTHORIZER_FAILURE": (503, "unavailable", "Sign-ins cannot be checked just now. Try again in a few seconds."),
}
#: Whatever else the gateway answers by itself.
_OTHERS: Final[Mapping[str, tuple[int, str, str]]] = {
    "DEFAULT_4XX": (400, "invalid", "The gateway could not read this request."),
    "DEFAULT_5XX": (500, "internal", "The gateway failed. Try again in a few seconds."),
}


def answer_problems(api: apigateway.RestApi) -> None:
    """Make every error of the gateway itself a problem document, as the application's are."""
    for name, (status, code, detail) in _PROBLEMS.items():
        _answer(api, name, str(status), problem(status, code, detail))
    for name, (_, code, detail) in _OTHERS.items():
        body = {"type": f"urn:omnipub:problem:{code}", "title": "Error", "detail": detail, "code": code}
        _answer(api, name, None, json.dumps(body))


def problem(status: int, code: str, detail: str) -> str:
    """Return a problem document."""
    titles = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Request Entity Too Large"}
    titles |= {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    body = {"type": f"urn:omnipub:problem:{code}", "title": titles[status], "status": status, "detail": detail}
    return json.dumps({**body, "code": code})


def _answer(api: apigateway.RestApi, name: str, status: str | None, body: str) -> None:
    headers = {"Content-Type": "'application/problem+json'", "Cache-Control": "'no-store'"}
    if status == "401":
        headers["WWW-Authenticate"] = "'Bearer realm=\"omnipub\"'"
    api.add_gateway_response(
        f"Answer{name.title().replace('_', '')}",
        type=apigateway.ResponseType.of(name),
        status_code=status,
        response_headers=headers,
        templates={"application/json": body},
    )


def routes() -> Iterator[tuple[str, bool]]:
    """Yield every path of the gateway and whether it is open.

    Below `/api` each level also has a protected rest, so that no open sibling leaves a gap; elsewhere there is no
    catch-all: the application would answer `/<stage>/api/...` behind one without any token.
    """
    protected = {PROTECTED}
    for path in OPEN_PATHS:
        yield path, True
        while path.startswith(f"{PROTECTED}/"):
            path = path.rpartition("/")[0]  # noqa: PLW2901 - climbs
            protected.add(path)
    for path in sorted(protected):
        if path not in OPEN_PATHS:
            yield path, False
        if f"{path}/{_REST}" not in OPEN_PATHS:
            yield f"{path}/{_REST}", False


def top_level() -> tuple[str, ...]:
    """Return the first segments of everything that the web function answers: `admin`, `api` and so on."""
    return tuple(sorted({path.split("/")[1] for path, _ in routes()}))
