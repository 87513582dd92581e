"""A real personal data server of the AT Protocol on loopback: installed from npm once, started fresh each time."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.servers import unused_port

ROOT = Path(__file__).parents[2]
#: The last line that runs on Node 18 and 20, and the directory that it needs.
PACKAGES = ("@atproto/pds@0.4.217", "@did-plc/server@0.0.1")
FOLDER = ROOT / ".pds"
JWT_SECRET = "known to the tests, which forge expired tokens with it"
COLLECTION = "app.bsky.feed.post"


def install() -> Path:
    """Install the server, unless it is there. Takes about a minute, most of it for compiling SQLite's binding."""
    missing = [tool for tool in ("node", "npm", "make", "g++") if shutil.which(tool) is None]
    if missing:
        pytest.fail(f"A real server needs Node 18 or newer and a compiler; {', '.join(missing)} is not installed.")
    stamp = FOLDER / ".installed"
    wanted = "\n".join(PACKAGES)
    if stamp.is_file() and stamp.read_text() == wanted:
        return FOLDER
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    (FOLDER / "package.json").write_text('{"private": true}')
    npm = ["npm", "--no-audit", "--no-fund", "--loglevel=error"]
    # Scripts of 400 packages are not run; of the one that has to be compiled, without optimising for minutes.
    _run([*npm, "install", "--ignore-scripts", *PACKAGES], FOLDER)
    _run([*npm, "run", "build-debug"], FOLDER / "node_modules/better-sqlite3")
    stamp.write_text(wanted)
    return FOLDER


@dataclass(frozen=True, kw_only=True)
class PdsAccount:
    """An account on the server, with the means to look into its repository."""

    url: str
    handle: str
    did: str
    password: str = field(repr=False)

    @property
    def credential(self) -> str:
        return f"{self.handle}:{self.password}"

    def posts(self) -> list[dict[str, Any]]:
        """Return every post in the repository, oldest first."""
        query = f"repo={self.did}&collection={COLLECTION}&limit=100&reverse=true"
        records: list[dict[str, Any]] = call(self.url, f"com.atproto.repo.listRecords?{query}")["records"]
        return sorted(records, key=lambda record: str(record["uri"]))

    def blob(self, name: str) -> bytes:
        """Return a blob as everybody can read it."""
        url = f"{self.url}/xrpc/com.atproto.sync.getBlob?did={self.did}&cid={name}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bytes(answer.read())


@contextmanager
def running(folder: Path, data: Path) -> Iterator[str]:
    """Run the server while the block runs; yield its address."""
    port, directory_port = unused_port(), unused_port()
    environment = {
        **os.environ,
        "PDS_HOSTNAME": "localhost",
        "PDS_PORT": str(port),
        "PDS_DEV_MODE": "true",
        "PDS_DATA_DIRECTORY": str(data),
        "PDS_BLOBSTORE_DISK_LOCATION": str(data / "blobs"),
        "PDS_DID_PLC_URL": f"http://127.0.0.1:{directory_port}",
        "PDS_SERVICE_HANDLE_DOMAINS": ".test",
        "PDS_INVITE_REQUIRED": "false",
        "PDS_JWT_SECRET": JWT_SECRET,
        "PDS_ADMIN_PASSWORD": secrets.token_hex(16),
        "PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX": secrets.token_hex(32),
        "PDS_DISABLE_SSRF_PROTECTION": "true",
        "PDS_CRAWLERS": "",
        "PDS_RATE_LIMITS_ENABLED": "true",
        "LOG_ENABLED": "false",
    }
    command = ["node", str(Path(__file__).with_name("pds.js")), str(directory_port)]
    with (data / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        late = threading.Timer(60, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", (data / "server.log").read_text()
            late.cancel()
            yield f"http://127.0.0.1:{port}"
        finally:
            late.cancel()
            process.terminate()
            process.communicate(timeout=20)


def create_account(url: str, name: str) -> PdsAccount:
    """Create an account with an app password."""
    body = {"handle": f"{name}.test", "email": f"{name}@example.org", "password": secrets.token_hex(8)}
    made = call(url, "com.atproto.server.createAccount", body)
    app = call(url, "com.atproto.server.createAppPassword", {"name": "omnipub"}, token=made["accessJwt"])
    return PdsAccount(url=url, handle=f"{name}.test", did=made["did"], password=app["password"])


def expired(token: str) -> str:
    """Return the same token, properly signed, but ended."""
    head, claims, _ = token.split(".")
    stated = json.loads(base64.urlsafe_b64decode(claims + "=="))
    signed = f"{head}.{_encode(json.dumps({**stated, 'exp': int(time.time()) - 60}).encode())}"
    return f"{signed}.{_encode(hmac.new(JWT_SECRET.encode(), signed.encode(), hashlib.sha256).digest())}"


def call(url: str, name: str, body: object = None, *, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/xrpc/{name}", data=content, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
