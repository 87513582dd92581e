"""ID tokens: one good one, and every forgery that we could think of."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from publishing.domain.permissions import Role
from publishing.identity.id_tokens import (
    SIZE_LIMIT,
    ClockSkewError,
    IdTokenError,
    IdTokenRules,
    verify_id_token,
)
from publishing.identity.keys import KeySet, KeysUnavailableError
from tests.pool import jwk, private_key
from tests.provider import CLIENT, KID, OpenIdProvider, serve_provider
from tests.servers import unused_port

NONCE = "the-nonce-of-this-sign-in"
ACCESS = "opaque"
#: When the module was read; what depends on it must hold however long the tests before take.
NOW = int(time.time())


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with serve_provider() as running:
        yield running


@pytest.fixture(scope="module")
def keys(provider: OpenIdProvider) -> KeySet:
    return KeySet(f"{provider.url}/jwks")


@pytest.fixture(scope="module")
def rules(provider: OpenIdProvider) -> IdTokenRules:
    return IdTokenRules(issuer=provider.url, client_id=CLIENT)


def encode(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def half_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def with_header(token: str, **header: object) -> str:
    """Sign a good token's claims with a foreign key, under a header of the forger's choice."""
    payload = base64.urlsafe_b64decode(token.split(".")[1] + "==")
    return jwt.api_jws.encode(payload, private_key("a-foreign-key"), "RS256", {"kid": KID, **header})


def signed_with_the_public_key(token: str) -> str:
    pem = private_key(KID).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    signed = f"{encode({'alg': 'HS256', 'kid': KID})}.{token.split('.')[1]}"
    signature = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


class TestAGoodToken:
    def test_proves_who_signed_in(self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules):
        token = provider.id_token(nonce=NONCE, groups=["editor", "approver", "cooks"])

        identity = verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

        assert (identity.id, identity.name, identity.email) == ("ada-1", "Ada Lovelace", "ada@example.org")
        assert identity.roles == {Role.EDITOR, Role.APPROVER}
        assert "Lovelace" not in repr(identity)

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": [CLIENT]},
            {"aud": [CLIENT, "another"], "azp": CLIENT},
            {"azp": CLIENT},
            {"token_use": "id"},
            {"at_hash": half_hash(ACCESS)},
            {"nbf": NOW + 30},
            {"iat": NOW + 30},
        ],
    )
    def test_may_say_more(self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, claims: dict[str, Any]):
        token = provider.id_token(nonce=NONCE, **claims)

        assert verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules).id == "ada-1"

    def test_may_have_ended_a_moment_ago_by_another_clock(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules
    ):
        token = provider.id_token(nonce=NONCE, exp=int(time.time()) - 30)

        assert verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules).id == "ada-1"

    @pytest.mark.parametrize(
        ("claims", "name", "email"),
        [
            ({"name": None}, "ada@example.org", "ada@example.org"),
            ({"name": None, "preferred_username": "ada"}, "ada", "ada@example.org"),
            ({"name": ["a list"], "email": 7}, "", ""),
            ({"name": "A\r\n\u2028B\x07  C"}, "A B C", "ada@example.org"),
            ({"name": "x" * 5_000}, "x" * 200, "ada@example.org"),
            ({"email_verified": "true"}, "Ada Lovelace", "ada@example.org"),
            ({"email_verified": None}, "Ada Lovelace", ""),
            ({"email_verified": "false"}, "Ada Lovelace", ""),
            ({"email_verified": 1.5}, "Ada Lovelace", ""),
        ],
    )
    def test_gives_a_name_and_address_as_far_as_they_can_be_used(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, claims: dict[str, Any], name: str, email: str
    ):
        token = provider.id_token(nonce=NONCE, **claims)

        identity = verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

        assert (identity.name, identity.email) == (name, email)


class TestAForgedToken:
    @pytest.mark.parametrize(
        ("claims", "reason"),
        [
            ({"signed_by": "a-foreign-key"}, "not a valid one"),
            ({"signed_by": "a-foreign-key", "kid": "a-foreign-key"}, "does not have"),
            ({"kid": "k" * 500}, "does not name its key"),
            ({"kid": ""}, "does not name its key"),
            ({"iss": "https://another.example.org"}, "InvalidIssuer"),
            ({"iss": None}, "MissingRequired"),
            ({"aud": "another"}, "InvalidAudience"),
            ({"aud": []}, "MissingRequired"),
            ({"aud": None}, "MissingRequired"),
            ({"aud": [CLIENT, "another"]}, "several clients"),
            ({"aud": [CLIENT, "another"], "azp": "another"}, "another client"),
            ({"azp": "another"}, "another client"),
            ({"nonce": "another"}, "another sign-in"),
            ({"nonce": ""}, "another sign-in"),
            ({"nonce": [NONCE]}, "another sign-in"),
            ({"token_use": "access"}, "not an ID token"),
            ({"at_hash": half_hash("another")}, "another access token"),
            ({"at_hash": 7}, "another access token"),
            ({"exp": None}, "MissingRequired"),
            ({"iat": None}, "MissingRequired"),
            ({"exp": "soon"}, "not a valid one"),
            ({"sub": ""}, "names no user"),
            ({"sub": "a#b"}, "names no user"),
            ({"sub": "x" * 200}, "names no user"),
            ({"sub": "a\nb"}, "names no user"),
            ({"sub": None}, "MissingRequired"),
            ({"sub": 7}, "not a valid one"),
        ],
    )
    def test_proves_nothing(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, claims: dict[str, Any], reason: str
    ):
        token = provider.id_token(**{"nonce": NONCE, **claims})

        with pytest.raises(IdTokenError, match=reason):
            verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

    @pytest.mark.parametrize(
        "header",
        [
            {"jwk": jwk("a-foreign-key")},
            {"jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/"},
            {"crit": ["exp"], "b64": False},
        ],
    )
    def test_that_brings_its_own_key_proves_nothing(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, header: dict[str, Any]
    ):
        token = with_header(provider.id_token(nonce=NONCE), **header)

        with pytest.raises(IdTokenError):
            verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

    @pytest.mark.parametrize("forgery", ["none", "HS256", "payload", "garbage", "empty", "huge", "half"])
    def test_by_other_means_proves_nothing(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, forgery: str
    ):
        good = provider.id_token(nonce=NONCE)
        header, payload, signature = good.split(".")
        forged = {
            "none": f"{encode({'alg': 'none', 'kid': KID})}.{payload}.",
            "HS256": signed_with_the_public_key(good),
            "payload": f"{header}.{encode({'sub': 'admin', 'nonce': NONCE})}.{signature}",
            "garbage": "garbage",
            "empty": "",
            "huge": good + "x" * SIZE_LIMIT,
            "half": "\udcff.\udcff.\udcff",
        }

        with pytest.raises(IdTokenError):
            verify_id_token(forged[forgery], nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

    @pytest.mark.parametrize(
        "claims", [{"exp": NOW - 120}, {"nbf": NOW + 86_400}, {"iat": NOW + 86_400, "exp": NOW + 90_000}]
    )
    def test_is_told_apart_from_one_of_another_time(
        self, provider: OpenIdProvider, keys: KeySet, rules: IdTokenRules, claims: dict[str, Any]
    ):
        token = provider.id_token(nonce=NONCE, **claims)

        with pytest.raises(ClockSkewError):
            verify_id_token(token, nonce=NONCE, access_token=ACCESS, keys=keys, rules=rules)

    def test_of_which_nothing_can_be_told_is_no_forgery(self, provider: OpenIdProvider, rules: IdTokenRules):
        away = KeySet(f"http://127.0.0.1:{unused_port()}/jwks")

        with pytest.raises(KeysUnavailableError):
            verify_id_token(provider.id_token(nonce=NONCE), nonce=NONCE, access_token=ACCESS, keys=away, rules=rules)
