"""Access tokens: one good one, and every forgery that we could think of."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import jwt
import pytest

from publishing.config import Config, ConfigError
from publishing.domain.permissions import Role
from publishing.identity.keys import KeySet
from publishing.identity.tokens import SIZE_LIMIT, TokenError, TokenRules, issuer_of, keys_url_of, verify
from tests.pool import CLIENT_ID, ISSUER, KID, Jwks, build_claims, build_token, jwk, public_pem, serve_jwks

RULES = TokenRules(issuer=ISSUER, client_id=CLIENT_ID)


@pytest.fixture(scope="module")
def jwks() -> Iterator[Jwks]:
    with serve_jwks() as server:
        yield server


@pytest.fixture(scope="module")
def keys(jwks: Jwks) -> KeySet:
    return KeySet(jwks.url)


def encode(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed_with_the_public_key() -> str:
    signed = f"{encode({'alg': 'HS256', 'kid': KID})}.{encode(build_claims())}"
    signature = hmac.new(public_pem(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_a_changed_payload() -> str:
    header, _, signature = build_token().split(".")
    return f"{header}.{encode(build_claims(sub='somebody-else'))}.{signature}"


NOW = int(time.time())
FORGERIES = {
    "nothing": ("", "cannot be read"),
    "no token at all": ("garbage", "cannot be read"),
    "three empty parts": ("..", "cannot be read"),
    "half characters": ("\udcff.\udcff.\udcff", "cannot be read"),
    "a header that is a list": (f"{encode([])}.e30.x", "cannot be read"),  # type: ignore[arg-type]
    "alg none": (f"{encode({'alg': 'none', 'kid': KID})}.{encode(build_claims())}.", "RS256"),
    "HS256 with the public key": (signed_with_the_public_key(), "RS256"),
    "a foreign key": (build_token(signed_by="a-foreign-key"), "not a valid one"),
    "a foreign key, named": (build_token(kid="a-foreign-key", signed_by="a-foreign-key"), "does not have"),
    "a foreign key, brought along": (
        build_token(signed_by="a-foreign-key", headers={"jwk": jwk("a-foreign-key")}),
        "not a valid one",
    ),
    "a foreign key's address": (
        build_token(signed_by="a-foreign-key", headers={"jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/"}),
        "not a valid one",
    ),
    "no key id": (jwt.encode(build_claims(), "x" * 32, "HS256"), "RS256"),
    "an endless key id": (build_token(kid="k" * 500), "does not name its key"),
    "a changed payload": (with_a_changed_payload(), "not a valid one"),
    "another issuer": (build_token(iss=f"{ISSUER}x"), "not a valid one"),
    "an issuer that is a list": (build_token(iss=[ISSUER]), "not a valid one"),
    "another client": (build_token(client_id="another-client"), "another client"),
    "an ID token": (build_token(token_use="id", aud=CLIENT_ID, client_id=None), "not a valid one"),
    "an ID token with our client": (build_token(token_use="id", aud=CLIENT_ID), "not the ID token"),
    "no scope": (build_token(scope=None), "lacks the scope"),
    "another scope": (build_token(scope="openid omnipub/apix"), "lacks the scope"),
    "expired": (build_token(iat=NOW - 7200, exp=NOW - 3600), "has expired"),
    "expired beyond the leeway": (build_token(exp=NOW - 120), "has expired"),
    "not yet valid": (build_token(nbf=NOW + 86_400), "not valid yet"),
    "without an end": (build_token(exp=None), "not a valid one"),
    "an end that is no number": (build_token(exp="never"), "not a valid one"),
    "no user": (build_token(sub=None), "not a valid one"),
    "a user that is a number": (build_token(sub=7), "not a valid one"),
    "without a beginning": (build_token(iat=None), "not a valid one"),
    "without an issuer": (build_token(iss=None), "not a valid one"),
    "of no kind": (build_token(token_use=None), "not a valid one"),
    "a user that breaks keys": (build_token(sub="a#b"), "names no user"),
    "a user called system": (build_token(sub="system"), "names no user"),
    "a user called like a program": (build_token(sub="a-user/key:1"), "names no user"),
    "an empty user": (build_token(sub=""), "names no user"),
    "issued in the future": (build_token(iat=NOW + 86_400, exp=NOW + 90_000), "not valid yet"),
    "an end beyond all numbers": (build_token(exp=float("inf")), "not a valid one"),
    "a beginning beyond all numbers": (build_token(nbf=float("inf")), "not a valid one"),
    "several clients": (build_token(client_id=[CLIENT_ID]), "another client"),
    "a scope in a list": (build_token(scope=["omnipub/api"]), "lacks the scope"),
    "two kinds at once": (build_token(token_use=["access", "id"]), "not the ID token"),
    "huge": (build_token(padding="x" * SIZE_LIMIT), "too long"),
    "nested without end": (f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.e30.x", "cannot be read"),
}


class TestAnAccessToken:
    def test_proves_its_user(self, keys: KeySet):
        actor = verify(build_token(), keys=keys, rules=RULES)

        assert (actor.id, actor.name, actor.is_system, actor.scopes) == ("a-user", "ada", False, None)

    @pytest.mark.parametrize(
        ("groups", "roles"),
        [
            (["editor", "approver"], {Role.EDITOR, Role.APPROVER}),
            (["admin", "accountants", 7], {Role.ADMIN}),
            ([], set()),
            (None, set()),
            ("admin", set()),
        ],
    )
    def test_gives_the_roles_among_its_groups(self, keys: KeySet, groups: object, roles: set[Role]):
        actor = verify(build_token(groups=groups), keys=keys, rules=RULES)

        assert actor.roles == roles

    def test_is_good_a_little_after_its_end_for_clocks_differ(self, keys: KeySet):
        assert verify(build_token(exp=int(time.time()) - 20), keys=keys, rules=RULES).id == "a-user"

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_is_refused_when_it_is(self, keys: KeySet, forgery: str):
        token, reason = FORGERIES[forgery]

        with pytest.raises(TokenError, match=reason) as refusal:
            verify(token, keys=keys, rules=RULES)

        assert not token or token not in str(refusal.value)


class TestThePool:
    def test_is_derived_from_its_id(self):
        config = Config(table_name="t", cognito_user_pool_id="eu-central-1_AbC")

        assert issuer_of(config) == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbC"
        assert keys_url_of(config) == f"{issuer_of(config)}/.well-known/jwks.json"

    def test_is_what_the_configuration_says(self):
        config = Config(table_name="t", token_issuer="http://here/pool", jwks_url="http://there/keys")

        assert (issuer_of(config), keys_url_of(config)) == ("http://here/pool", "http://there/keys")

    def test_with_an_unreadable_id_is_a_mistake_of_the_operator(self):
        with pytest.raises(ConfigError, match="COGNITO_USER_POOL_ID"):
            issuer_of(Config(table_name="t", cognito_user_pool_id="pool"))

    def test_needs_a_client(self):
        with pytest.raises(ConfigError, match="COGNITO_CLIENT_ID"):
            TokenRules.from_config(Config(table_name="t", token_issuer=ISSUER))
