"""What every simulated platform shares: request and response values, the world it lives in and its contract."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import Post, Store

Kind = Literal["create", "upload", "read", "delete"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, read completely: `parts` is the decoded path, header names are in lower case."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Response:
    """One answer, and how it leaves: as a whole, byte by byte, or not at all."""

    status: int = HTTPStatus.OK
    headers: Headers = ()
    body: bytes = b""
    #: Close the socket without a word.
    hang_up: bool = False
    #: Seconds between two bytes of the body; None sends it as a whole.
    drip_every: float | None = None

    def plus(self, headers: Headers) -> Response:
        """Return the same answer with further headers."""
        return replace(self, headers=self.headers + headers)


def _tell_nobody(content: str) -> None:
    """Drop a notification: nobody subscribed."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What a platform may reach: the durable store, the clock, the address it is served at, who wants events."""

    store: Store
    now: Callable[[], datetime]
    url: str
    notify: Callable[[str], None] = _tell_nobody


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to one account; `path` is what follows the account in the path."""

    request: Request
    account: str
    path: tuple[str, ...]
    received_at: datetime


Commit = Callable[[], Response]


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a request asks for.

    `begin` authenticates, validates and looks up idempotency keys. It returns the final answer, or the commit
    that applies the request: a slow platform spends its time between the two, which is where real ones race.
    """

    kind: Kind
    begin: Callable[[], Response | Commit]

    def finish(self) -> Response:
        """Carry out the request in one go."""
        begun = self.begin()
        return begun if isinstance(begun, Response) else begun()


class Platform(ABC):
    """One network. A new one is a folder with a subclass, a card for the wall and one line in the registry."""

    kind: ClassVar[str]
    title: ClassVar[str]
    #: Said on the wall while nothing was posted yet; `{url}` and `{credential}` are filled in.
    hint: ClassVar[str]
    #: What may be set per account, and to which whole numbers.
    options: ClassVar[Mapping[str, Container[int]]] = {}

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def route(self, call: Call) -> Action | None:
        """Say what the request asks for, without doing it; None where the platform has no such address."""

    @abstractmethod
    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error the way this platform does, with its own headers for the time to come back."""

    @abstractmethod
    def card(self, post: Post) -> str:
        """Draw one post as HTML, everything in it escaped."""

    def page(self, call: Call) -> tuple[str, ...] | None:
        """Return what the wall shows at this address: an account, an account and a post id, or None for nothing."""
        del call
        return None

    def base_url(self, account: str) -> str:
        """Return the address that an account is connected with."""
        return f"{self.world.url}/{self.kind}/{account}"

    def credentials(self, account: str) -> tuple[str, ...]:
        """Return the secrets that are valid now: the registered ones, else the default."""
        return self.world.store.get_account(self.kind, account).credentials or (self.default_credential(account),)

    @abstractmethod
    def default_credential(self, account: str) -> str:
        """Return the secret of an account for which none was registered."""


def json_response(value: object, *, status: int = HTTPStatus.OK, headers: Headers = ()) -> Response:
    """Build a JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status=status, headers=(("Content-Type", "application/json; charset=utf-8"), *headers), body=body)


def html_response(page: str, *, status: int = HTTPStatus.OK, headers: Headers = ()) -> Response:
    """Build an HTML answer."""
    return Response(status=status, headers=(("Content-Type", "text/html; charset=utf-8"), *headers), body=page.encode())


def parse_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; raises ValueError with a sentence for anything else, lone surrogates included."""
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("The body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ValueError("The body must be a JSON object.")  # noqa: TRY004 - one kind of error for a bad body
    return value


def timestamp(moment: datetime) -> str:
    """Write a moment as fixed-width UTC with milliseconds, so that string order is time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
