from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local.platforms import RunningPlatforms, start
from local.platforms.server import MAX_BODY
from tests.local.platforms.client import Client, Clock

if TYPE_CHECKING:
    from pathlib import Path


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 0, timeout=10)


def send_raw(url: str, data: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10)) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def run(state_dir: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "local.platforms", "--port", "0", "--state-dir", str(state_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


class TestTheServer:
    def test_keeps_a_connection_open_for_several_requests(self, running: RunningPlatforms):
        with closing(connect(running.url)) as connection:
            connection.request("GET", "/_control/health")
            connection.getresponse().read()
            first = connection.sock.getsockname()
            connection.request("GET", "/_control/health")
            answer = connection.getresponse()
            answer.read()

            assert (answer.status, connection.sock.getsockname()) == (200, first)

    def test_refuses_a_body_over_one_megabyte_unread(self, running: RunningPlatforms):
        head = f"POST /webhook/demo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"

        assert send_raw(running.url, head.encode()).startswith(b"HTTP/1.1 413 ")

    def test_lets_the_client_read_the_refusal_of_a_large_body(self, client: Client):
        answer = client.hook(b'{"text": "' + b"x" * MAX_BODY + b'"}')

        assert (answer.status_code, answer.json()) == (413, {"error": f"The body is larger than {MAX_BODY} bytes."})

    def test_refuses_a_length_that_is_none_and_a_body_without_one(self, running: RunningPlatforms):
        start_line = b"POST /webhook/demo HTTP/1.1\r\nHost: localhost\r\n"

        assert send_raw(running.url, start_line + b"Content-Length: many\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert send_raw(running.url, start_line + b"Transfer-Encoding: chunked\r\n\r\n").startswith(b"HTTP/1.1 411 ")

    def test_survives_what_is_no_http(self, running: RunningPlatforms, capfd):
        requests = [b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET\r\n\r\n"]

        answers = [send_raw(running.url, request) for request in requests]
        healthy = send_raw(
            running.url, b"GET /_control/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

        assert all(b"400" in answer for answer in answers)
        assert healthy.startswith(b"HTTP/1.1 200 ")
        assert capfd.readouterr().err == ""

    def test_says_nothing_about_a_client_that_disappears(self, running: RunningPlatforms, client: Client, capfd):
        port = urlsplit(running.url).port or 0
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
            connection.sendall(b"POST /webhook/demo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        client.fault("huge")
        with closing(connect(running.url)) as http_connection:
            headers = {"Authorization": "Bearer mastodon-demo-token", "Content-Type": "application/json"}
            http_connection.request("POST", "/mastodon/demo/api/v1/statuses", b'{"status": "x"}', headers)
            http_connection.getresponse().close()
        running.stop()

        assert capfd.readouterr().err == ""

    def test_listens_on_loopback_only(self, running: RunningPlatforms):
        assert running.url.startswith("http://127.0.0.1:")


class TestDurability:
    def test_survives_a_kill(self, tmp_path: Path):
        process, url = run(tmp_path)
        client = Client(url, Clock())
        first = client.toot("Before", key="k").json()["id"]
        client.register(channel="mastodon", account="other", credentials=["registered"])
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        client.http.close()

        process, url = run(tmp_path)
        client = Client(url, Clock())
        repeated = client.toot("After", key="k").json()["id"]
        fresh = client.toot("Fresh").json()["id"]
        refused = client.toot("Old token", account="other").status_code
        texts, counts = client.texts(), {count["status"]: count["count"] for count in client.requests()}
        client.http.close()
        process.terminate()
        _, errors = process.communicate(timeout=10)

        assert (repeated, texts, refused, counts) == (first, ["Before", "Fresh"], 401, {200: 3, 401: 1})
        assert int(fresh) > int(first)
        assert (process.returncode, errors) == (0, "")

    def test_says_in_one_sentence_that_a_port_is_taken(self, running: RunningPlatforms, tmp_path: Path):
        port = str(urlsplit(running.url).port)
        command = [sys.executable, "-m", "local.platforms", "--port", port, "--state-dir", str(tmp_path / "second")]

        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"Cannot serve the platforms on 127.0.0.1:{port}: Address already in use.\n"

    def test_lets_a_new_server_use_what_an_old_one_kept(self, tmp_path: Path, clock: Clock):
        with start(state_dir=tmp_path, now=clock) as running:
            client = Client(running.url, clock)
            client.toot("Kept")
            client.http.close()

        with start(state_dir=tmp_path, now=clock) as running:
            client = Client(running.url, clock)
            client.toot("More")
            texts = client.texts()
            client.http.close()

        assert texts == ["Kept", "More"]
