"""What every request meets: sign-in, problems in one form, ids, headers, the base path. Nothing but JSON goes wrong."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import publishing
from publishing import logs, paths
from publishing.api.middleware import DATA_POLICY
from publishing.domain.errors import UnavailableError
from publishing.services import queries
from tests.api.conftest import Api
from tests.pool import Jwks, build_token

METHODS = ("get", "post", "put", "patch", "delete", "options", "head")


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + re.sub(r"<\w+:\w+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


#: The pages of the desk and of signing in have tests of their own, in `tests/web`.
PAGES = ("/admin", "/auth/")
ROUTES = sorted(route for route in routes(get_resolver().url_patterns) if not route.startswith(PAGES))
#: Open at the gateway, and closed by the application.
KEYED = [route for route in ROUTES if route.startswith("/keyed/")]
CLOSED = [route for route in ROUTES if not paths.is_open(route)]


@pytest.fixture
def anybody(environment: None) -> Client:
    """A client that did not sign in."""
    return Client(raise_request_exception=False)


class TestEveryRoute:
    def test_is_known_to_this_test(self):
        assert len(CLOSED) >= 13
        assert [route.replace("/keyed/", "/api/") for route in KEYED] == CLOSED
        assert {"/health", "/api/v1/openapi.json", "/api/v1/docs/"} <= set(ROUTES) - set(CLOSED)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("route", CLOSED)
    def test_that_is_not_declared_open_refuses_who_did_not_sign_in(self, anybody: Client, route: str, method: str):
        response = getattr(anybody, method)(route)

        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
        assert response["WWW-Authenticate"] == 'Bearer realm="omnipub"'

    @pytest.mark.parametrize("route", KEYED)
    def test_that_is_for_programs_refuses_who_has_no_key(self, anybody: Client, api: Api, route: str):
        for client in (anybody, api):
            response = client.get(route)

            assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
            assert response["WWW-Authenticate"] == 'Api-Key realm="omnipub"'

    @pytest.mark.parametrize("route", [route for route in ROUTES if route not in KEYED])
    def test_answers_a_method_that_it_does_not_take_with_405(self, api: Api, route: str):
        response = api.put(route, {})

        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
        assert "PUT" not in response["Allow"]
        assert response["Allow"]


class TestSigningIn:
    @pytest.mark.parametrize(
        ("header", "sentence"),
        [
            ("Api-Key abc", "/keyed/v1/"),
            ("Basic YTpi", "not known"),
            ("Bearer", "cannot be read"),
            ("Bearer a.b.c", "cannot be read"),
            ("", "not known"),
            ("Bearer " + "x" * 20_000, "too long"),
        ],
    )
    def test_with_anything_but_a_token_says_what_to_send(self, anybody: Client, header: str, sentence: str):
        response = anybody.get("/api/v1/me/", headers={"Authorization": header})

        assert response.status_code == 401
        assert sentence in response.json()["detail"]

    def test_with_a_forged_token_is_refused(self, anybody: Client):
        token = build_token(signed_by="a-foreign-key")

        response = anybody.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})

        assert (response.status_code, response.json()["code"]) == (401, "authentication_failed")

    def test_that_cannot_be_checked_is_503_and_not_a_refusal(
        self, anybody: Client, jwks: Jwks, monkeypatch: pytest.MonkeyPatch
    ):
        from publishing.identity import authentication

        authentication.forget_keys()
        monkeypatch.setattr(jwks, "status", 500)

        response = anybody.get("/api/v1/me/", headers={"Authorization": f"Bearer {build_token()}"})
        authentication.forget_keys()

        assert (response.status_code, response["Retry-After"]) == (503, "5")


class TestAnythingThatGoesWrong:
    @pytest.mark.parametrize(
        "path", ["/", "/nothing", "/api/v1/", "/api/v2/messages/", "/%00", "/administrator/", "/" + "x" * 5000]
    )
    def test_at_an_unknown_address_is_a_problem(self, anybody: Client, path: str):
        response = anybody.get(path)

        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")

    def test_for_want_of_a_slash_says_so(self, api: Api):
        assert "slash" in api.post("messages", {}).json()["detail"]

    def test_for_a_client_that_wants_html_is_406_in_json(self, api: Api):
        response = api.get("me/", headers={"Accept": "text/html"})

        assert (response.status_code, response["Content-Type"]) == (406, "application/problem+json")

    def test_with_the_host_is_a_problem_too(self, anybody: Client):
        response = anybody.get("/api/v1/messages/", headers={"Host": "evil.test"})

        assert response["Content-Type"] == "application/problem+json"

    def test_unexpectedly_tells_a_number_and_nothing_of_the_inside(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        def break_down(**_: object) -> None:
            raise RuntimeError("a secret of the inside")

        monkeypatch.setattr(queries, "list_accounts", break_down)

        response = api.get("accounts/", headers={"X-Request-Id": "the-number"})

        assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
        assert response.json()["request_id"] == "the-number"
        assert "secret" not in response.content.decode()

    def test_because_the_table_is_away_is_503(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        def break_down(**_: object) -> None:
            raise UnavailableError("the inside")

        monkeypatch.setattr(queries, "list_accounts", break_down)

        response = api.get("accounts/")

        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert "inside" not in response.json()["detail"]


class TestTheRequestId:
    def test_of_the_caller_is_returned_and_logged(self, anybody: Client, caplog: pytest.LogCaptureFixture):
        logger = logging.getLogger("publishing.requests")
        lines: list[dict[str, Any]] = []

        class Collect(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                lines.append(json.loads(logs.JsonFormatter().format(record)))

        handler = Collect()
        logger.addHandler(handler)
        caplog.set_level(logging.INFO, "publishing.requests")

        response = anybody.get("/health?token=secret", headers={"X-Request-Id": "abc-123"})
        logger.removeHandler(handler)

        assert response["X-Request-Id"] == "abc-123"
        assert [(line["correlation_id"], line["path"], line["status"]) for line in lines] == [
            ("abc-123", "/health", 200)
        ]

    @pytest.mark.parametrize("given", ["", "x" * 101, "two words", "line\\nbreak", "ü"])
    def test_that_is_none_is_replaced(self, anybody: Client, given: str):
        response = anybody.get("/health", headers={"X-Request-Id": given})

        assert re.fullmatch("[0-9a-f]{16}", response["X-Request-Id"])


class TestHealth:
    def test_answers_in_our_own_words_without_the_table(self, anybody: Client):
        response = anybody.get("/health")

        assert response.json() == {"application": "omnipub", "status": "up", "version": publishing.__version__}


class TestHeaders:
    def test_tell_browsers_to_load_nothing_for_data(self, anybody: Client):
        response = anybody.get("/health", secure=True)

        assert response["Content-Security-Policy"] == DATA_POLICY
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Cache-Control"] == "private, no-cache"
        assert response["Strict-Transport-Security"].startswith("max-age=31536000")

    @pytest.mark.parametrize("path", ["/api/v1/messages/", "/api/v1/docs/", "/health", "/static/publishing/docs.js"])
    def test_invite_no_other_origin(self, anybody: Client, path: str):
        response = anybody.get(path, headers={"Origin": "https://evil.test"})
        response.close()

        assert not [name for name in response.headers if name.lower().startswith("access-control-")]


class TestTheDocs:
    def test_page_loads_only_what_we_serve_and_has_no_inline_script(self, anybody: Client):
        page = anybody.get("/api/v1/docs/", headers={"Accept": "text/html"})

        text = page.content.decode()
        assert page.status_code == 200
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "unsafe" not in page["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)
        addresses = re.findall(r'(?:src|href|data-schema)="([^"]+)"', text)
        assert len(addresses) >= 5
        for address in addresses:
            answer = anybody.get(address)
            assert answer.status_code == 200, address
            answer.close()

    def test_document_names_the_base_path(self, anybody: Client):
        document = anybody.get("/api/v1/openapi.json").json()

        assert document["servers"] == [{"url": "/"}]
        assert "/api/v1/messages/" in document["paths"]


class TestTheBasePath:
    def test_repeated_in_the_path_opens_nothing(self, anybody: Client):
        assert anybody.get("/prod/api/v1/messages/").status_code == 404
