"""The web process as a whole: it refuses to start unconfigured, and has no database to fall back on."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

import publishing

ROOT = Path(__file__).parent.parent


CONFIGURED = {
    "TABLE_NAME": "t",
    "KINESIS_STREAM_NAME": "s",
    "MEDIA_BUCKET": "m",
    "OMNIPUB_MEDIA_URL": "https://media.example.org",
    "COGNITO_USER_POOL_ID": "eu-central-1_A",
    "COGNITO_CLIENT_ID": "c",
    "OMNIPUB_SECRET_KEY": "k" * 50,
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def start(script: str = "import omnipub.wsgi", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script, by default the import of the WSGI application, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestTheServer:
    def test_names_everything_that_it_lacks_at_once(self):
        outcome = start(COGNITO_CLIENT_ID="c")

        assert outcome.returncode != 0
        for name in (
            "TABLE_NAME",
            "neither KINESIS_STREAM_NAME nor OMNIPUB_WORKER_FUNCTION",
            "COGNITO_USER_POOL_ID",
            "SECRETS_ARN",
        ):
            assert f"{name} is" in outcome.stderr

    def test_starts_with_them(self):
        outcome = start(**CONFIGURED)

        assert (outcome.returncode, outcome.stderr) == (0, "")


ASK = """
import io, json, sys
from omnipub.wsgi import application

def ask(path):
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "/a-guess", "QUERY_STRING": "",
        "HTTP_HOST": "localhost", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    seen = []
    body = b"".join(application(environ, lambda status, headers: seen.append(status)))
    return seen[0], body.decode()

paths = ["/api/v1/docs/", "/api/v1/openapi.json", "/static/publishing/docs.js"]
json.dump([ask(path) for path in paths], sys.stdout)
"""


class TestTheBasePath:
    @pytest.mark.parametrize("base", ["", "/prod", "/restapis/abc/dev/_user_request_"])
    def test_is_what_is_configured_whatever_a_server_guesses(self, base: str):
        outcome = start(ASK, **CONFIGURED, OMNIPUB_BASE_PATH=base)

        assert outcome.returncode == 0, outcome.stderr
        (_, page), (_, document), (status, _) = json.loads(outcome.stdout)
        assert f'data-schema="{base}/api/v1/openapi.json"' in page
        assert f'src="{base}/static/publishing/docs.js"' in page
        assert "a-guess" not in page
        assert json.loads(document)["servers"] == [{"url": base or "/"}]
        assert status == "200 OK"


#: Sign-ins are counted, so that there has to be a table.
COOKIES = """
import io, json, sys
from moto import mock_aws
mock_aws().start()
from publishing import table
from publishing.adapters import aws
aws.client("dynamodb").create_table(**table.definition("t"))
from omnipub.wsgi import application

def ask(path):
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "/a-guess", "QUERY_STRING": "",
        "HTTP_HOST": "localhost", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "REMOTE_ADDR": "127.0.0.1",
    }
    seen = []
    b"".join(application(environ, lambda status, headers: seen.extend(headers)))
    return [[name, value.strip()] for name, value in seen]

json.dump([ask(path) for path in ("/auth/start/", "/admin/")], sys.stdout)
"""
PROVIDER = {
    f"OMNIPUB_OIDC_{name}_URL": f"https://id.example.org/{name.lower()}" for name in ("AUTHORIZATION", "TOKEN", "JWKS")
}
LOCAL = {"OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true"}


class TestItsCookies:
    def headers(self, **environment: str) -> tuple[dict[str, str], dict[str, str]]:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        outcome = start(COOKIES, **CONFIGURED, **PROVIDER, **keys, **environment)
        assert outcome.returncode == 0, outcome.stderr
        leaving, refused = json.loads(outcome.stdout)
        return dict(leaving), dict(refused)

    @pytest.mark.parametrize("base", ["", "/prod", "/restapis/abc/dev/_user_request_"])
    @pytest.mark.parametrize("public", ["", "https://desk.example.org"])
    def test_go_over_https_only_and_cannot_be_planted_by_a_neighbour(self, base: str, public: str):
        leaving, refused = self.headers(OMNIPUB_BASE_PATH=base, OMNIPUB_PUBLIC_URL=public)

        assert leaving["Set-Cookie"].startswith("__Host-omnipub-sign-in=")
        assert set(leaving["Set-Cookie"].split("; ")[1:]) >= {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
        assert "Domain" not in leaving["Set-Cookie"]
        callback = f"{public or 'http://localhost'}{base}/auth/callback/"
        assert urlencode({"redirect_uri": callback}) in leaving["Location"]
        assert refused["Set-Cookie"].startswith("__Host-omnipub-session=")
        assert refused["Location"] == f"{base}/auth/login/?next={base}/admin/"

    def test_go_over_http_on_a_laptop(self):
        leaving, refused = self.headers(**LOCAL)

        for headers, name in ((leaving, "omnipub-sign-in"), (refused, "omnipub-session")):
            assert headers["Set-Cookie"].startswith(f"{name}=")
            assert set(headers["Set-Cookie"].split("; ")) >= {"HttpOnly", "Path=/", "SameSite=Lax"}
            assert "Secure" not in headers["Set-Cookie"]

    def test_go_over_https_on_a_laptop_whose_public_address_says_so(self):
        leaving, _ = self.headers(**LOCAL, OMNIPUB_PUBLIC_URL="https://desk.example.org")

        assert leaving["Set-Cookie"].startswith("__Host-omnipub-sign-in=")


class TestDemoUsers:
    @pytest.mark.parametrize("mode", [{}, {**LOCAL, "AWS_LAMBDA_FUNCTION_NAME": "omnipub-web"}])
    def test_keep_a_deployed_server_from_starting(self, mode: dict[str, str]):
        outcome = start(**CONFIGURED, **mode, OMNIPUB_DEMO_SIGN_IN="true")

        assert outcome.returncode != 0
        assert "OMNIPUB_DEMO_SIGN_IN is for local mode and must not be set here" in outcome.stderr


class TestRoles:
    def test_that_do_not_exist_keep_the_server_from_starting(self):
        outcome = start(**CONFIGURED, OMNIPUB_ROLES_BY_GROUP="it=root")

        assert "OMNIPUB_ROLES_BY_GROUP names root" in outcome.stderr


class TestTheSettings:
    def test_know_no_database_so_that_a_query_by_accident_fails_loudly(self):
        with pytest.raises(ImproperlyConfigured):
            connection.ensure_connection()

    def test_never_show_debugging_pages(self):
        assert settings.DEBUG is False

    def test_pass_djangos_own_checks(self):
        call_command("check", fail_level="WARNING")

    def test_know_the_version_of_the_project(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

        assert publishing.__version__ == project["version"]


@pytest.mark.parametrize("command", [("collectstatic", "--noinput", "--dry-run"), ("spectacular", "--fail-on-warn")])
def test_a_build_needs_no_environment(command: tuple[str, ...]):
    outcome = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stderr
