"""Whether locked packages are known to be vulnerable: what could not be asked is never called good."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local import vulnerabilities
from tests.servers import unused_port


@pytest.fixture
def service() -> Iterator[HTTPServer]:
    """An advisory service, which answers with `document`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(self.server.document).encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each audit finds; it runs no tool."""
    found: list[int] = []
    monkeypatch.setattr(vulnerabilities, "audit", found.pop)
    monkeypatch.delenv(vulnerabilities.REQUIRED, raising=False)
    return found


def at(server: HTTPServer) -> list[str]:
    return ["--service", f"http://127.0.0.1:{server.server_port}"]


class TestAService:
    def test_that_cannot_be_reached_leaves_everything_unchecked(
        self, audits: list[int], capsys: pytest.CaptureFixture[str]
    ):
        assert vulnerabilities.main(["--service", f"http://127.0.0.1:{unused_port()}"]) == 0

        assert capsys.readouterr().out.startswith("not checked:")

    def test_that_names_no_vulnerabilities_leaves_everything_unchecked(
        self, service: HTTPServer, audits: list[int], capsys: pytest.CaptureFixture[str]
    ):
        service.document = {"info": {}}  # type: ignore[attr-defined]

        assert vulnerabilities.main(at(service)) == 0

        assert "not checked" in capsys.readouterr().out

    def test_that_must_be_asked_and_cannot_be_fails(
        self, audits: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.setenv(vulnerabilities.REQUIRED, "1")

        assert vulnerabilities.main(["--service", f"http://127.0.0.1:{unused_port()}"]) == 1
        assert "not checked" in capsys.readouterr().out

    @pytest.mark.parametrize(("found", "status"), [(0, 0), (2, 1)])
    def test_that_answers_is_asked_about_everything(
        self, service: HTTPServer, audits: list[int], capsys: pytest.CaptureFixture[str], found: int, status: int
    ):
        service.document = {"vulnerabilities": []}  # type: ignore[attr-defined]
        audits.append(found)

        assert vulnerabilities.main(at(service)) == status
        assert "not checked" not in capsys.readouterr().out


class TestTheLocks:
    def test_are_all_asked_about(self):
        locks = {path.stem for path in (vulnerabilities.ROOT / "requirements").glob("*.txt")}

        assert set(vulnerabilities.GROUPS) == locks

    def test_pin_the_package_that_the_service_is_asked_about_first(self):
        assert vulnerabilities.locked("a==1\ndjango==5.2.1 ; x\n", "django") == "5.2.1"
        with pytest.raises(LookupError):
            vulnerabilities.locked("a==1\n", "django")
