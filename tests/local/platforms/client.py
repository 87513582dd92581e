"""What the tests of the simulated platforms say to them, over real sockets."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.platforms.webhook.platform import sign

# Plain HTTP only; without this every client would load the machine's certificates first.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Client:
    """Speaks to every platform and to the control interface."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=NO_TLS)

    def toot(
        self, text: str = "Hello", *, account: str = "demo", key: str | None = None, **more: object
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer mastodon-{account}-token"} | ({"Idempotency-Key": key} if key else {})
        path = f"/mastodon/{account}/api/v1/statuses"
        return self.http.post(path, json={"status": text, **more}, headers=headers)

    def read(self, path: str, *, account: str = "demo", method: str = "GET", **query: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer mastodon-{account}-token"}
        return self.http.request(method, f"/mastodon/{account}/{path}", params=query, headers=headers)

    def hook(
        self,
        body: bytes = b'{"text": "Hello"}',
        *,
        account: str = "demo",
        secret: str | None = None,
        sent_at: float | None = None,
        **headers: str,
    ) -> httpx.Response:
        stamp = str(int(self.clock().timestamp() if sent_at is None else sent_at))
        signature = sign(secret or f"webhook-{account}-secret", "delivery-1", stamp, body)
        signed = {
            "Content-Type": "application/json",
            "Omnipub-Id": "delivery-1",
            "Omnipub-Timestamp": stamp,
            "Omnipub-Signature": f"v1={signature}",
        }
        signed |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(f"/webhook/{account}", content=body, headers=signed)

    def fault(self, name: str, **fields: object) -> dict[str, Any]:
        answer = self.http.post("/_control/faults", json={"fault": name, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def register(self, **fields: object) -> httpx.Response:
        return self.http.post("/_control/accounts", json=fields)

    def posts(self, **query: str) -> list[dict[str, Any]]:
        return list(self.http.get("/_control/posts", params=query).json()["posts"])

    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts()]

    def requests(self) -> list[dict[str, Any]]:
        return list(self.http.get("/_control/requests").json()["requests"])
