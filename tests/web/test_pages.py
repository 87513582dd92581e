"""The pages themselves: ways in and out, forms, where one may be sent, and the demo users of a laptop."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings

from publishing.admin import me
from publishing.admin.pages import FAILURES
from publishing.identity import provider as configured
from publishing.store import users
from tests.provider import CLIENT, OpenIdProvider
from tests.web.conftest import Browser, failure_of

#: Where somebody would like a browser to be sent after it signed in.
HOSTILE = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/admin/",
    "/\\evil.example",
    "\\\\evil.example",
    "/admin/\\evil.example",
    "/admin//evil.example",
    "/admin/..//evil.example",
    "/admin/../auth/logout/",
    "/admin/%2e%2e/auth/logout/",
    "/admin/%252e%252e/auth/logout/",
    "/admin/.%2e/x",
    "/admin/%2f%2fevil.example",
    "/admin/%5cevil.example",
    "/admin/%255cevil.example",
    "/%2fevil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/admin/\r\nSet-Cookie: a=b",
    "/admin/\x00",
    "/admin/ü",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/@evil.example",
    "/adminevil",
    "/admin",
    "/auth/logout/",
    "/api/v1/messages/",
    "https:///evil.example",
    "https://testserver@evil.example/admin/",
    "https://testserver/admin/",
    "http://testserver/admin/",
    "?next=//evil.example",
    "#//evil.example",
    "/admin/" + "x" * 2_000,
    "",
]


class TestTheWayOn:
    @pytest.mark.parametrize("wanted", HOSTILE)
    def test_never_leads_off_the_desk(self, browser: Browser, wanted: str):
        response = browser.sign_in(wanted)

        assert (response.status_code, response["Location"]) == (302, "/admin/")

    @pytest.mark.parametrize("wanted", HOSTILE)
    def test_never_leads_who_is_signed_in_off_the_desk(self, browser: Browser, wanted: str):
        browser.sign_in()

        assert browser.get("/auth/login/", data={"next": wanted})["Location"] == "/admin/"

    @pytest.mark.parametrize("wanted", ["/admin/", "/admin/messages/01ABC/?page=2&q=a%20b", "/admin/?next=x:y"])
    def test_leads_back_to_the_page_that_was_wanted(self, browser: Browser, wanted: str):
        away = browser.get(wanted)
        assert away.status_code == 302
        asked = dict(parse_qsl(urlsplit(away["Location"]).query))

        response = browser.sign_in(asked["next"])

        assert response["Location"] == wanted

    def test_of_a_form_that_was_sent_too_late_is_the_log_in_page(self, browser: Browser):
        browser.sign_in()
        form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/admin/").content.decode())
        assert form
        browser.session = "x"

        response = browser.client.post(
            "/admin/sessions/end-all/",
            {"csrfmiddlewaretoken": form[1]},
            secure=True,
            headers={"Origin": "https://testserver"},
        )

        assert (response.status_code, response["Location"]) == (303, "/auth/login/?ended=1")

    def test_is_forgotten_where_its_address_is_endless(self, browser: Browser):
        assert browser.get("/admin/?" + "x" * 5_000)["Location"] == "/auth/login/"


class TestEveryCookie:
    def test_is_out_of_reach_of_scripts_other_sites_and_neighbours(self, browser: Browser):
        browser.get("/auth/login/")
        browser.sign_in()

        cookies = browser.client.cookies
        assert set(cookies) == {"__Host-omnipub-session", "__Host-omnipub-sign-in", "__Host-omnipub-csrf"}
        for cookie in cookies.values():
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
            assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert cookies["__Host-omnipub-session"]["max-age"] == 8 * 3600
        assert cookies["__Host-omnipub-sign-in"].value == ""


class TestSigningOut:
    def test_goes_on_to_the_provider_and_comes_back(self, browser: Browser, provider: OpenIdProvider):
        browser.sign_in()

        page = browser.post("/admin/", "/auth/logout/").content.decode()

        found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
        assert found
        address = urlsplit(found[1].replace("&amp;", "&"))
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.url}/logout"
        back = "https://testserver/auth/logout/"
        assert dict(parse_qsl(address.query)) == {
            "client_id": CLIENT,
            "post_logout_redirect_uri": back,
            "logout_uri": back,
        }
        assert "You are signed out" in browser.get("/auth/logout/").content.decode()

    @pytest.mark.parametrize("broken", [{"discovery": {"end_session_endpoint": ""}}, {"discovery_status": 500}])
    def test_works_where_the_provider_has_no_page_for_it_or_is_away(
        self, browser: Browser, provider: OpenIdProvider, broken: dict[str, Any]
    ):
        browser.sign_in()
        for name, value in broken.items():
            setattr(provider, name, value)
        configured.forget()

        page = browser.post("/admin/", "/auth/logout/")

        assert page.status_code == 200
        assert "may still know you" in page.content.decode()
        assert not browser.is_in()

    def test_asks_first_when_only_an_address_was_opened(self, browser: Browser):
        browser.sign_in()

        page = browser.get("/auth/logout/").content.decode()

        assert "Sign out?" in page
        assert browser.is_in()

    def test_without_a_session_is_no_error(self, browser: Browser):
        assert browser.post("/auth/logout/", "/auth/logout/").status_code == 403
        assert "You are signed out" in browser.get("/auth/logout/").content.decode()


class TestAForm:
    @pytest.mark.parametrize(
        "path", ["/auth/logout/", "/auth/demo/", "/admin/sessions/end/", "/admin/sessions/end-all/"]
    )
    @pytest.mark.parametrize(
        ("token", "origin"),
        [
            ("", "https://testserver"),
            ("x" * 64, "https://testserver"),
            ("own", "https://evil.example"),
            ("own", "null"),
        ],
    )
    def test_of_another_site_does_nothing(self, browser: Browser, path: str, token: str, origin: str):
        browser.sign_in()
        page = browser.get("/admin/").content.decode()
        own = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert own

        response = browser.client.post(
            path,
            {"csrfmiddlewaretoken": own[1] if token == "own" else token, "role": "admin"},
            secure=True,
            headers={"Origin": origin},
        )

        assert failure_of(response) == (403, "form")
        assert browser.is_in()
        assert users.find_user("demo-admin") is None

    def test_opened_before_a_sign_in_does_not_fit_the_session_after_it(self, browser: Browser):
        browser.sign_in()
        before = browser.client.cookies[settings.CSRF_COOKIE_NAME].value

        browser.sign_in()

        assert browser.client.cookies[settings.CSRF_COOKIE_NAME].value != before


class TestADemoUser:
    @pytest.fixture
    def demo(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
        monkeypatch.setenv("OMNIPUB_DEMO_SIGN_IN", "true")
        configured.forget()
        return browser

    @pytest.mark.parametrize("role", ["admin", "approver", "editor", "viewer", "member"])
    def test_is_in_with_one_click(self, demo: Browser, role: str):
        assert f'value="{role}"' in demo.get("/auth/login/").content.decode()

        response = demo.post("/auth/login/", "/auth/demo/", role=role, next="/admin/?page=2")

        assert response["Location"] == "/admin/?page=2"
        assert f"{role.capitalize()} (demo)" in demo.get("/admin/").content.decode()

    @pytest.mark.parametrize("role", ["", "root", "Admin", "admin "])
    def test_exists_for_no_other_role(self, demo: Browser, role: str):
        assert failure_of(demo.post("/auth/login/", "/auth/demo/", role=role)) == (404, "not_found")

    def test_is_not_sent_off_the_desk(self, demo: Browser):
        response = demo.post("/auth/login/", "/auth/demo/", role="editor", next="//evil.example")

        assert response["Location"] == "/admin/"

    def test_does_not_exist_for_another_machine(self, demo: Browser):
        form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', demo.get("/auth/login/").content.decode())
        assert form

        page = demo.client.get("/auth/login/", secure=True, REMOTE_ADDR="192.0.2.1")
        response = demo.client.post(
            "/auth/demo/",
            {"csrfmiddlewaretoken": form[1], "role": "admin"},
            secure=True,
            headers={"Origin": "https://testserver"},
            REMOTE_ADDR="192.0.2.1",
        )

        assert "demo" not in page.content.decode()
        assert failure_of(response) == (404, "not_found")

    def test_does_not_exist_where_it_is_not_switched_on(self, browser: Browser):
        browser.sign_in()

        assert failure_of(browser.post("/admin/", "/auth/demo/", role="admin")) == (404, "not_found")
        assert users.find_user("demo-admin") is None


class TestAPage:
    @pytest.mark.parametrize("path", ["/auth/nothing/", "/auth/login", "/admin/nothing/", "/admin/login/"])
    def test_that_is_none_says_so_in_words(self, browser: Browser, path: str):
        browser.sign_in()

        assert failure_of(browser.get(path)) == (404, "not_found")

    @pytest.mark.parametrize("path", ["/admin/", "/admin/nothing/", "/admin/sessions/end-all/"])
    def test_of_the_desk_is_behind_its_door_whether_it_exists_or_not(self, browser: Browser, path: str):
        response = browser.get(path)

        assert (response.status_code, response["Location"]) == (302, f"/auth/login/?next={path}")

    def test_is_found_without_its_slash(self, browser: Browser):
        browser.sign_in()

        assert browser.get("/admin")["Location"] == "/admin/"

    @pytest.mark.parametrize(
        ("path", "allowed"),
        [("/auth/login/", "GET, HEAD"), ("/auth/callback/", "GET, HEAD"), ("/admin/", "GET, HEAD")],
    )
    def test_takes_no_method_that_it_has_no_use_for(self, browser: Browser, path: str, allowed: str):
        browser.sign_in()
        browser.client.handler.enforce_csrf_checks = False

        response = browser.client.put(path, secure=True)

        assert (failure_of(response), response["Allow"]) == ((405, "method"), allowed)

    def test_on_which_something_unforeseen_goes_wrong_tells_its_number_only(
        self, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ):
        browser.sign_in()

        def break_down(**_: object) -> None:
            raise RuntimeError("a secret of the inside")

        monkeypatch.setattr(me, "list_sessions", break_down)
        response = browser.get("/admin/me/", headers={"X-Request-Id": "the-number"})

        assert failure_of(response) == (500, "internal")
        assert "the-number" in response.content.decode()
        assert "secret" not in response.content.decode()

    def test_is_not_kept_and_has_no_script_or_style_of_its_own(self, browser: Browser):
        pages = [browser.get("/auth/login/"), browser.get("/auth/callback/"), browser.get("/auth/logout/")]
        browser.sign_in()
        pages += [browser.get(path) for path in ("/admin/", "/admin/me/", "/admin/calendar/", "/auth/logout/")]
        pages += [browser.post("/admin/", "/auth/logout/")]

        for page in pages:
            text = page.content.decode()
            assert page["Cache-Control"] == "no-store"
            assert "unsafe" not in page["Content-Security-Policy"]
            text = re.sub(r'<script src="/static/[^">]+"(?: type="module"| defer)?></script>', "", text)
            text = re.sub(r'<script id="[\w-]+" type="application/json">[^<]*</script>', "", text)
            assert not re.search(r"<script|<style|\sstyle=|\son\w+=|href=\"javascript", text)

    def test_loads_only_what_we_serve(self, browser: Browser):
        text = browser.get("/auth/login/").content.decode()

        addresses = re.findall(r'<(?:img|link)[^>]+(?:src|href)="([^"]+)"', text)
        assert len(addresses) == 3
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code == 200, address
            answer.close()


class TestEveryFailure:
    @pytest.mark.parametrize("code", sorted(FAILURES))
    def test_says_what_happened_and_what_to_do(self, code: str):
        failure = FAILURES[code]

        assert str(failure.detail).endswith(".")
        assert not str(failure.title).endswith(".")
        assert 400 <= failure.status < 600
