"""Signing in as a demo user: the token is one that the API accepts."""

import json
import subprocess
import sys
import urllib.request

import jwt
import pytest

from local.aws.demo import ROLES, email
from local.aws.token import SignInError, sign_in
from tests.emulator import ROOT


class TestAccessToken:
    @pytest.mark.parametrize("role", ROLES)
    def test_names_use_client_scope_and_group_and_verifies(self, emulator, role):
        pool = emulator.provisioned.pool

        tokens = sign_in(pool, user=email(role))

        claims = verified(pool, tokens.access)
        assert claims["token_use"] == "access"
        assert claims["client_id"] == pool.client_id
        assert set(claims["scope"].split()) == {"openid", "omnipub/api"}
        assert claims["cognito:groups"] == [role]
        assert verified(pool, tokens.id, audience=pool.client_id)["email"] == email(role)

    def test_holds_only_the_scopes_that_were_asked_for(self, emulator):
        tokens = sign_in(emulator.provisioned.pool, user=email("editor"), scope="openid email")

        assert "omnipub/api" not in verified(emulator.provisioned.pool, tokens.access)["scope"].split()

    def test_is_not_shown_by_accident(self, emulator):
        tokens = sign_in(emulator.provisioned.pool, user=email("viewer"))

        assert tokens.access not in repr(tokens)


class TestSignIn:
    @pytest.mark.parametrize(
        ("user", "password"), [("editor@example.org", "wrong"), ("nobody@example.org", "Demo-Passw0rd!")]
    )
    def test_is_refused_without_the_right_name_and_password(self, emulator, user, password):
        with pytest.raises(SignInError, match=f"did not accept {user}"):
            sign_in(emulator.provisioned.pool, user=user, password=password)

    def test_is_refused_for_a_scope_that_does_not_exist(self, emulator):
        with pytest.raises(SignInError):
            sign_in(emulator.provisioned.pool, user=email("editor"), scope="openid omnipub/everything")


class TestCommand:
    def test_prints_the_bare_token(self, emulator):
        answer = run("--endpoint", emulator.provisioned.endpoint, "--user", "approver")

        claims = verified(emulator.provisioned.pool, answer.stdout.removesuffix("\n"))
        assert claims["cognito:groups"] == ["approver"]

    def test_says_in_one_sentence_that_nothing_runs(self):
        answer = run("--endpoint", "http://127.0.0.1:1", "--user", "editor")

        assert answer.returncode == 1
        assert answer.stderr == "The AWS emulator does not answer on http://127.0.0.1:1; start it with: make run\n"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.aws.token", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def verified(pool, token: str, **claims):
    """Return a token's claims, having verified it with the pool's keys as the API does."""
    with urllib.request.urlopen(pool.jwks_url) as answer:
        keys = jwt.PyJWKSet.from_dict(json.load(answer))
    signer = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, signer, algorithms=["RS256"], issuer=pool.issuer, **claims)
