"""The client over real sockets: what it sends, what it makes of answers, and what it knows about doubt."""

import json
import logging
import os
import ssl
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpcore
import pytest

from publishing import __version__
from publishing.http import (
    CourierError,
    HttpClient,
    LostSightError,
    NotSentError,
    OutgoingPolicy,
    RefusedError,
    UnreadableError,
)
from publishing.http.wire import CALL, Call, GuardedBackend
from tests.servers import http_answer, make_certificate, read_request, server_tls, serving, unused_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client():
    client = HttpClient(OutgoingPolicy(allow_private=True), 5)
    yield client
    client.close_idle()


@pytest.fixture
def hasty():
    """A client whose calls end after a moment."""
    client = HttpClient(OutgoingPolicy(allow_private=True), 0.4)
    yield client
    client.close_idle()


class TestARequest:
    def test_carries_json_and_says_who_sends_it(self, client):
        with serving(http_answer(b'{"ok":true}')) as server:
            answer = client.courier().request("POST", f"{server.url}/path?q=1", json={"text": "Grüße"}, acts=True)
            client.close_idle()

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /path?q=1 HTTP/1.1\r\n")
        assert f"user-agent: omnipub/{__version__}".encode() in head
        assert b"accept-encoding: identity" in head
        assert json.loads(body) == {"text": "Grüße"}
        assert answer.json_object() == {"ok": True}

    def test_carries_bytes_as_they_are(self, client):
        with serving(http_answer()) as server:
            client.courier().request("POST", server.url, content=b'{"a": 1}', acts=True)
            client.close_idle()

        assert server.requests[0].endswith(b'\r\n\r\n{"a": 1}')

    def test_keeps_no_cookie(self, client):
        with serving(http_answer(headers="Set-Cookie: session=canary; Path=/\r\n")) as server:
            for _ in range(2):
                client.courier().request("GET", server.url, acts=False)
            client.close_idle()

        assert b"canary" not in b"".join(server.requests)
        assert len(server.requests) == 2

    def test_ignores_proxies_of_the_environment(self, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
        client = HttpClient(OutgoingPolicy(allow_private=True), 5)

        with serving(http_answer()) as server:
            answer = client.courier().request("GET", server.url, acts=False)
            client.close_idle()

        assert answer.status == 200

    def test_is_never_redirected(self, client):
        with serving(http_answer(status="307 Temporary Redirect", headers="Location: /elsewhere\r\n")) as server:
            answer = client.courier().request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert answer.status == 307
        assert len(server.requests) == 1

    def test_that_acts_passes_a_courier_once_only(self, client):
        with serving(http_answer()) as server:
            courier = client.courier()
            courier.request("POST", server.url, json={}, acts=True)

            with pytest.raises(RuntimeError, match="second visible"):
                courier.request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert len(server.requests) == 1


class TestMayHaveActed:
    def test_is_true_once_bytes_of_an_acting_request_left(self, client):
        with serving(http_answer()) as server:
            courier = client.courier()
            assert not courier.may_have_acted

            courier.request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert courier.may_have_acted

    def test_stays_false_after_reading_requests(self, client):
        with serving(http_answer()) as server:
            courier = client.courier()
            courier.request("GET", server.url, acts=False)
            client.close_idle()

        assert not courier.may_have_acted

    def test_stays_false_when_the_connection_is_refused(self, client):
        courier = client.courier()

        with pytest.raises(NotSentError):
            courier.request("POST", f"http://127.0.0.1:{unused_port()}/", json={}, acts=True)

        assert not courier.may_have_acted

    def test_stays_false_when_a_header_cannot_be_sent(self, client):
        with serving(http_answer()) as server:
            courier = client.courier()
            with pytest.raises(CourierError) as raised:
                courier.request("POST", server.url, headers={"x-token": "canary\r\nx: y"}, json={}, acts=True)
            client.close_idle()

        assert not courier.may_have_acted
        assert server.requests == []
        assert "canary" not in str(raised.value)

    def test_stays_false_when_the_policy_refuses(self, client):
        courier = client.courier()

        with pytest.raises(RefusedError):
            courier.request("POST", "ftp://127.0.0.1/", json={}, acts=True)

        assert not courier.may_have_acted

    @pytest.mark.parametrize(
        "answer",
        [b"", b"HTTP/1.1", b"HTTP/1.1 200 OK\r\nContent-Le", b"SSH-2.0-OpenSSH_9\r\n", b"\x16\x03\x01\x00\x02"],
        ids=["nothing", "part of a line", "part of the head", "another protocol", "binary"],
    )
    def test_is_true_when_no_answer_came_back(self, client, answer):
        with serving(answer) as server:
            courier = client.courier()
            with pytest.raises(LostSightError):
                courier.request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert courier.may_have_acted
        assert len(server.requests) == 1

    def test_is_told_without_the_name_of_a_class_which_the_log_has(self, client, caplog):
        caplog.set_level("INFO", logger="publishing.http.client")
        with serving(b"") as server, pytest.raises(LostSightError, match=r"^No answer came back\.$"):
            client.courier().request("POST", server.url, json={}, acts=True)

        assert [record.cause for record in caplog.records] == ["RemoteProtocolError"]

    def test_is_true_when_the_answer_does_not_come_in_time(self, hasty):
        with serving(lambda _, __: server.stopping.wait()) as server:
            courier = hasty.courier()
            with pytest.raises(LostSightError):
                courier.request("POST", server.url, json={}, acts=True)

        assert courier.may_have_acted

    def test_is_true_when_the_head_comes_byte_by_byte(self, hasty):
        with serving(lambda connection, _: _drip(server, connection, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 900)) as server:
            courier = hasty.courier()
            with pytest.raises(LostSightError):
                courier.request("POST", server.url, json={}, acts=True)

        assert courier.may_have_acted


class TestACourier:
    def test_gives_all_its_requests_one_deadline(self, hasty):
        def script(connection, request):
            if not server.stopping.wait(0.25):
                connection.sendall(http_answer())

        with serving(script) as server:
            courier = hasty.courier()
            courier.request("GET", server.url, acts=False)
            with pytest.raises(LostSightError):
                courier.request("GET", server.url, acts=False)
            with pytest.raises(NotSentError):
                courier.request("POST", server.url, acts=True)

        assert not courier.may_have_acted


class TestAnAnswer:
    def test_of_a_body_that_drips_says_so_and_keeps_its_status(self, hasty):
        head = b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 900\r\n\r\n"

        def script(connection, request):
            connection.sendall(head)
            _drip(server, connection, b"{" + b" " * 899)

        with serving(script) as server:
            answer = hasty.courier().request("POST", server.url, json={}, acts=True)

        assert (answer.status, answer.headers["retry-after"], answer.flaw) == (429, "7", "came too slowly")
        with pytest.raises(UnreadableError, match="slowly"):
            answer.json()

    def test_is_read_up_to_a_limit(self, client):
        with serving(http_answer(b'"' + b"a" * 10_000_000 + b'"')) as server:
            answer = client.courier().request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert len(answer.body) == 1_000_000
        with pytest.raises(UnreadableError, match="large"):
            answer.json()

    def test_without_end_is_read_up_to_a_limit_too(self, client):
        def script(connection, request):
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not server.stopping.is_set():
                connection.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")

        with serving(script) as server:
            answer = client.courier().request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert answer.flaw == "is too large"

    @pytest.mark.parametrize(
        ("raw", "why"),
        [
            (http_answer(b""), "not JSON"),
            (http_answer(b"<html>"), "not JSON"),
            (http_answer(b'{"id": "1'), "not JSON"),
            (http_answer(b'{"id": "\xff"}'), "not JSON"),
            (http_answer(b"[" * 100_000), "not JSON"),
            (b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"id": 1}', "cut off"),
            (http_answer(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"), "compressed"),
            (http_answer(b"[1]"), "not an object"),
        ],
    )
    def test_that_is_no_json_object_is_a_typed_error_without_the_body(self, client, raw, why):
        with serving(raw) as server:
            answer = client.courier().request("POST", server.url, json={}, acts=True)
            client.close_idle()

        with pytest.raises(UnreadableError, match=why) as raised:
            answer.json_object()
        assert "html" not in str(raised.value)

    def test_shows_neither_headers_nor_body_in_its_repr(self, client):
        with serving(http_answer(b'"canary"', headers="X-Token: canary\r\n")) as server:
            answer = client.courier().request("GET", server.url, acts=False)
            client.close_idle()

        assert "canary" in answer.text
        assert "canary" not in repr(answer)

    def test_comes_whole_to_many_threads_at_once(self, client):
        def ask(number):
            return client.courier().request("POST", f"{server.url}/{number}", acts=True).text

        def echo(connection, request):
            connection.sendall(http_answer(request.split(b" ")[1]))

        with serving(echo) as server, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(40)))

        assert answers == [f"/{n}" for n in range(40)]


class TestAConnection:
    @pytest.mark.parametrize(("acts", "connections"), [(False, 1), (True, 3)])
    def test_is_used_again_for_reading_only(self, client, acts, connections):
        def script(connection, request):
            while request:
                connection.sendall(http_answer(keeps=True))
                request = read_request(connection)

        with serving(script) as server:
            for _ in range(3):
                client.courier().request("POST", server.url, acts=acts)
            client.close_idle()

        assert server.connections == connections

    def test_that_was_closed_in_spite_of_a_promise_costs_no_reading_request_either(self, client):
        with serving(http_answer(keeps=True)) as server:
            answers = [client.courier().request("POST", server.url, json={}, acts=False) for _ in range(5)]
            client.close_idle()

        assert [answer.status for answer in answers] == [200] * 5

    def test_that_is_new_and_breaks_is_not_tried_again(self, client):
        with serving(b"") as server:
            with pytest.raises(LostSightError):
                client.courier().request("GET", server.url, acts=False)
            client.close_idle()

        assert len(server.requests) == 1

    def test_that_was_closed_in_spite_of_a_promise_costs_no_request_that_acts(self, client):
        with serving(http_answer(keeps=True)) as server:
            for _ in range(5):
                client.courier().request("POST", server.url, json={}, acts=True)
            client.close_idle()

        assert len(server.requests) == 5

    def test_with_an_unknown_certificate_is_certainly_not_used(self, client, tmp_path):
        tls = server_tls(make_certificate(tmp_path, "127.0.0.1"))

        with serving(http_answer(), tls=tls) as server:
            courier = client.courier()
            with pytest.raises(NotSentError, match="certificate"):
                courier.request("POST", server.url, json={}, acts=True)

        assert not courier.may_have_acted
        assert server.requests == []

    def test_goes_to_the_checked_address_under_the_servers_name(self, tmp_path):
        certificate = make_certificate(tmp_path, "platform.test")
        client = HttpClient(
            OutgoingPolicy(allow_private=True),
            5,
            resolve=lambda host, port: ["127.0.0.1"],
            tls=ssl.create_default_context(cafile=str(certificate)),
        )
        names: list[str | None] = []
        tls = server_tls(certificate)
        tls.sni_callback = lambda _, name, __: names.append(name)

        with serving(http_answer(), tls=tls) as server:
            answer = client.courier().request("GET", f"https://platform.test:{server.port}/", acts=False)
            client.close_idle()

        assert answer.status == 200
        assert names == ["platform.test"]
        assert f"host: platform.test:{server.port}".encode() in server.requests[0]

    def test_is_made_to_no_other_server_than_the_one_that_was_judged(self):
        policy = OutgoingPolicy(allow_private=True)
        backend = GuardedBackend(policy=policy, resolve=lambda host, port: ["127.0.0.1"])

        with serving(http_answer()) as server:
            judged = policy.read(f"http://platform.test:{server.port}/")
            held = CALL.set(Call(target=judged, acts=False, ends=time.monotonic() + 5))
            with pytest.raises(httpcore.ConnectError, match="another server"):
                backend.connect_tcp("elsewhere.test", server.port)
            CALL.reset(held)

        assert server.connections == 0

    def test_to_a_server_that_speaks_no_tls_is_certainly_not_used(self, hasty):
        with serving(http_answer()) as server:
            courier = hasty.courier()
            with pytest.raises(NotSentError):
                courier.request("POST", f"https://127.0.0.1:{server.port}/", json={}, acts=True)

        assert not courier.may_have_acted


class TestLogging:
    def test_holds_no_url_and_no_header(self, client, caplog):
        caplog.set_level(logging.DEBUG)

        with serving(http_answer()) as server:
            headers = {"authorization": "Bearer canary"}
            client.courier().request("POST", f"{server.url}/canary", headers=headers, json={}, acts=True)
            client.close_idle()

        assert "canary" not in caplog.text


class TestImporting:
    def test_stays_within_its_modules(self):
        counted = subprocess.run(
            [sys.executable, "-c", "import sys, publishing.http; print(len(sys.modules), 'httpx' in sys.modules)"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )

        count, httpx = counted.stdout.split()
        assert int(count) <= 190
        assert httpx == "False"

    def test_states_the_projects_version(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

        assert project["version"] == __version__


def _drip(server, connection, data):
    for position in range(len(data)):
        connection.sendall(data[position : position + 1])
        if server.stopping.wait(0.02):
            return
