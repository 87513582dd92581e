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
    # A request with nothing in it, where something is needed.
    "b": {400, 422},
}
SOME_ID: Final = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page answers to whom, in the order of ROLES: `a` its own answer, `b` 400, `f` 403, `n` 404."""

    who: str
    method: str = "get"


#: Route as the resolver writes it -> what it answers. One line a page.
PAGES: Final[dict[str, Page]] = {
    "/admin": Page(who="aaaaaa"),
    "/admin/": Page(who="aaaaaa"),
    # Of one's own sessions: that one, which nobody has, is gone.
    "/admin/sessions/end/": Page(who="nnnnnn", method="post"),
    "/admin/sessions/end-all/": Page(who="aaaaaa", method="post"),
    "/admin/me/": Page(who="aaaaaa"),
    "/admin/language/": Page(who="aaaaaa", method="post"),
    "/admin/calendar/": Page(who="aaaaaa"),
    # What they make of a request with something in it is in test_calendar.py and test_message_page.py.
    "/admin/calendar/events/": Page(who="bbbbbb"),
    "/admin/calendar/series/": Page(who="bbbbbb"),
    "/admin/calendar/drafts/": Page(who="fafaaa"),
    "/admin/calendar/move/": Page(who="bbbbbb", method="post"),
    "/admin/messages/<str:message_id>/": Page(who="nnnnnn"),
    "/admin/messages/<str:message_id>/live/": Page(who="nnnnnn"),
    "/admin/messages/(?P<message_id>[^/]+)/(?P<action>publish|cancel|delete|duplicate|submit|approve|reject)/$": Page(
        who="nnnnnn", method="post"
    ),
    "/admin/messages/(?P<message_id>[^/]+)/deliveries/(?P<delivery_id>[^/]+)/(?P<action>retry|resolve|unblock)/$": Page(
        who="nnnnnn", method="post"
    ),
    "/admin/media/": Page(who="faaaaa"),
    "/admin/media/browse/": Page(who="faaaaa"),
    # What they make of a request with something in it is in test_library.py.
    "/admin/media/upload/": Page(who="aaaaaa"),
    "/admin/media/<str:medium_id>/": Page(who="nnnnnn"),
    "/admin/media/<str:medium_id>/delete/": Page(who="nnnnnn", method="post"),
    "/admin/media/<str:medium_id>/state/": Page(who="nnnnnn"),
    "/admin/media/<str:medium_id>/describe/": Page(who="aaaaaa"),
    # The admin's own, where an object that is not there leads back with a word about it.
    "/admin/(?P<app_label>publishing)/$": Page(who="nnnnnn"),
    "/admin/(?P<url>.*)$": Page(who="nnnnnn"),
    "/admin/jsi18n/": Page(who="aaaaaa"),
    "/admin/autocomplete/": Page(who="ffffff"),
    "/admin/publishing/account/": Page(who="faaaaa"),
    "/admin/publishing/account/add/": Page(who="fffffa"),
    "/admin/publishing/account/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/account/<path:object_id>/change/": Page(who="faaaaa"),
    "/admin/publishing/account/<path:object_id>/history/": Page(who="faaaaa"),
    "/admin/publishing/account/<path:object_id>/delete/": Page(who="fffffa", method="post"),
    "/admin/publishing/account/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/apikey/": Page(who="fffaaa"),
    "/admin/publishing/apikey/add/": Page(who="fffaaa"),
    "/admin/publishing/apikey/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/apikey/<path:object_id>/change/": Page(who="fffaaa"),
    "/admin/publishing/apikey/<path:object_id>/history/": Page(who="fffaaa"),
    "/admin/publishing/apikey/<path:object_id>/delete/": Page(who="ffffff", method="post"),
    "/admin/publishing/apikey/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/auditentry/": Page(who="fffffa"),
    "/admin/publishing/auditentry/add/": Page(who="ffffff"),
    "/admin/publishing/auditentry/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/auditentry/<path:object_id>/change/": Page(who="fffffa"),
    "/admin/publishing/auditentry/<path:object_id>/history/": Page(who="fffffa"),
    "/admin/publishing/auditentry/<path:object_id>/delete/": Page(who="ffffff", method="post"),
    "/admin/publishing/auditentry/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/message/": Page(who="faaaaa"),
    "/admin/publishing/message/add/": Page(who="aaaaaa"),
    "/admin/publishing/message/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/message/<path:object_id>/change/": Page(who="faaaaa"),
    "/admin/publishing/message/<path:object_id>/history/": Page(who="faaaaa"),
    "/admin/publishing/message/<path:object_id>/delete/": Page(who="fffaaa", method="post"),
    "/admin/publishing/message/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/user/": Page(who="fffffa"),
    "/admin/publishing/user/add/": Page(who="ffffff"),
    "/admin/publishing/user/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/user/<path:object_id>/change/": Page(who="fffffa"),
    "/admin/publishing/user/<path:object_id>/history/": Page(who="fffffa"),
    "/admin/publishing/user/<path:object_id>/delete/": Page(who="ffffff", method="post"),
    "/admin/publishing/user/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/reviews/": Page(who="faaaaa"),
    "/admin/compose/": Page(who="fafaaa"),
    "/admin/compose/<str:message_id>/": Page(who="nnnnnn"),
    # What it makes of a request with something in it is in test_composing.py.
    "/admin/compose/preview/": Page(who="fafaaa", method="post"),
    "/admin/compose/texts/": Page(who="ffaaaa"),
    "/admin/compose/texts/<str:template_id>/": Page(who="ffnnnn", method="post"),
    "/admin/publishing/series/": Page(who="ffaaaa"),
    "/admin/publishing/series/add/": Page(who="fffaaa"),
    # What it makes of a request with something in it is in test_series.py.
    "/admin/publishing/series/preview/": Page(who="fffaaa", method="post"),
    "/admin/publishing/series/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/series/<path:object_id>/change/": Page(who="ffaaaa"),
    "/admin/publishing/series/<path:object_id>/history/": Page(who="ffaaaa"),
    "/admin/publishing/series/<path:object_id>/delete/": Page(who="fffaaa", method="post"),
    "/admin/publishing/series/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/template/": Page(who="ffaaaa"),
    "/admin/publishing/template/add/": Page(who="fffaaa"),
    "/admin/publishing/template/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/template/<path:object_id>/change/": Page(who="ffaaaa"),
    "/admin/publishing/template/<path:object_id>/history/": Page(who="ffaaaa"),
    "/admin/publishing/template/<path:object_id>/delete/": Page(who="fffaaa", method="post"),
    "/admin/publishing/template/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/hashtaggroup/": Page(who="ffaaaa"),
    "/admin/publishing/hashtaggroup/add/": Page(who="fffaaa"),
    "/admin/publishing/hashtaggroup/<path:object_id>/": Page(who="aaaaaa"),
    "/admin/publishing/hashtaggroup/<path:object_id>/change/": Page(who="ffaaaa"),
    "/admin/publishing/hashtaggroup/<path:object_id>/history/": Page(who="ffaaaa"),
    "/admin/publishing/hashtaggroup/<path:object_id>/delete/": Page(who="fffaaa", method="post"),
    "/admin/publishing/hashtaggroup/<path:object_id>/do/<slug:verb>/": Page(who="nnnnnn", method="post"),
    "/admin/publishing/account/stop/": Page(who="fffffa"),
    "/admin/publishing/auditentry/verify/": Page(who="fffffa"),
    "/admin/publishing/message/export/": Page(who="faaaaa"),
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
