"""The user pool's keys: when they are fetched, and when not."""

from collections.abc import Iterator

import pytest

from publishing.identity.keys import MAX_AGE, REFETCH_AFTER, RETRY_AFTER, KeySet, KeysUnavailableError, read_keys
from tests.pool import KID, Jwks, jwk, serve_jwks


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jwks() -> Iterator[Jwks]:
    with serve_jwks() as server:
        yield server


class TestTheKeySet:
    def test_asks_once_for_many_tokens(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)

        found = [keys.find(KID) for _ in range(20)]

        assert all(found)
        assert jwks.requests == 1

    def test_asks_at_most_once_in_five_minutes_for_unknown_keys(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)
        keys.find(KID)

        for number in range(200):
            clock.now += 2 * REFETCH_AFTER / 200
            assert keys.find(f"unknown-{number}") is None

        assert jwks.requests <= 3

    def test_finds_a_new_key_after_that(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)
        keys.find(KID)
        jwks.keys.append(jwk("the-next-key"))

        early = keys.find("the-next-key")
        clock.now += REFETCH_AFTER
        late = keys.find("the-next-key")

        assert early is None
        assert late is not None

    def test_forgets_a_withdrawn_key(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)
        keys.find(KID)
        jwks.keys[:] = [jwk("the-next-key")]

        clock.now += MAX_AGE

        assert keys.find(KID) is None

    def test_keeps_what_it_has_while_the_pool_is_away(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)
        keys.find(KID)
        jwks.status = 503

        clock.now += MAX_AGE

        assert keys.find(KID) is not None

    def test_says_so_when_it_never_got_one_and_asks_again_soon(self, jwks: Jwks, clock: Clock):
        keys = KeySet(jwks.url, clock=clock)
        jwks.status = 503
        for _ in range(10):
            with pytest.raises(KeysUnavailableError):
                keys.find(KID)
        asked = jwks.requests

        jwks.status = 200
        clock.now += RETRY_AFTER

        assert keys.find(KID) is not None
        assert asked == 1

    def test_follows_no_redirect(self, jwks: Jwks, clock: Clock):
        jwks.status = 302

        with pytest.raises(KeysUnavailableError):
            KeySet(jwks.url, clock=clock).find(KID)

    def test_takes_no_address_that_is_a_file(self, clock: Clock):
        with pytest.raises(KeysUnavailableError):
            KeySet("file:///etc/hostname", clock=clock).find(KID)


class TestADocumentOfKeys:
    def test_gives_only_rsa_signing_keys(self):
        encryption = {**jwk(), "kid": "e", "use": "enc"}
        other = {**jwk(), "kid": "o", "alg": "RS512"}
        symmetric = {"kty": "oct", "kid": "s", "k": "AAAA"}
        unreadable = {"kty": "RSA", "kid": "u", "n": "?", "e": "?"}

        assert set(read_keys(_document(encryption, other, symmetric, unreadable, jwk()))) == {KID}

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"keys": 7}', b'{"keys": []}', b"\xff", b"[" * 9])
    def test_is_refused_when_it_holds_none(self, data: bytes):
        with pytest.raises(ValueError, match=r"."):
            read_keys(data)


def _document(*keys: object) -> bytes:
    import json

    return json.dumps({"keys": keys}).encode()
