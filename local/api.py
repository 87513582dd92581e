"""Asking the running system over HTTP, as any client would: what the demonstration and the fault tests go through."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# No proxy of the person's environment stands before loopback.
_opener: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RefusedError(Exception):
    """The system answered with an error. The text is what it said."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class NoAnswerError(Exception):
    """Nothing answered, or the answer broke off: whether the request was carried out is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Sends JSON to one address and reads JSON from it. Safe to use from many threads."""

    url: str
    token: str = field(default="", repr=False)
    timeout: float = 30.0

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Read something."""
        return self.call("GET", path)

    def post(self, path: str, body: object = None, *, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Create or do something; with `key` a repetition has the first one's answer."""
        return self.call("POST", path, body, headers={"Idempotency-Key": key} if key else {})

    def call(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Send one request; return what the answer holds. Raises RefusedError and NoAnswerError."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=content, method=method)  # noqa: S310 - loopback
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with _opener.open(request, timeout=self.timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.code, _detail(error.read())) from None
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{self.url} does not answer: {error}") from error
        return json.loads(text) if text else None


def _detail(content: bytes) -> str:
    text = content.decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
