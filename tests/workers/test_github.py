"""The bridge function: GitHub as an OpenID Connect provider, over a simulated GitHub."""

import base64
import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization

from local import github as simulated
from local.github import SimulatedGitHub
from publishing.adapters import secrets
from publishing.config import ConfigError
from tests.clock import Clock
from tests.pool import private_key
from tests.system import InvocationContext
from workers import github

ISSUER = "https://github.id.example.org"
POOL = "https://pool.example.org/oauth2/idpresponse"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def secret(**changes: str) -> dict[str, str]:
    pem = private_key("the-bridge").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "github_client_id": simulated.CLIENT_ID,
        "github_client_secret": simulated.CLIENT_SECRET,
        "github_signing_key": pem.decode(),
        "github_sealing_key": base64.urlsafe_b64encode(b"k" * 32).decode(),
        **changes,
    }


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedGitHub]:
    """A simulated GitHub, and the bridge configured for it."""
    with simulated.serve() as running:
        variables = {
            "SECRETS_ARN": "arn",
            "OMNIPUB_GITHUB_ISSUER": ISSUER,
            "OMNIPUB_GITHUB_REDIRECT_URI": POOL,
            "OMNIPUB_GITHUB_WEB_URL": running.url,
            "OMNIPUB_GITHUB_API_URL": running.url,
            "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(secrets, "application_secrets", lambda _arn: secret())
        github.bridge.cache_clear()
        yield running
        github.bridge()._http.close_idle()
        github.bridge.cache_clear()


def call(method: str, path: str, *, query: str = "", form: Mapping[str, str] | None = None, **headers: str) -> Any:
    """Ask the function as its own address does."""
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}},
        "body": base64.b64encode(urlencode(form or {}).encode()).decode(),
        "isBase64Encoded": True,
    }
    return github.handler(event, InvocationContext())


