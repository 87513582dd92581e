"""A scripted personal data server: sessions as they should be, and whatever a test wants for the rest."""

import base64
import inspect
import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from tests.servers import Script, http_answer

DID = "did:plc:abcdefghijklmnopqrstuvwx"
#: What a call answers: bytes, or a function of nothing or of the path.
Answer = bytes | Callable[[], bytes] | Callable[[str], bytes]


def pds(answers: Mapping[str, Answer]) -> Script:
    """Answer each call, by the last word of its name."""
    every: dict[str, Answer] = {"createSession": session_answer(), "refreshSession": session_answer(), **answers}

    def script(connection, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        answer = every.get(path.partition("?")[0].rpartition(".")[2], http_answer(status="404 Not Found"))
        if callable(answer):
            answer = answer(path) if inspect.signature(answer).parameters else answer()  # type: ignore[call-arg]
        connection.sendall(answer)

    return script


def session_answer(*, access: str = "", seconds: int = 7_200) -> bytes:
    """Return a session whose access token lives so long."""
    token = access or jwt({"iat": 1_000, "exp": 1_000 + seconds})
    return http_answer(json.dumps({"did": DID, "handle": "a.test", "accessJwt": token, "refreshJwt": "r"}).encode())


def jwt(claims: Mapping[str, object]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims, "sig"))


def named_answer(status: int, name: str, *, headers: str = "") -> bytes:
    """Return an error as the protocol words it."""
    body = json.dumps({"error": name, "message": "Words"}).encode()
    return http_answer(body, status=f"{status} Some words", headers=headers)


def record_of(text: str) -> Callable[[str], bytes]:
    """Answer a record of this text at whatever key is asked for."""

    def answer(path: str) -> bytes:
        (rkey,) = parse_qs(urlsplit(path).query)["rkey"]
        uri = f"at://{DID}/app.bsky.feed.post/{rkey}"
        return http_answer(json.dumps({"uri": uri, "cid": "bafyreia", "value": {"text": text}}).encode())

    return answer
