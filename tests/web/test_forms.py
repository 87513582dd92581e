"""The admin's forms and what the browser keeps of them: where a session that ended leads, and what a page tells."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.urls import get_resolver

from publishing.admin.kept import COOKIE
from publishing.admin.site import desk
from publishing.domain.message import Message
from tests.api.conftest import Table, surroundings
from tests.web.conftest import Browser
from tests.web.test_administration import form_of
from tests.web.test_lists import text_of

__all__ = ["surroundings"]

TEMPLATES = "/admin/publishing/template/"


def textareas(**typed: str) -> dict[str, str]:
    return {"name": "Invitation", "body": "Join us.", **typed}


#: An address, and the values of fields.
Filled = tuple[str, dict[str, str]]


class TestASessionThatEnded:
    @pytest.mark.parametrize(
        "path",
        [f"{TEMPLATES}add/", f"{TEMPLATES}01ARZ3NDEKTSV4RRFFQ69G5FAV/change/",
         "/admin/publishing/account/add/?channel=webhook", "/admin/publishing/series/add/?message=1",
         "/admin/compose/", "/admin/media/01ARZ3NDEKTSV4RRFFQ69G5FAV/"],
    )  # fmt: skip
    def test_leads_back_to_the_form_that_was_sent(self, browser: Browser, path: str):
        browser.client.handler.enforce_csrf_checks = False

        response = browser.client.post(path, {"name": "Typed"}, secure=True)

        assert response.status_code == 303
        query = path.replace("?", "%3F").replace("=", "%3D")
        assert response["Location"] == f"/auth/login/?next={query}"

    def test_leads_back_to_the_message_that_was_decided_on(self, browser: Browser):
        browser.client.handler.enforce_csrf_checks = False

        response = browser.client.post("/admin/messages/01ARZ/reject/", {"comment": "Typed"}, secure=True)

        assert response["Location"] == "/auth/login/?next=/admin/messages/01ARZ/"

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
        typed = form_of(text_of(browser.open(address)), **textareas())

        response = browser.post(address, address, **typed)

        cookie = response.cookies[COOKIE]
        assert cookie.value == typed["once"]
        # Scripts read it, so it names nothing that is worth anything.
        assert (cookie["secure"], cookie["samesite"], cookie["path"], cookie["httponly"]) == (True, "Lax", "/", "")

    def test_that_was_refused_is_not(self, browser: Browser, table: Table, surroundings: Any):
        browser.sign_in(groups=["editor"])
        address = f"{TEMPLATES}add/"
        typed = form_of(text_of(browser.open(address)), **textareas(body="{{ a gap }}", name=""))

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

        page = text_of(browser.open("/admin/publishing/account/add/?channel=mastodon"))

        assert re.search(r'id="logout-form" data-person="ada"', page)
        assert "data-kept" in page
        assert re.search(r'<input type="password" name="credential"[^>]* data-secret', page)

    def test_that_nobody_fills_in_keeps_nothing(self, browser: Browser, surroundings: Any):
        browser.sign_in(sub="ada", groups=["admin"])

        assert "data-kept" not in text_of(browser.get("/admin/publishing/user/ada/change/"))


class TestEveryFormThatCreates:
    """A double click sends a form twice, and so does who comes back to it: it creates once."""

    TYPED: ClassVar[dict[str, tuple[str, dict[str, Any]]]] = {
        "account": ("?channel=webhook", {"base_url": "https://hook.test/", "credential": "s3cr3t-value-long"}),
        "apikey": ("", {"scopes": ["read_message"]}),
        "hashtaggroup": ("", {"tags": "#one two"}),
        "series": ("", {"frequency": "daily", "at": "09:00", "zone": "UTC", "starts_on": "2026-05-04"}),
        "template": ("", {"body": "Join us."}),
    }

    def test_is_named_here(self):
        creating = {
            model._meta.model_name for model, admin in desk._registry.items() if getattr(admin, "add_needs", None)
        }

        assert creating == set(self.TYPED)

    @pytest.fixture
    def filled(self, browser: Browser, surroundings: Any, write_message: Callable[..., Message], model: str) -> Filled:
        """Where the form is that somebody has opened, and what they type into it."""
        query, typed = self.TYPED[model]
        own = {"message_id": write_message(owner="ada").id} if model == "series" else {}
        browser.sign_in(sub="ada", groups=["admin"])
        return f"/admin/publishing/{model}/add/{query}", {"name": "Only one", **typed, **own}

    @pytest.mark.parametrize("model", TYPED)
    def test_creates_once(self, browser: Browser, model: str, filled: Filled):
        address, typed = filled
        sent = form_of(text_of(browser.open(address)), **typed)

        answers = [browser.post(address, address, **sent) for _ in range(3)]
        other = browser.post(address, address, **{**sent, "name": "Another"})

        assert {answer.status_code for answer in answers} <= {200, 302}
        assert all(b"errornote" not in answer.content for answer in answers)
        assert "This form was sent before with other contents" in text_of(other)
        shown = text_of(browser.get(f"/admin/publishing/{model}/"))
        assert len(re.findall(r"<bdi[^>]*>Only one</bdi>", shown)) == 1
        assert "Another" not in shown

    @pytest.mark.parametrize("model", TYPED)
    def test_leads_to_what_it_created_whoever_comes_back_to_it_without_scripts(
        self, browser: Browser, table: Table, model: str, filled: Filled
    ):
        form, typed = filled
        address = browser.get(form)["Location"]
        sent = form_of(text_of(browser.get(address)), **typed)
        browser.client.post(address, {**sent, "csrfmiddlewaretoken": sent["csrfmiddlewaretoken"]}, secure=True,
                            headers={"Origin": "https://testserver"})  # fmt: skip
        before = table.snapshot()

        back = browser.get(address)

        assert re.fullmatch(rf"/admin/publishing/{model}/[0-9A-Z]{{26}}/change/", back["Location"])
        page = text_of(browser.get(back["Location"]))
        assert "You sent that form already. This is what it made." in page
        assert "Only one" in page
        assert table.snapshot() == before
        # To somebody else the same address is a form that was not sent yet.
        browser.client.cookies.clear()
        browser.sign_in(sub="eva", groups=["admin"])
        assert sent["once"] in text_of(browser.get(address))

    @pytest.mark.parametrize("model", TYPED)
    def test_without_its_token_creates_nothing(self, browser: Browser, model: str, filled: Filled):
        address, typed = filled
        sent = form_of(text_of(browser.open(address)), **typed)

        page = text_of(browser.post(address, address, **{**sent, "once": ""}))

        assert "This form is not whole." in page
        assert 'value="Only one"' in page
        shown = text_of(browser.get(f"/admin/publishing/{model}/"))
        assert "Only one" not in shown


class TestTheRoutes:
    def test_of_forms_are_called_as_the_way_back_expects(self):
        names = {str(name) for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)}

        assert {name for name in names if name.endswith(("_add", "_change"))} == {
            f"publishing_{model}_{verb}" for verb in ("add", "change")
            for model in ("account", "apikey", "auditentry", "hashtaggroup", "message", "series", "template", "user")
        }  # fmt: skip