def asked(**changes: str) -> str:
    """Word the pool's request."""
    request = {
        "client_id": simulated.CLIENT_ID,
        "redirect_uri": POOL,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "the-pools-state",
        "nonce": "the-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return urlencode({name: value for name, value in {**request, **changes}.items() if value})


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Hand the redirect back."""


def at_github(address: str) -> str:
    """Let the person at GitHub answer; return where the browser is sent."""
    try:
        urllib.request.build_opener(_Stay).open(address)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["Location"])
    raise AssertionError("No redirect.")


def to_pool(**changes: str) -> dict[str, str]:
    """Go from the pool to GitHub and back; return what the pool is told."""
    leaving = call("GET", "/authorize", query=asked(**changes))
    assert leaving["statusCode"] == 302, leaving
    back = urlsplit(at_github(leaving["headers"]["location"]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{ISSUER}/callback"
    answer = call("GET", "/callback", query=back.query)
    assert answer["statusCode"] == 302, answer
    assert answer["headers"]["location"].startswith(f"{POOL}?")
    return dict(parse_qsl(urlsplit(answer["headers"]["location"]).query))


def redeem(code: str, **changes: str) -> Any:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": POOL,
        "code_verifier": VERIFIER,
        "client_id": simulated.CLIENT_ID,
        "client_secret": simulated.CLIENT_SECRET,
        **changes,
    }
    return call("POST", "/token", form=form)


def error_of(answer: Any) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["error"]


class TestTheBridge:
    def test_proves_who_signed_in_at_github(self, platform: SimulatedGitHub):
        told = to_pool()

        answer = redeem(told["code"])

        assert (told["state"], told["iss"]) == ("the-pools-state", ISSUER)
        assert answer["statusCode"] == 200, answer
        tokens = json.loads(answer["body"])
        keys = jwt.PyJWKSet.from_dict(json.loads(call("GET", "/jwks")["body"]))
        signer = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
        claims = jwt.decode(
            tokens["id_token"], signer, algorithms=["RS256"], issuer=ISSUER, audience=simulated.CLIENT_ID
        )
        assert claims["sub"] == "583231"
        assert (claims["email"], claims["email_verified"]) == ("octo@example.org", True)
        assert (claims["name"], claims["preferred_username"]) == ("The Octocat", "octocat")
        assert claims["nonce"] == "the-nonce"
        assert claims["exp"] - claims["iat"] == 300

    def test_tells_about_the_user_with_the_access_token(self, platform: SimulatedGitHub):
        tokens = json.loads(redeem(to_pool()["code"])["body"])

        answer = call("GET", "/userinfo", authorization=f"Bearer {tokens['access_token']}")

        assert json.loads(answer["body"])["sub"] == "583231"
        assert answer["headers"]["cache-control"] == "no-store"

    def test_describes_itself_so_that_a_provider_is_found_by_its_issuer(self, platform: SimulatedGitHub):
        document = json.loads(call("GET", "/.well-known/openid-configuration")["body"])

        assert document["issuer"] == ISSUER
        for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
            assert document[name].startswith(f"{ISSUER}/")

    def test_publishes_no_private_part_of_its_key(self, platform: SimulatedGitHub):
        (key,) = json.loads(call("GET", "/jwks")["body"])["keys"]

        assert set(key) == {"kty", "n", "e", "kid", "use", "alg", "key_ops"}
        assert key["key_ops"] == ["verify"]

    def test_asks_github_for_nothing_but_who_it_is(self, platform: SimulatedGitHub):
        to_pool()

        assert platform.scopes == ["read:user user:email"]

    def test_takes_the_pools_name_and_secret_from_a_header_too(self, platform: SimulatedGitHub):
        basic = base64.b64encode(f"{simulated.CLIENT_ID}:{simulated.CLIENT_SECRET}".encode()).decode()
        form = {
            "grant_type": "authorization_code",
            "code": to_pool()["code"],
            "redirect_uri": POOL,
            "code_verifier": VERIFIER,
        }

        answer = call("POST", "/token", form=form, Authorization=f"Basic {basic}")

        assert answer["statusCode"] == 200

    def test_answers_a_gateway_as_well(self, platform: SimulatedGitHub):
        event = {
            "httpMethod": "GET",
            "path": "/authorize",
            "headers": {},
            "multiValueQueryStringParameters": {name: [value] for name, value in parse_qsl(asked())},
        }

        assert github.handler(event, InvocationContext())["statusCode"] == 302

    def test_passes_on_that_the_person_said_no(self, platform: SimulatedGitHub):
        platform.denies = True

        told = to_pool()

        assert (told["error"], told["state"]) == ("access_denied", "the-pools-state")
        assert "code" not in told


class TestAnAddress:
    @pytest.mark.parametrize(
        "emails",
        [
            [{"email": "octo@example.org", "primary": True, "verified": False}],
            [{"email": "octo@example.org", "primary": False, "verified": True}],
            [{"email": "octo@example.org", "primary": "true", "verified": "true"}],
            ["octo@example.org"],
            [],
        ],
    )
    def test_that_github_did_not_verify_as_the_primary_one_is_left_out(
        self, platform: SimulatedGitHub, emails: list[Any]
    ):
        platform.emails = emails

        tokens = json.loads(redeem(to_pool()["code"])["body"])

        claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        assert "email" not in claims
        assert "email_verified" not in claims


class TestARequest:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"client_id": "another"}, "invalid_client"),
            ({"redirect_uri": "https://evil.example"}, "invalid_request"),
            ({"redirect_uri": f"{POOL}x"}, "invalid_request"),
            ({"redirect_uri": ""}, "invalid_request"),
            ({"response_type": "token"}, "invalid_request"),
            ({"scope": "email"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"state": "x" * 5_000}, "invalid_request"),
        ],
    )
    def test_that_is_not_the_pools_is_refused_and_nobody_is_sent_anywhere(
        self, platform: SimulatedGitHub, changes: dict[str, str], code: str
    ):
        answer = call("GET", "/authorize", query=asked(**changes))

        assert error_of(answer) == (400, code)
        assert "location" not in answer["headers"]

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/"), ("GET", "/token"), ("POST", "/jwks"), ("GET", "/authorize/"), ("", "")]
    )
    def test_for_nothing_that_there_is_is_answered_404(self, platform: SimulatedGitHub, method: str, path: str):
        assert call(method, path)["statusCode"] == 404

    @pytest.mark.parametrize("event", [{}, {"raw_command": "1"}, {"command": "x"}, {"Records": []}])
    def test_that_is_no_request_at_all_does_nothing(self, platform: SimulatedGitHub, event: dict[str, Any]):
        assert github.handler(event, InvocationContext())["statusCode"] == 404

    @pytest.mark.parametrize("token", ["", "Bearer", "Bearer ", "Bearer unknown", "Bearer a\r\nX: y", "Basic YTpi"])
    def test_without_a_good_token_tells_about_nobody(self, platform: SimulatedGitHub, token: str):
        assert error_of(call("GET", "/userinfo", authorization=token)) == (401, "invalid_token")


class TestAState:
    @pytest.mark.parametrize("state", ["", "x", "the-pools-state", "\udcff"])
    def test_that_we_did_not_seal_is_refused(self, platform: SimulatedGitHub, state: str):
        query = urlencode({"state": state, "code": "c"}, errors="replace")

        assert error_of(call("GET", "/callback", query=query)) == (400, "invalid_grant")

    def test_that_is_too_old_is_refused(self, platform: SimulatedGitHub, clock: Clock):
        leaving = call("GET", "/authorize", query=asked())
        back = urlsplit(at_github(leaving["headers"]["location"]))
        clock.move(minutes=16)

        assert error_of(call("GET", "/callback", query=back.query)) == (400, "invalid_grant")

    def test_is_no_code(self, platform: SimulatedGitHub):
        leaving = call("GET", "/authorize", query=asked())
        state = dict(parse_qsl(urlsplit(leaving["headers"]["location"]).query))["state"]

        assert error_of(redeem(state)) == (400, "invalid_grant")

    def test_of_another_key_is_refused(self, platform: SimulatedGitHub):
        forged = Fernet(base64.urlsafe_b64encode(b"x" * 32)).encrypt(b'{"for": "code", "code": "c"}').decode()

        assert error_of(redeem(forged)) == (400, "invalid_grant")


class TestACode:
    def test_works_once(self, platform: SimulatedGitHub):
        code = to_pool()["code"]
        assert redeem(code)["statusCode"] == 200

        assert error_of(redeem(code)) == (400, "invalid_grant")

    def test_works_for_two_minutes(self, platform: SimulatedGitHub, clock: Clock):
        code = to_pool()["code"]
        clock.move(minutes=3)

        assert error_of(redeem(code)) == (400, "invalid_grant")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"code_verifier": "w" * 43}, (400, "invalid_grant")),
            ({"code_verifier": ""}, (400, "invalid_grant")),
            ({"redirect_uri": "https://evil.example"}, (400, "invalid_grant")),
            ({"client_secret": "wrong"}, (401, "invalid_client")),
            ({"client_secret": ""}, (401, "invalid_client")),
            ({"client_id": "another"}, (401, "invalid_client")),
            ({"grant_type": "refresh_token"}, (400, "unsupported_grant_type")),
        ],
    )
    def test_is_given_to_whom_it_was_made_for_only(
        self, platform: SimulatedGitHub, changes: dict[str, str], expected: tuple[int, str]
    ):
        code = to_pool()["code"]

        assert error_of(redeem(code, **changes)) == expected
        assert platform.tokens == set()


class TestGitHub:
    @pytest.mark.parametrize("broken", [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (429, b"{}")])
    def test_out_of_order_is_a_fault_of_the_bridge_and_never_a_user(
        self, platform: SimulatedGitHub, broken: tuple[int, bytes]
    ):
        code = to_pool()["code"]
        platform.broken = broken

        assert error_of(redeem(code)) == (502, "server_error")

    @pytest.mark.parametrize("error", ["incorrect_client_credentials", "redirect_uri_mismatch", "new", ["a list"]])
    def test_that_does_not_know_our_app_is_a_fault_of_the_bridge(self, platform: SimulatedGitHub, error: object):
        code = to_pool()["code"]
        platform.broken = (200, json.dumps({"error": error}).encode())

        assert error_of(redeem(code)) == (502, "server_error")

    def test_that_wants_an_address_verified_first_lets_nobody_in(self, platform: SimulatedGitHub):
        code = to_pool()["code"]
        platform.broken = (200, b'{"error": "unverified_user_email"}')

        assert error_of(redeem(code)) == (400, "invalid_grant")

    @pytest.mark.parametrize("user", [{}, {"id": "583231"}, {"id": True}, {"id": None, "login": "octocat"}])
    def test_that_names_no_number_names_nobody(self, platform: SimulatedGitHub, user: dict[str, Any]):
        platform.user = user

        assert error_of(redeem(to_pool()["code"])) == (502, "server_error")


class TestItsConfiguration:
    def test_names_everything_that_is_missing(self, monkeypatch: pytest.MonkeyPatch):
        for name in ("SECRETS_ARN", "OMNIPUB_GITHUB_ISSUER", "OMNIPUB_GITHUB_REDIRECT_URI"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("OMNIPUB_GITHUB_WEB_URL", "http://127.0.0.1:1")
        monkeypatch.delenv("OMNIPUB_ALLOW_PRIVATE_NETWORKS", raising=False)
        github.bridge.cache_clear()

        with pytest.raises(ConfigError) as refused:
            github.bridge()

        for name in ("SECRETS_ARN", "OMNIPUB_GITHUB_ISSUER", "OMNIPUB_GITHUB_REDIRECT_URI", "for local mode"):
            assert name in str(refused.value)

    def test_keeps_its_secrets_to_itself(self, platform: SimulatedGitHub):
        shown = repr(github.bridge()._settings)

        assert simulated.CLIENT_SECRET not in shown
        assert "PRIVATE KEY" not in shown
