"""The admin's forms and what the browser keeps of them: where a session that ended leads, and what a page tells."""

import re
from typing import Any

import pytest
from django.urls import get_resolver

from publishing.admin.kept import COOKIE
from tests.api.conftest import Table, surroundings
from tests.web.conftest import Browser
from tests.web.test_administration import form_of
from tests.web.test_lists import text_of

__all__ = ["surroundings"]

TEMPLATES = "/admin/publishing/template/"


def textareas(**typed: str) -> dict[str, str]:
    return {"name": "Invitation", "body": "Join us.", **typed}


class TestASessionThatEnded:
    @pytest.mark.parametrize(
        "path",
        [f"{TEMPLATES}add/", f"{TEMPLATES}01ARZ3NDEKTSV4RRFFQ69G5FAV/change/",
         "/admin/publishing/account/add/?channel=webhook", "/admin/publishing/series/add/?message=1",
         "/admin/compose/"],
    )  # fmt: skip
    def test_leads_back_to_the_form_that_was_sent(self, browser: Browser, path: str):
        browser.client.handler.enforce_csrf_checks = False

        response = browser.client.post(path, {"name": "Typed"}, secure=True)

        assert response.status_code == 303
        query = path.replace("?", "%3F").replace("=", "%3D")
        assert response["Location"] == f"/auth/login/?next={query}"

    @pytest.mark.parametrize(
        "path", ["/admin/sessions/end-all/", f"{TEMPLATES}1/delete/", "/admin/publishing/message/", "/admin/nothing/"]
    )
    def test_leads_nowhere_from_what_only_acts(self, browser: Browser, path: str):
        browser.client.handler.enforce_csrf_checks = False

        assert browser.client.post(path, secure=True)["Location"] == "/auth/login/"


class TestAForm:
    def test_that_was_saved_is_named_to_the_browser(self, browser: Browser, table: Table, surroundings: Any):
        browser.sign_in(groups=["editor"])
        address = f"{TEMPLATES}add/"
        typed = form_of(text_of(browser.get(address)), **textareas())

        response = browser.post(address, address, **typed)

        cookie = response.cookies[COOKIE]
        assert cookie.value == typed["once"]
        # Scripts read it, so it names nothing that is worth anything.
        assert (cookie["secure"], cookie["samesite"], cookie["path"], cookie["httponly"]) == (True, "Lax", "/", "")

    def test_that_was_refused_is_not(self, browser: Browser, table: Table, surroundings: Any):
        browser.sign_in(groups=["editor"])
        address = f"{TEMPLATES}add/"
        typed = form_of(text_of(browser.get(address)), **textareas(body="{{ a gap }}", name=""))

        response = browser.post(address, address, **typed)

        assert response.status_code == 200
        assert COOKIE not in response.cookies
        assert "data-returned" in text_of(response)

    @pytest.mark.parametrize("token", ["", "a b", 'x"; Path=/evil', "ü", "x" * 65])
    def test_names_nothing_to_the_browser_but_a_token(
        self, browser: Browser, table: Table, surroundings: Any, token: str
    ):
        browser.sign_in(groups=["editor"])
        address = f"{TEMPLATES}add/"

        response = browser.post(address, address, **textareas(once=token))

        assert COOKIE not in response.cookies

    def test_says_whose_it_is_and_which_of_its_fields_are_secret(self, browser: Browser, surroundings: Any):
        browser.sign_in(sub="ada", groups=["admin"])

        page = text_of(browser.get("/admin/publishing/account/add/?channel=mastodon"))

        assert re.search(r'id="logout-form" data-person="ada"', page)
        assert "data-kept" in page
        assert re.search(r'<input type="password" name="credential"[^>]* data-secret', page)

    def test_that_nobody_fills_in_keeps_nothing(self, browser: Browser, surroundings: Any):
        browser.sign_in(sub="ada", groups=["admin"])

        assert "data-kept" not in text_of(browser.get("/admin/publishing/user/ada/change/"))


class TestTheRoutes:
    def test_of_forms_are_called_as_the_way_back_expects(self):
        names = {str(name) for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)}

        assert {name for name in names if name.endswith(("_add", "_change"))} == {
            f"publishing_{model}_{verb}" for verb in ("add", "change")
            for model in ("account", "apikey", "auditentry", "hashtaggroup", "message", "series", "template", "user")
        }  # fmt: skip
