"""The simulated platforms as the tests of channels see them, and what is published to them."""

import itertools
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from publishing.channels.base.contract import Submission
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content

_NUMBERS = itertools.count(1)
BORN = datetime(2026, 11, 22, 8, tzinfo=UTC)


def utc_now() -> datetime:
    """Read the clock: the simulated receiver checks that signatures are fresh."""
    return datetime.now(UTC)


def build_account(kind: str, base_url: str | None, **settings: str) -> Account:
    number = next(_NUMBERS)
    return Account(
        id=f"account-{number}",
        channel=kind,
        name=f"Account {number}",
        base_url=base_url,
        settings=settings,
        created_at=BORN,
        updated_at=BORN,
    )


def build_submission(text: str = "", *, link: str | None = None, title: str = "", key: str = "") -> Submission:
    number = next(_NUMBERS)
    return Submission(
        message_id=f"message-{number}",
        delivery_id=f"delivery-{number}",
        delivery_key=key or f"key-{number}",
        content=Content(text=text or f"Something to say, number {number}.", link=link, title=title),
        due_at=BORN,
    )


@dataclass(frozen=True, kw_only=True)
class SimulatedAccount:
    """One account on a simulated platform, known to no other test."""

    url: str
    kind: str
    name: str
    credential: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def destination(self, **settings: str) -> Destination:
        account = build_account(self.kind, f"{self.url}/{self.kind}/{self.name}", **{**self.settings, **settings})
        return Destination(account=account, credential=self.credential)

    def misbehaves(self, fault: str, **details: object) -> None:
        """Let every further request that creates meet a fault."""
        wanted = {"channel": self.kind, "account": self.name, "fault": fault, **details}
        self._control("POST", "faults", wanted)

    def is_registered(self, *, credentials: Sequence[str] = (), **options: int) -> None:
        """Say what the platform shall hold true of the account from now on."""
        wanted = {"channel": self.kind, "account": self.name, "credentials": list(credentials), "options": options}
        self._control("POST", "accounts", {"display_name": self.name, **wanted})

    def behaves(self) -> None:
        self._control("DELETE", f"faults?channel={self.kind}&account={self.name}")

    def posts(self) -> list[Mapping[str, str]]:
        """Return what was posted, oldest first."""
        posts: list[Mapping[str, str]] = self._control("GET", f"posts?channel={self.kind}&account={self.name}")["posts"]
        return posts

    def count(self, kind: str) -> int:
        """Return how many requests of a kind (`create`, `read`) came."""
        answer = self._control("GET", f"requests?channel={self.kind}&account={self.name}")
        return sum(one["count"] for one in answer["requests"] if one["kind"] == kind)

    def _control(self, method: str, path: str, body: object = None):
        request = urllib.request.Request(
            f"{self.url}/_control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")


def new_account(url: str, kind: str, secret: str, *, settings: Mapping[str, str] | None = None) -> SimulatedAccount:
    """Return a fresh account; `secret` is the last word of its credential, or all of it with `{name}` in it."""
    name = f"canary-{next(_NUMBERS)}"
    form = secret if "{name}" in secret else f"{kind}-{{name}}-{secret}"
    return SimulatedAccount(url=url, kind=kind, name=name, credential=form.format(name=name), settings=settings or {})
