"""The client, made once a process, and the courier, made once an attempt."""

import json as json_codec
import logging
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import Final

import certifi
import httpcore

from publishing import __version__
from publishing.http.answer import Answer
from publishing.http.errors import LostSightError, NotSentError
from publishing.http.guard import OutgoingPolicy, Resolver, Target, resolve_by_system
from publishing.http.wire import CALL, Call, GuardedBackend

MAX_BODY: Final = 1_000_000
#: Servers close idle connections after as little as 2 s (gunicorn) or 5 s (Node).
_IDLE_SECONDS: Final = 1.5
_CONNECTIONS: Final = 64

log: Final = logging.getLogger(__name__)

# httpcore logs URLs and headers on DEBUG, credentials included.
logging.getLogger("httpcore").setLevel(logging.CRITICAL + 1)


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS context that a process shares: loading the authorities takes most of a connection's time."""
    return ssl.create_default_context(cafile=certifi.where())


class HttpClient:
    """Two connection pools for all threads of a process, which has one TLS context.

    It never repeats a request that acts; follows no redirect; reads no proxy or password file from the environment;
    keeps no cookie.

    A server may close an idle connection at the very moment that we use it again, and a request caught by that is lost
    from sight. Requests that act therefore always get a connection of their own; only the others share, and one that
    met a connection which was closed is sent once more, on a new one.
    """

    def __init__(
        self,
        policy: OutgoingPolicy,
        call_seconds: float,
        *,
        resolve: Resolver = resolve_by_system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self.call_seconds = call_seconds
        context = tls or tls_context()
        backend = GuardedBackend(policy=policy, resolve=resolve)
        self._acting = _make_pool(context, backend, idle_connections=0)
        self._reading = _make_pool(context, backend, idle_connections=_CONNECTIONS)

    def courier(self) -> "Courier":
        """Return a courier for one attempt."""
        return Courier(self)

    def close_idle(self) -> None:
        """Close what reading requests left open. Call it when none is under way, before the process may be frozen."""
        self._reading.close()

    def send(self, call: Call, method: str, headers: list[tuple[str, str]], content: bytes) -> Answer:
        """Send one request and read its answer. Raise `CourierError`; `call` then tells whether bytes left."""
        before = CALL.set(call)
        try:
            return self._exchange(call, method, headers, content)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            # The class is for whoever operates the system; the sentence is read by editors.
            extra = {"cause": type(error).__name__, "host": call.target.host, "may_have_left": call.may_have_left}
            log.info("courier.no_answer", extra=extra)
            if call.may_have_left:
                raise LostSightError("No answer came back.") from None
            raise NotSentError("There was no connection.") from None
        finally:
            CALL.reset(before)

    def _exchange(self, call: Call, method: str, headers: list[tuple[str, str]], content: bytes) -> Answer:
        url = httpcore.URL(
            scheme=call.target.scheme, host=call.target.host, port=call.target.port, target=call.target.target
        )

        def send(pool: httpcore.ConnectionPool) -> Answer:
            timeout = {"pool": call.remaining()}
            with pool.stream(method, url, headers=headers, content=content, extensions={"timeout": timeout}) as answer:
                return _whole(answer)

        if call.acts:
            return send(self._acting)
        try:
            return send(self._reading)
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            if call.is_connected:
                raise
            return send(self._acting)


class Courier:
    """Carries the requests of one attempt or look-up, and remembers whether one of them may have acted.

    All of them together take at most the client's `call_seconds`, counted from the first: leases rely on that. (Only
    the system's resolver does not obey; nothing is sent after it came back too late.)
    """

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._may_have_acted = False
        self._ends: float | None = None

    @property
    def may_have_acted(self) -> bool:
        """Whether bytes of a request that acts may have left. Never goes back to False."""
        return self._may_have_acted

    def request(
        self,
        method: str,
        url: str,
        *,
        acts: bool,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send one request; `acts` says whether it makes something visible. Any status is an answer.

        At most one request that acts passes a courier: another raises RuntimeError. Raises `RefusedError` when the
        policy forbids the address, `NotSentError` when nothing left, `LostSightError` when no answer came back.
        """
        if acts and self._may_have_acted:
            raise RuntimeError("A second visible request in one attempt.")
        target = self._client.policy.read(url)
        body = content or b""
        sent = {"user-agent": f"omnipub/{__version__}", "accept": "application/json", "accept-encoding": "identity"}
        if json is not None:
            body = json_codec.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        sent["host"] = _host_header(target)
        if body or method not in {"GET", "HEAD"}:
            sent["content-length"] = str(len(body))
        if self._ends is None:
            self._ends = time.monotonic() + self._client.call_seconds
        call = Call(target=target, acts=acts, ends=self._ends)
        try:
            return self._client.send(call, method, list(sent.items()), body)
        finally:
            self._may_have_acted = self._may_have_acted or (acts and call.may_have_left)


def _whole(response: httpcore.Response) -> Answer:
    body, flaw = _read(response)
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers[::-1]}
    encoding = named.get("content-encoding", "identity").lower()
    if not flaw and encoding != "identity" and body:
        flaw = "is compressed, which was not asked for"
    return Answer(status=response.status, headers=named, body=body, flaw=flaw)


def _make_pool(
    context: ssl.SSLContext, backend: httpcore.NetworkBackend, *, idle_connections: int
) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=_CONNECTIONS,
        max_keepalive_connections=idle_connections,
        keepalive_expiry=_IDLE_SECONDS,
        http1=True,
        http2=False,
        retries=0,
        network_backend=backend,
    )


def _read(response: httpcore.Response) -> tuple[bytes, str | None]:
    """Read a body up to its limit. The status is known by now, so whatever goes wrong here is a flaw, not an error."""
    body = bytearray()
    try:
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > MAX_BODY:
                return bytes(body[:MAX_BODY]), "is too large"
    except httpcore.TimeoutException:
        return bytes(body), "came too slowly"
    except (httpcore.NetworkError, httpcore.ProtocolError):
        return bytes(body), "was cut off"
    return bytes(body), None


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"http": 80, "https": 443}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"
