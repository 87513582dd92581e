"""How the Graph API words its errors and reads its parameters. Pure."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local.platforms.base import Headers, Request, Response, json_response, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_LIMIT = 63_206
#: Of a page with one engaged user.
CALLS_OF_A_DAY = 4_800


class RefusedError(Exception):
    """The API does not do what was asked; carries code, subcode and sentence."""

    def __init__(self, code: int, sentence: str, *, subcode: int = 0, status: int = 400) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.subcode = subcode
        self.status = status

    def response(self) -> Response:
        """Return the answer that says so."""
        return error(self.code, self.sentence, subcode=self.subcode, status=self.status)


def error(code: int, sentence: str, *, subcode: int = 0, status: int = 400, headers: Headers = ()) -> Response:
    """Build an error; most come with HTTP 400, whatever they are about."""
    body: dict[str, object] = {
        "message": sentence,
        "type": "OAuthException",
        "code": code,
        "is_transient": code == 2,
        "fbtrace_id": "A1b2C3d4E5f6G7h8",
    }
    if subcode:
        body["error_subcode"] = subcode
    return json_response({"error": body}, status=status, headers=headers)


def failure(status: int, *, page_id: str, retry_after: float | None) -> Response:
    """Word an error that was asked for by its HTTP status the way this API does."""
    match status:
        case 401:
            sentence = "Error validating access token: Session has expired on Sunday, 22-Nov-26 00:00:00 PST."
            return error(190, sentence, subcode=463)
        case 403:
            return error(200, "(#200) Permissions error", status=403)
        case 404:
            sentence = "Unsupported post request. Object does not exist or cannot be loaded due to missing permissions."
            return error(100, sentence, subcode=33)
        case 429:
            return error(
                80_001, "There have been too many calls to this Page account.", headers=usage(page_id, retry_after)
            )
        case 503:
            return error(2, "Service temporarily unavailable", status=503)
    return error(1, "An unknown error has occurred.", status=500)


def usage(page_id: str, retry_after: float | None) -> Headers:
    """Build the header that says when a throttled page may go on: in whole minutes."""
    minutes = math.ceil((3600 if retry_after is None else retry_after) / 60)
    case = {
        "type": "pages",
        "call_count": 100,
        "total_cputime": 25,
        "total_time": 25,
        "estimated_time_to_regain_access": minutes,
    }
    return (("X-Business-Use-Case-Usage", json.dumps({page_id: [case]})),)


def used(calls: int) -> Headers:
    """Build the header that says how many of an app's calls are used: percentages, rounded down."""
    share = min(calls * 100 // CALLS_OF_A_DAY, 100)
    return (("X-App-Usage", json.dumps({"call_count": share, "total_cputime": 0, "total_time": 0})),)


def read_parameters(request: Request) -> Mapping[str, object]:
    """Read the parameters of the address and of a JSON or form body."""
    parameters: dict[str, object] = dict(request.query)
    try:
        if request.media_type == "application/json":
            return parameters | parse_object(request.body)
        if request.media_type == "application/x-www-form-urlencoded":
            return parameters | dict(parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as error_:
        raise RefusedError(100, "(#100) The body could not be read.") from error_
    return parameters
