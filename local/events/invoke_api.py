"""Lambda's Invoke over HTTP on loopback, so that product code calls the ordinary SDK client.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, read 2026-11-22.
"""

import json
import logging
import re
import sys
import threading
import urllib.parse
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

from local.events.asynchronous import AsynchronousInvoker
from local.events.function import Function, FunctionError

log = logging.getLogger(__name__)

_PATH: Final = re.compile(r"/2015-03-31/functions/(?P<name>[^/?]+)/invocations(?:\?.*)?")
#: Lambda's own limits of a request's body.
_LARGEST_SYNCHRONOUS: Final = 6 * 1024 * 1024
_LARGEST_ASYNCHRONOUS: Final = 1024 * 1024


class InvokeServer(ThreadingHTTPServer):
    """Serves the functions that it was given, on 127.0.0.1. Port 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, functions: Mapping[str, Function], invoker: AsynchronousInvoker) -> None:
        super().__init__(("127.0.0.1", port), _InvokeHandler)
        self.functions = functions
        self.invoker = invoker

    @property
    def url(self) -> str:
        """Return what AWS_ENDPOINT_URL_LAMBDA must be."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base's signature
        """Log what broke a connection, most often a caller that went away."""
        log.info("A caller's connection broke: %s", sys.exception())

    def start(self) -> threading.Thread:
        """Serve in a thread of its own until `shutdown`."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        return thread


class _InvokeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: InvokeServer
    #: Error types of the API by status, as the SDK maps them to exceptions.
    _TYPES: ClassVar[Mapping[int, str]] = {
        400: "InvalidRequestContentException",
        404: "ResourceNotFoundException",
        413: "RequestTooLargeException",
        429: "TooManyRequestsException",
    }

    def do_GET(self) -> None:
        """Answer the supervisor's question whether anybody is there."""
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def do_POST(self) -> None:
        """Invoke a function."""
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if length > (_LARGEST_ASYNCHRONOUS if kind == "Event" else _LARGEST_SYNCHRONOUS):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The event is too large.")
            return
        match = _PATH.fullmatch(self.path)
        name = urllib.parse.unquote(match["name"]).rpartition(":function:")[2].partition(":")[0] if match else ""
        if (function := self.server.functions.get(name)) is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"Function not found: {name}")
            return
        try:
            event = json.loads(body or b"{}")
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST, "Could not parse request body into json.")
            return
        self._invoke(function, kind, event)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server asks for
        """Leave the access log out: each invocation logs what it does."""

    def _invoke(self, function: Function, kind: str, event: Any) -> None:  # noqa: ANN401 - any JSON
        match kind:
            case "Event":
                if self.server.invoker.submit(function, event):
                    self._answer(HTTPStatus.ACCEPTED, None)
                else:
                    self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "Too many events wait for this function.")
            case "DryRun":
                self._answer(HTTPStatus.NO_CONTENT, None)
            case "RequestResponse":
                self._invoke_now(function, event)
            case _:
                self._refuse(HTTPStatus.BAD_REQUEST, f"There is no invocation type {kind}.")

    def _invoke_now(self, function: Function, event: Any) -> None:  # noqa: ANN401 - any JSON
        try:
            answer = function.invoke(event)
        except FunctionError as error:
            payload = {"errorMessage": error.message, "errorType": error.kind, "requestId": "", "stackTrace": []}
            self._answer(HTTPStatus.OK, payload, {"X-Amz-Function-Error": "Unhandled"})
        else:
            self._answer(HTTPStatus.OK, answer, {"X-Amz-Executed-Version": "$LATEST"})

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        kind = self._TYPES[status]
        self._answer(status, {"Type": "User", "Message": message}, {"x-amzn-ErrorType": kind})

    def _answer(self, status: HTTPStatus, payload: object, headers: Mapping[str, str] | None = None) -> None:
        has_body = status not in (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
        body = json.dumps(payload).encode() if has_body else b""
        self.send_response(status)
        for name, value in {"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})}.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
