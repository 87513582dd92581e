"""Signing in at the user pool and using the API with its access token: the real flow, the real keys."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.test import Client

from local.aws.token import sign_in
from publishing.api.context import context
from publishing.identity.authentication import forget_keys
from tests.emulator import ROOT, Emulator


@pytest.fixture
def pool_client(table: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a web process that trusts the emulator's pool."""
    monkeypatch.delenv("OMNIPUB_TOKEN_ISSUER", raising=False)
    forget_keys()
    context.cache_clear()
    yield Client()
    forget_keys()
    context.cache_clear()


class TestATokenOfThePool:
    def test_opens_the_api_to_its_user(self, emulator: Emulator, pool_client: Client):
        tokens = sign_in(emulator.provisioned.pool, user="editor@example.org")

        me = pool_client.get("/api/v1/me/", headers={"Authorization": f"Bearer {tokens.access}"})

        assert me.status_code == 200, me.content
        assert me.json()["roles"] == ["editor"]
        assert "create_message" in me.json()["may"]

    def test_for_logging_in_elsewhere_does_not(self, emulator: Emulator, pool_client: Client):
        tokens = sign_in(emulator.provisioned.pool, user="editor@example.org")

        me = pool_client.get("/api/v1/me/", headers={"Authorization": f"Bearer {tokens.id}"})

        assert me.status_code == 401

    def test_without_the_apis_scope_does_not(self, emulator: Emulator, pool_client: Client):
        tokens = sign_in(emulator.provisioned.pool, user="editor@example.org", scope="openid")

        me = pool_client.get("/api/v1/me/", headers={"Authorization": f"Bearer {tokens.access}"})

        assert me.status_code == 401


class TestTheWebProcess:
    def test_starts_with_the_signing_key_of_the_applications_secret(self, emulator: Emulator):
        outcome = subprocess.run(
            [
                sys.executable,
                "-c",
                "import omnipub.wsgi; from django.conf import settings; print(len(settings.SECRET_KEY))",
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **emulator.environment},
            capture_output=True,
            text=True,
            check=False,
        )

        assert outcome.returncode == 0, outcome.stderr
        assert int(outcome.stdout) >= 50
