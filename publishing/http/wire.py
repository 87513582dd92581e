"""Connections that obey the call they serve: its deadline, its checked addresses, and the note that bytes left.

httpcore's time-outs are per operation, so a server that sends a byte a second would never run into one. Every operation
here is limited by what is left of the whole call instead. The call in hand is found through a context variable, because
a pooled connection serves one call after another; httpcore works in the caller's own thread.
"""

import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

import httpcore

from publishing.http.errors import NotSentError
from publishing.http.guard import OutgoingPolicy, Resolver, Target

_CHUNK: Final = 16_384


class Call:
    """One request under way."""

    def __init__(self, *, target: Target, acts: bool, ends: float) -> None:
        self.target = target
        self.acts = acts
        #: Whether bytes of the request may have left.
        self.may_have_left = False
        #: Whether a connection was made for it; otherwise it was given one that an earlier call had left open.
        self.is_connected = False
        #: On the monotonic clock.
        self._ends = ends

    def remaining(self) -> float:
        """Return the seconds left, always more than none. Raise httpcore's `ReadTimeout` when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("The call's time is up.")
        return left


CALL: Final[ContextVar[Call]] = ContextVar("publishing.http.call")


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses that the policy allowed, and to no other."""

    def __init__(self, *, policy: OutgoingPolicy, resolve: Resolver) -> None:
        self._policy = policy
        self._resolve = resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(  # noqa: PLR0917 - the signature of httpcore
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the call's own deadline rules
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, judge every address, and connect to the first that answers."""
        call = CALL.get()
        if (host, port) != (call.target.host, call.target.port):
            raise httpcore.ConnectError("The pool asked for another server than the call.")
        addresses = self._policy.addresses(call.target, self._resolve)
        for position, address in enumerate(addresses):
            share = call.remaining() / (len(addresses) - position)
            try:
                stream = self._plain.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            call.is_connected = True
            return GuardedStream(stream)
        raise httpcore.ConnectError("No address of the server took a connection.")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:  # noqa: ANN401, ARG002
        """Refuse: no platform lives behind a file."""
        raise httpcore.UnsupportedProtocol("Sockets of the file system are not called.")


class GuardedStream(httpcore.NetworkStream):
    """A connection whose every operation ends with the call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what is there within the call's time."""
        return self._stream.read(max_bytes, CALL.get().remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Note that bytes may leave, then write them within the call's time."""
        call = CALL.get()
        for start in range(0, len(buffer), _CHUNK):
            remaining = call.remaining()
            call.may_have_left = True
            self._stream.write(buffer[start : start + _CHUNK], remaining)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Shake hands under the server's name, whatever address the connection went to."""
        try:
            return GuardedStream(self._stream.start_tls(ssl_context, server_hostname, CALL.get().remaining()))
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise NotSentError("The server's certificate is not valid.") from None
            raise

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        """Return a detail of the connection."""
        return self._stream.get_extra_info(info)
