"""A simulated GitHub, as far as signing in needs it: `python -m local.github [--port 8020]`.

It keeps GitHub's rules as its documentation states them (docs.github.com, "Troubleshooting OAuth app access token
request errors" and "REST API endpoints for emails", read in November 2026): a code works once, and what is wrong with
a request for a token is named in the answer's `error`.
Anybody who comes is let in as the one person it knows.
"""

import argparse
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID: Final = "Iv1.simulated"
CLIENT_SECRET: Final = "simulated-secret"  # noqa: S105 - of a simulation on loopback


def _octocat() -> dict[str, Any]:
    return {
        "login": "octocat",
        "id": 583231,
        "name": "The Octocat",
        "avatar_url": "https://avatars.githubusercontent.com/u/583231?v=4",
    }


def _addresses() -> list[dict[str, Any]]:
    return [
        {"email": "octo@example.org", "primary": True, "verified": True, "visibility": "private"},
        {"email": "claimed@example.org", "primary": False, "verified": False, "visibility": None},
    ]


@dataclass(slots=True, kw_only=True)
class SimulatedGitHub:
    """The person it knows, and what it handed out."""

    url: str = ""
    user: dict[str, Any] = field(default_factory=_octocat)
    emails: list[dict[str, Any]] = field(default_factory=_addresses)
    #: Whether the person says no when asked.
    denies: bool = False
    #: Answered in place of everything, to see what becomes of it: status and body.
    broken: tuple[int, bytes] | None = None
    codes: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    #: Scopes that were asked for.
    scopes: list[str] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Let the person in and return where their browser is sent."""
        self.scopes.append(query.get("scope", ""))
        if self.denies:
            back = {"error": "access_denied", "error_description": "The user has denied your application access."}
        else:
            code = secrets.token_hex(10)
            self.codes[code] = query["redirect_uri"]
            back = {"code": code}
        return f"{query['redirect_uri']}?{urlencode({**back, 'state': query.get('state', '')})}"

    def exchange(self, form: dict[str, str]) -> dict[str, str]:
        """Exchange a code for a token, once."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return {"error": "incorrect_client_credentials"}
        address = self.codes.pop(form.get("code", ""), None)
        if address is None:
            return {"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}
        if address != form.get("redirect_uri"):
            return {"error": "redirect_uri_mismatch"}
        token = f"gho_{secrets.token_hex(18)}"
        self.tokens.add(token)
        return {"access_token": token, "scope": "read:user,user:email", "token_type": "bearer"}

    def read(self, path: str, authorization: str) -> tuple[int, object]:
        """Answer a request of the REST interface."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            return 401, {"message": "Bad credentials"}
        if path == "/user":
            return 200, self.user
        return (200, self.emails) if path == "/user/emails" else (404, {"message": "Not Found"})


class _Server(ThreadingHTTPServer):
    github: SimulatedGitHub


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        github = self._github()
        parts = urlsplit(self.path)
        if github.broken:
            self._send(*github.broken)
        elif parts.path == "/login/oauth/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(302, b"", location=github.authorize(query))
        elif not self.headers["User-Agent"]:
            self._send(403, b"Request forbidden by administrative rules.")
        else:
            status, content = github.read(parts.path, self.headers["Authorization"] or "")
            self._send(status, json.dumps(content).encode())

    def do_POST(self) -> None:
        github = self._github()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if github.broken:
            self._send(*github.broken)
        elif self.path == "/login/oauth/access_token":
            self._send(200, json.dumps(github.exchange(form)).encode())
        else:
            self._send(404, b"{}")

    def _github(self) -> SimulatedGitHub:
        assert isinstance(self.server, _Server)  # noqa: S101 - `serve` makes no other
        return self.server.github

    def _send(self, status: int, body: bytes, *, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep still."""


@contextmanager
def serve(port: int = 0) -> Iterator[SimulatedGitHub]:
    """Serve on loopback until the block ends."""
    github = SimulatedGitHub()
    server = _Server(("127.0.0.1", port), _Handler)
    server.github = github
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    github.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield github
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local.github", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8020)
    with serve(parser.parse_args().port) as github:
        print(f"Simulated GitHub on {github.url}; client {CLIENT_ID}, secret {CLIENT_SECRET}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
