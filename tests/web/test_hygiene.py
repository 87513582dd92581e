"""What browsers are told with every answer, over every route there is; and which other sites may ask."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from publishing.api.middleware import DATA_POLICY
from tests.pool import build_token
from tests.web.conftest import Browser

PAGES = ("/admin", "/auth/")


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + re.sub(r"<\w+:\w+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


ROUTES = sorted({*routes(get_resolver().url_patterns), "/nothing", "/admin/nothing/", "/static/publishing/pages.css"})
METHODS = ("get", "post", "put", "options", "head")
#: Directives that every policy must close, whatever else it says.
CLOSED = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")


def check(response: Any, path: str) -> None:
    """Check what must hold of every answer."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    policy = headers["content-security-policy"]
    assert all(directive in policy for directive in CLOSED), path
    assert not re.search(r"unsafe|https?://(?!media\.test)|\*", policy), path
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert not [name for name in headers if name.startswith("access-control-")]
    if path.startswith(PAGES):
        assert headers["cache-control"] == "no-store"
    elif not path.startswith("/static/"):
        assert headers["cache-control"] == "private, no-cache"


class TestEveryRoute:
    def test_is_known_to_this_test(self):
        assert len(ROUTES) >= 25
        assert {"/admin/", "/auth/login/", "/health", "/api/v1/messages/"} <= set(ROUTES)

    @pytest.mark.parametrize("path", ROUTES)
    def test_tells_strangers_browsers_what_they_may_do(self, browser: Browser, path: str):
        for method in METHODS:
            response = getattr(browser.client, method)(path, secure=True, headers={"Origin": "https://evil.example"})
            response.close()

            check(response, path)

    @pytest.mark.parametrize("path", ROUTES)
    def test_tells_the_browsers_of_who_is_signed_in(self, browser: Browser, path: str):
        browser.sign_in()
        for method in METHODS:
            headers = {"Origin": "https://evil.example", "Authorization": f"Bearer {build_token()}"}
            response = getattr(browser.client, method)(path, secure=True, headers=headers)
            response.close()

            check(response, path)

    @pytest.mark.parametrize("path", ROUTES)
    def test_is_there_for_our_own_hosts_only(self, browser: Browser, path: str):
        for method in METHODS:
            response = getattr(browser.client, method)(path, secure=True, headers={"Host": "evil.example"})
            response.close()

            assert response.status_code == 400
            assert "evil" not in f"{response.headers}{response.content!r}"
            check(response, path)

    @pytest.mark.parametrize("path", ["/health", "/auth/login/"])
    def test_says_nothing_of_https_over_http(self, browser: Browser, path: str):
        assert "Strict-Transport-Security" not in browser.client.get(path).headers

    def test_is_data_or_a_page_and_has_the_policy_of_it(self, browser: Browser):
        assert browser.get("/health")["Content-Security-Policy"] == DATA_POLICY
        page = browser.get("/auth/login/")["Content-Security-Policy"]
        assert page == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'none'; "
            "connect-src 'self'; "
            "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )


class TestAnotherOrigin:
    ORIGIN = "https://www.example.org"

    def ask(self, path: str, *, origin: str = ORIGIN, method: str = "get", **headers: str) -> Any:
        return getattr(Client(), method)(path, secure=True, headers={"Origin": origin, **headers})

    def preflight(self, path: str, *, origin: str = ORIGIN) -> Any:
        wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        return self.ask(path, origin=origin, method="options", **wanted)

    @override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN])
    def test_that_is_listed_may_call_the_api_with_a_token(self, browser: Browser):
        preflight = self.preflight("/api/v1/messages/")

        assert preflight.status_code == 200
        assert preflight["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "authorization" in preflight["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in preflight.headers
        answer = self.ask("/api/v1/me/", Authorization=f"Bearer {build_token()}")
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, self.ORIGIN)
        assert "etag" in answer["Access-Control-Expose-Headers"].lower()

    @override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN])
    @pytest.mark.parametrize(
        "origin",
        ["https://evil.example", "http://www.example.org", "https://www.example.org.evil.example", "null",
         "https://www.example.org:8443"],
    )  # fmt: skip
    def test_that_is_not_may_nothing(self, browser: Browser, origin: str):
        assert "Access-Control-Allow-Origin" not in self.preflight("/api/v1/messages/", origin=origin).headers
        assert "Access-Control-Allow-Origin" not in self.ask("/api/v1/me/", origin=origin).headers

    @override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN])
    @pytest.mark.parametrize("path", ["/admin/", "/auth/login/", "/health", "/hooks/ses/"])
    def test_may_nothing_outside_the_api(self, browser: Browser, path: str):
        assert "Access-Control-Allow-Origin" not in self.preflight(path).headers
        assert "Access-Control-Allow-Origin" not in self.ask(path).headers
