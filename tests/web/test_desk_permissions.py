"""Every page of the desk, for strangers and for every role. A route without a row here fails: add its line below."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.provider import OpenIdProvider
from tests.web.conftest import Browser

#: Nobody's role, then the five roles, each with its letter in a row.
ROLES: Final = (None, "member", "viewer", "editor", "approver", "admin")
#: What a letter means: the statuses that are right.
LETTERS: Final = {
    "a": {200, 302, 303, 405},
    "f": {403},
    "n": {404},
}
SOME_ID: Final = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page answers to whom, in the order of ROLES: `a` its own answer, `f` 403, `n` 404."""

    who: str
    method: str = "get"


#: Route as the resolver writes it -> what it answers. One line a page.
PAGES: Final[dict[str, Page]] = {
    "/admin": Page(who="aaaaaa"),
    "/admin/": Page(who="aaaaaa"),
    # Of one's own sessions: that one, which nobody has, is gone.
    "/admin/sessions/end/": Page(who="nnnnnn", method="post"),
    "/admin/sessions/end-all/": Page(who="aaaaaa", method="post"),
}


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


ROUTES: Final = sorted({route for route in routes(get_resolver().url_patterns) if route.startswith("/admin")})


def address(route: str) -> str:
    """Return a route's address, with an id in place of what it names."""
    plain = re.sub(r"\(\?P<\w+>.*?\)\$?|<(?:\w+:)?\w+>", SOME_ID, route)
    return plain.rstrip("$")


class TestTheTable:
    def test_has_a_line_for_every_page_and_none_for_what_is_gone(self):
        assert set(ROUTES) == set(PAGES)

    def test_says_it_for_every_role(self):
        assert all(len(page.who) == len(ROLES) and set(page.who) <= set(LETTERS) for page in PAGES.values())


class TestAPage:
    @pytest.mark.parametrize("route", ROUTES)
    @pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
    def test_leads_strangers_to_the_log_in_page(self, browser: Browser, route: str, method: str):
        browser.client.handler.enforce_csrf_checks = False

        response = getattr(browser.client, method)(address(route), secure=True)

        assert response.status_code == (302 if method in {"get", "head"} else 303)
        assert response["Location"].startswith("/auth/login/")
        assert response.content == b""

    @pytest.mark.parametrize("route", PAGES)
    def test_is_for_whom_the_table_says(self, provider: OpenIdProvider, route: str):
        page = PAGES[route]
        for role, letter in zip(ROLES, page.who, strict=True):
            browser = Browser(provider)
            browser.client.handler.enforce_csrf_checks = False
            browser.sign_in(sub=f"user-{role}", groups=[role] if role else [])

            response = getattr(browser.client, page.method)(address(route), secure=True)

            assert response.status_code in LETTERS[letter], (role, response.status_code)
            assert not response.headers.get("Location", "").startswith("/auth/login/"), role

    @pytest.mark.parametrize("route", [route for route, page in PAGES.items() if page.method == "post"])
    def test_that_changes_something_needs_the_token_of_its_form(self, browser: Browser, route: str):
        browser.sign_in()

        assert browser.client.post(address(route), secure=True).status_code == 403
        assert browser.is_in()
