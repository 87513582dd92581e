"""The sockets: HTTP/1.1 with keep-alive on loopback, bounded, and able to break off where a fault wants it."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from local.platforms.app import App, parse_host
from local.platforms.base import Request, Response, World, json_response
from local.platforms.store import Store
from local.platforms.topics import Notifier, Signer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

HOST = "127.0.0.1"
MAX_BODY = 24 * 1024 * 1024
MAX_DRAINED = 2 * MAX_BODY
# Longer than clients keep an idle connection, so that it is always they who close it first.
IDLE_TIMEOUT = 75
OWN_NAMES = frozenset({"127.0.0.1", "localhost"})


_Socket = Any  # The base class also serves datagrams, which come as a pair; here it is always a socket.


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Refused(Exception):  # noqa: N818 - an answer, not an error
    """The request cannot be read; the connection is closed after the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.response = json_response({"error": sentence}, status=status)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and writes responses of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "simulated-platforms"
    sys_version = ""
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True
    server: _Server

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing: the counts are the log."""

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing about a client that was slow or spoke no HTTP; it was told."""

    def _serve(self) -> None:
        try:
            request = self._read()
        except _Refused as refused:
            self.close_connection = True
            self._write(refused.response)
            self._drain()
            return
        self._write(self.server.app.answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - the base class's names

    def _read(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        # A page elsewhere on the web that points its own name here gets nothing.
        if parse_host(headers.get("host", "")) not in OWN_NAMES:
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to 127.0.0.1 and localhost only.")
        try:
            url = urlsplit(self.path)
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, "The address is not valid.") from error
        return Request(
            method=self.command,
            parts=tuple(unquote(part) for part in url.path.split("/") if part),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=headers,
            body=self._read_body(headers),
        )

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "Send the body with a Content-Length.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise _Refused(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
        # Compared as text lengths first: int() itself refuses thousands of digits.
        if len(length) > 12 or int(length) > MAX_BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {MAX_BODY} bytes.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError("The client left in the middle of its request.")
        return body

    def _write(self, response: Response) -> None:
        if response.hang_up:
            self._hang_up()
            return
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        has_body = response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
        if has_body:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        body = response.body if has_body and self.command != "HEAD" else b""
        if response.drip_every is None:
            self.wfile.write(body)
            return
        for index in range(len(body)):
            self.wfile.write(body[index : index + 1])
            if self.server.stopping.wait(response.drip_every):
                self._hang_up()
                return

    def _drain(self) -> None:
        """Let the client finish what was refused unread: closing before that could destroy the answer on its way."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(2)
            left = MAX_DRAINED
            while left > 0 and (chunk := self.connection.recv(65536)):
                left -= len(chunk)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    """A server that waits for its threads when it stops, after taking their sockets away."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    app: App

    def __init__(self, port: int) -> None:
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: _Socket, client_address: object) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Socket) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: _Socket, client_address: object) -> None:
        """Say nothing about a client that disappeared; that is what clients do."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up_all(self) -> None:
        """Take every open connection away, so that no thread waits for its client."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class RunningPlatforms:
    """The simulated platforms, being served from a thread until stopped; also a context manager."""

    def __init__(self, server: _Server, store: Store, notifier: Notifier | None) -> None:
        self._server = server
        self._store = store
        self._notifier = notifier
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="platforms")
        self._thread.start()
        if notifier is not None:
            notifier.start()

    @property
    def url(self) -> str:
        """Where they are served, without a slash at the end."""
        return _url(self._server)

    def stop(self) -> None:
        """Close every connection and wait for every thread; harmless when repeated."""
        if self._server.stopping.is_set():
            return
        self._server.stopping.set()
        if self._notifier is not None:
            self._notifier.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up_all()
        self._server.server_close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _url(server: _Server) -> str:
    return f"http://{HOST}:{server.server_address[1]}"


def start(
    port: int = 0,
    *,
    state_dir: Path,
    now: Callable[[], datetime] = _utc_now,
    sleep: Callable[[float], object] | None = None,
    mail_hook: str = "",
) -> RunningPlatforms:
    """Serve the simulated platforms on loopback; port 0 takes a free one.

    Raises OSError where the port is taken. The clock and the waiting of slow platforms can be replaced in tests.
    `mail_hook`: the web address that wants to know what becomes of mail.
    """
    server = _Server(port)
    store = Store(state_dir)
    world = World(store=store, now=now, url=_url(server))
    notifier = None
    if mail_hook:
        signer = Signer(state_dir, now=now())
        notifier = Notifier(hook=mail_hook, address=f"{world.url}/sns", signer=signer, store=store, now=now)
        world = replace(world, notify=notifier.publish)
    server.app = App(world, sleep or server.stopping.wait, notifier.answer if notifier else None)
    return RunningPlatforms(server, store, notifier)
