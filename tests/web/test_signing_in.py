"""Signing in by the code flow, and everything that can come back in place of a good answer."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core import signing

from publishing.adapters import openid
from publishing.domain.permissions import Actor, Role
from publishing.identity import provider as configured
from publishing.services.signing_in import disable_user, enable_user
from publishing.store import users
from tests.api.conftest import Table
from tests.builders import NOW
from tests.clock import Clock
from tests.provider import CLIENT, OpenIdProvider
from tests.servers import unused_port
from tests.web.conftest import Browser, failure_of

ADMIN = Actor(id="an-admin", roles=frozenset({Role.ADMIN}))


def audit_actions(table: Table) -> list[str]:
    rows = [row for row in table.rows("AUDIT#") if row["SK"]["S"] != "HEAD"]
    actions = [row["action"]["S"] for row in sorted(rows, key=lambda row: row["SK"]["S"])]
    return [action for action in actions if action != "audit.day"]


class TestAFirstSignIn:
    def test_opens_the_desk_and_creates_the_profile(self, browser: Browser, table: Table):
        response = browser.sign_in("/admin/?page=2")

        assert (response.status_code, response["Location"]) == (302, "/admin/?page=2")
        assert browser.is_in()
        user = users.get_user("ada-1")
        assert (user.name, user.email, user.roles) == ("Ada Lovelace", "ada@example.org", frozenset({Role.EDITOR}))
        assert audit_actions(table) == ["user.create"]

    def test_stores_the_token_hashed_and_nowhere_in_clear(self, browser: Browser, table: Table):
        browser.sign_in()

        secret = browser.session.rpartition(".")[2]
        assert len(secret) == 43
        (row,) = [row for row in table.rows("USER#ada-1") if row["SK"]["S"].startswith("SESSION#")]
        assert row["SK"]["S"] == f"SESSION#{hashlib.sha256(secret.encode()).hexdigest()}"
        assert secret not in str(table.snapshot())
        assert int(row["ttl"]["N"]) > 0

    def test_keeps_no_personal_data_in_the_audit_log(self, browser: Browser, table: Table):
        browser.sign_in()

        log = str(table.rows("AUDIT#"))
        assert "ada-1" in log
        assert "Lovelace" not in log
        assert "example.org" not in log

    def test_asks_the_provider_with_pkce_state_nonce_and_our_address(self, browser: Browser):
        asked, again = browser.leave(), browser.leave()

        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == "https://testserver/auth/callback/"
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid email profile")
        for name in ("state", "nonce", "code_challenge"):
            assert len(asked[name]) >= 43
            assert asked[name] != again[name]

    def test_of_somebody_without_a_group_lets_them_in_to_be_told_so(self, browser: Browser):
        browser.sign_in(groups=None)

        page = browser.get("/admin/").content.decode()
        assert "You have no role yet" in page
        assert "What you may do" not in page

    def test_keeps_no_address_that_the_provider_did_not_verify(self, browser: Browser):
        browser.sign_in(email_verified=False)

        assert users.get_user("ada-1").email == ""

    def test_takes_a_name_that_grows_when_it_is_folded(self, browser: Browser):
        browser.sign_in(name="\u0390" * 500, sub="漢" * 128)

        assert browser.is_in()

    def test_shows_a_name_as_text_whatever_is_in_it(self, browser: Browser):
        browser.sign_in(name="<script>alert(1)</script>\r\n\u202e\x00")

        page = browser.get("/admin/").content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page


class TestALaterSignIn:
    def test_takes_over_what_the_provider_says_now(self, browser: Browser, table: Table):
        browser.sign_in()

        browser.sign_in(name="Ada King", groups=["admin", "cooks"])

        user = users.get_user("ada-1")
        assert (user.name, user.roles) == ("Ada King", frozenset({Role.ADMIN}))
        assert "user.sign_in" in audit_actions(table)

    def test_rotates_the_session_and_ends_the_one_that_the_browser_had(
        self, browser: Browser, other_browser: Browser, sessions: Callable[[], int]
    ):
        browser.sign_in()
        before = other_browser.session = browser.session

        browser.sign_in()

        assert browser.session != before
        assert not other_browser.is_in()
        assert sessions() == 1

    def test_ends_a_session_that_somebody_else_planted(self, browser: Browser, other_browser: Browser):
        other_browser.sign_in(sub="mallory")
        browser.session = other_browser.session

        browser.sign_in()

        assert not other_browser.is_in()
        assert "Ada Lovelace" in browser.get("/admin/").content.decode()

    def test_of_a_disabled_user_is_refused_until_they_are_enabled(self, browser: Browser):
        browser.sign_in()
        disable_user(actor=ADMIN, user_id="ada-1", now=NOW)

        refused = browser.sign_in()

        assert failure_of(refused) == (403, "disabled")
        assert not browser.is_in()
        enable_user(actor=ADMIN, user_id="ada-1", now=NOW)
        assert not browser.is_in()
        browser.sign_in()
        assert browser.is_in()

    def test_leads_who_is_signed_in_past_the_log_in_page(self, browser: Browser):
        browser.sign_in()

        assert browser.get("/auth/login/?next=/admin/%3Fpage%3D2")["Location"] == "/admin/?page=2"


class TestGroups:
    def test_give_the_roles_that_are_configured(self, browser: Browser, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OMNIPUB_ROLES_BY_GROUP", "newsroom=editor, it=admin")
        monkeypatch.setenv("OMNIPUB_OIDC_GROUPS_CLAIM", "teams")
        configured.forget()

        browser.sign_in(teams=["newsroom", "admin"], groups=["admin"])

        assert users.get_user("ada-1").roles == {Role.EDITOR}


class TestWhatComesBack:
    """Each is told apart, is a page with a way on, and lets nobody in."""

    @pytest.fixture(autouse=True)
    def _nobody_is_let_in(self, browser: Browser, sessions: Callable[[], int]) -> Any:
        yield
        assert sessions() == 0
        assert browser.session == ""

    @pytest.mark.parametrize(
        "state", ["", "x", "\x00", "ü", "x" * 5_000], ids=["none", "wrong", "zero byte", "foreign", "endless"]
    )
    def test_with_another_state_belongs_to_no_sign_in(self, browser: Browser, provider: OpenIdProvider, state: str):
        asked = browser.leave()

        response = browser.come_back(state=state, code=provider.authorize(asked))

        assert failure_of(response) == (400, "attempt")
        assert provider.redeemed == []

    def test_with_two_states_belongs_to_no_sign_in(self, browser: Browser):
        state = browser.leave()["state"]

        assert failure_of(browser.get(f"/auth/callback/?state={state}&state={state}&code=c")) == (400, "attempt")

    def test_in_another_browser_belongs_to_no_sign_in(
        self, browser: Browser, other_browser: Browser, provider: OpenIdProvider
    ):
        asked = browser.leave()
        other_browser.leave()

        response = other_browser.come_back(state=asked["state"], code=provider.authorize(asked))

        assert failure_of(response) == (400, "attempt")
        assert provider.redeemed == []

    def test_too_late_is_refused(self, browser: Browser, provider: OpenIdProvider, clock: Clock):
        asked = browser.leave()
        clock.move(minutes=16)

        response = browser.come_back(state=asked["state"], code=provider.authorize(asked))

        assert failure_of(response) == (400, "attempt")

    @pytest.mark.parametrize("change", ["signature", "content", "salt", "form", "endless"])
    def test_with_a_forged_cookie_belongs_to_no_sign_in(self, browser: Browser, provider: OpenIdProvider, change: str):
        asked = browser.leave()
        cookie = browser.client.cookies[settings.SIGN_IN_COOKIE]
        content = {"state": asked["state"], "nonce": "n", "verifier": "v", "after": "/admin/", "began": 9e9}
        forged = {
            "signature": cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B"),
            "content": signing.b64_encode(json.dumps(content).encode()).decode() + ":" + cookie.value.split(":")[1],
            "salt": signing.Signer(salt="another").sign_object(content),
            "form": signing.Signer(salt="omnipub.sign-in").sign_object(["a list"]),
            "endless": "x" * 10_000,
        }
        browser.client.cookies[settings.SIGN_IN_COOKIE] = forged[change]

        response = browser.come_back(state=asked["state"], code=provider.authorize(asked))

        assert failure_of(response) == (400, "attempt")
        assert provider.redeemed == []

    def test_without_a_cookie_leaves_a_sign_in_of_this_browser_alone(self, browser: Browser, provider: OpenIdProvider):
        asked = browser.leave()

        browser.come_back(state="a stranger's link", code="c")

        cookie = browser.client.cookies[settings.SIGN_IN_COOKIE].value
        assert cookie
        assert browser.come_back(state=asked["state"], error="access_denied").status_code == 403

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"error": "access_denied"}, (403, "denied")),
            ({"error": "login_required"}, (403, "denied")),
            ({"error": "server_error"}, (503, "provider")),
            ({"error": "<script>alert(1)</script>"}, (503, "provider")),
            ({}, (400, "attempt")),
            ({"code": ""}, (400, "attempt")),
            ({"code": "x" * 9_000}, (400, "attempt")),
            ({"code": "never-given"}, (400, "code")),
            ({"code": "c", "iss": "https://another.example.org"}, (400, "attempt")),
        ],
    )
    def test_in_place_of_a_good_code_says_what_to_do(
        self, browser: Browser, parameters: dict[str, str], expected: tuple[int, str]
    ):
        asked = browser.leave()

        response = browser.come_back(state=asked["state"], **parameters)

        assert failure_of(response) == expected
        assert "alert(1)" not in response.content.decode()
        assert browser.client.cookies[settings.SIGN_IN_COOKIE].value == ""

    def test_with_the_code_of_another_sign_in_is_refused(
        self, browser: Browser, other_browser: Browser, provider: OpenIdProvider
    ):
        code = provider.authorize(other_browser.leave())

        response = browser.come_back(state=browser.leave()["state"], code=code)

        assert failure_of(response) == (400, "code")

    @pytest.mark.parametrize(
        ("claims", "page"),
        [
            ({"nonce": "another"}, "proof"),
            ({"nonce": None}, "proof"),
            ({"aud": "another-client"}, "proof"),
            ({"iss": "https://another.example.org"}, "proof"),
            ({"signed_by": "a-foreign-key"}, "proof"),
            ({"sub": "a#b"}, "proof"),
            ({"token_use": "access"}, "proof"),
            ({"exp": 1_000_000_000}, "clock"),
            ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "clock"),
            ({"nbf": 4_000_000_000}, "clock"),
        ],
    )
    def test_with_a_bad_id_token_is_refused(self, browser: Browser, claims: dict[str, Any], page: str):
        assert failure_of(browser.sign_in(**claims)) == (400, page)

    @pytest.mark.parametrize(
        "answer",
        [
            (500, b"{}"),
            (503, b"<html>"),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"{}"),
            (200, b'{"access_token": "a", "id_token": 7}'),
            (400, b'{"error": "invalid_client"}'),
            (400, b'{"error": ["a list"]}'),
            (302, b"{}"),
        ],
    )
    def test_while_the_provider_is_out_of_order_is_told_so(
        self, browser: Browser, provider: OpenIdProvider, answer: tuple[int, bytes]
    ):
        provider.token_answer = answer

        response = browser.sign_in()

        assert failure_of(response) == (503, "provider")
        assert response["Retry-After"] == "5"


class TestAnAnswerThatWasUsed:
    def test_opens_nothing_a_second_time(
        self, browser: Browser, other_browser: Browser, provider: OpenIdProvider, sessions: Callable[[], int]
    ):
        asked = browser.leave()
        cookie = browser.client.cookies[settings.SIGN_IN_COOKIE].value
        browser.come_back(state=asked["state"], code=provider.authorize(asked))

        # Somebody copied the cookie and even got another good code for the same request.
        other_browser.client.cookies[settings.SIGN_IN_COOKIE] = cookie
        response = other_browser.come_back(state=asked["state"], code=provider.authorize(asked))

        assert failure_of(response) == (400, "attempt")
        assert (sessions(), len(provider.redeemed)) == (1, 1)
        assert browser.is_in()


class TestAProviderThatIsAway:
    @pytest.mark.parametrize(
        "broken",
        [
            {"discovery_status": 500},
            {"discovery": {"issuer": "https://another.example.org"}},
            {"discovery": {"token_endpoint": None}},
            {"discovery": {"authorization_endpoint": "javascript:alert(1)"}},
        ],
    )
    def test_is_said_before_anybody_leaves(self, browser: Browser, provider: OpenIdProvider, broken: dict[str, Any]):
        for name, value in broken.items():
            setattr(provider, name, value)

        assert failure_of(browser.get("/auth/start/")) == (503, "provider")

    def test_is_asked_again_as_soon_as_it_is_back(self, browser: Browser, monkeypatch: pytest.MonkeyPatch):
        address = configured.sign_in_service().provider.settings.issuer
        monkeypatch.setenv("OMNIPUB_OIDC_DISCOVERY_URL", f"http://127.0.0.1:{unused_port()}/")
        configured.forget()
        assert failure_of(browser.get("/auth/start/")) == (503, "provider")

        monkeypatch.setenv("OMNIPUB_OIDC_DISCOVERY_URL", f"{address}/.well-known/openid-configuration")
        configured.forget()

        assert browser.sign_in().status_code == 302

    def test_is_not_asked_by_everybody_who_tries(self, provider: OpenIdProvider):
        moment = [0.0]
        service = configured.sign_in_service().provider
        away = openid.Provider(service.settings, service._http, clock=lambda: moment[0])
        provider.discovery_status = 500

        for seconds in (0.0, 0.5, 1.0, 2.5):
            moment[0] = seconds
            with pytest.raises(openid.ProviderAwayError):
                away.endpoints()

        assert len(provider.requests) == 2

    def test_needs_no_description_where_all_addresses_are_configured(
        self, browser: Browser, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
    ):
        provider.discovery_status = 500
        for name in ("AUTHORIZATION", "TOKEN", "JWKS"):
            monkeypatch.setenv(f"OMNIPUB_OIDC_{name}_URL", f"{provider.url}/{name.lower()}")
        configured.forget()

        browser.sign_in()

        assert browser.is_in()
        assert "/.well-known/openid-configuration" not in provider.requests


class TestAClientWithASecret:
    def test_proves_itself_when_it_redeems_a_code(
        self, browser: Browser, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("SECRETS_ARN", "arn")
        monkeypatch.setattr(
            "publishing.adapters.secrets.application_secrets", lambda _arn: {"oidc_client_secret": "a-secret"}
        )
        configured.forget()

        browser.sign_in()

        assert browser.is_in()
        assert provider.authorization == f"Basic {base64.b64encode(f'{CLIENT}:a-secret'.encode()).decode()}"
        assert "a-secret" not in repr(configured.sign_in_service().provider.settings)

    def test_without_one_sends_none(self, browser: Browser, provider: OpenIdProvider):
        browser.sign_in()

        assert provider.authorization is None
