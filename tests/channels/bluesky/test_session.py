"""Sessions: how long they are kept, for whom, and how many."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishing.channels.bluesky.session import MARGIN, NoSessionError, Session, Sessions, read_credential
from publishing.domain.account import Destination
from publishing.domain.outcome import Deferred, Reason
from tests.channels.bluesky.pds import jwt, pds, session_answer
from tests.channels.simulated import build_account
from tests.servers import http_answer, serving

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def destination(url: str) -> Destination:
    return Destination(account=build_account("bluesky", url), credential="a.test:secret")


def opened(server) -> int:
    return sum(b"createSession" in request for request in server.requests)


class TestSessions:
    def test_are_kept_up_to_a_number_the_longest_unused_goes_first(self, client):
        with serving(pds({})) as server:
            sessions = Sessions(kept=2)
            first, second, third = (destination(server.url) for _ in range(3))
            for each in (first, second, first, third, first):
                sessions.get(each, server.url, client.courier(), now=NOW)
            before = opened(server)
            sessions.get(second, server.url, client.courier(), now=NOW)

        assert (len(sessions), before, opened(server)) == (2, 3, 4)

    def test_serve_many_threads(self, client):
        with serving(pds({})) as server:
            sessions = Sessions(kept=4)
            accounts = [destination(server.url) for _ in range(8)]

            def use(number: int) -> Session:
                return sessions.get(accounts[number % 8], server.url, client.courier(), now=NOW)

            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(use, range(64)))

        assert all(session.access for session in found)
        assert len(sessions) == 4

    def test_forget_only_the_token_that_was_refused(self, client):
        with serving(pds({})) as server:
            sessions, target = Sessions(), destination(server.url)
            kept = sessions.get(target, server.url, client.courier(), now=NOW)
            sessions.expire(target, server.url, replace(kept, access="an older one"), now=NOW)
            sessions.get(target, server.url, client.courier(), now=NOW)
            before = len(server.requests)
            sessions.expire(target, server.url, kept, now=NOW)
            sessions.get(target, server.url, client.courier(), now=NOW)

        assert (before, len(server.requests)) == (1, 2)

    def test_of_another_account_are_not_taken_over_when_renewing(self, client):
        other = session_answer().replace(b"did:plc:abc", b"did:plc:xyz")
        with serving(pds({"refreshSession": other})) as server:
            sessions, target = Sessions(), destination(server.url)
            kept = sessions.get(target, server.url, client.courier(), now=NOW)
            again = sessions.get(target, server.url, client.courier(), now=kept.ends_at)

        assert again.did == kept.did
        assert opened(server) == 2

    def test_are_not_lost_when_the_server_cannot_renew_just_now(self, client):
        with serving(pds({"refreshSession": http_answer(b"", status="503 Busy")})) as server:
            sessions, target = Sessions(), destination(server.url)
            kept = sessions.get(target, server.url, client.courier(), now=NOW)
            with pytest.raises(NoSessionError) as raised:
                sessions.get(target, server.url, client.courier(), now=kept.ends_at)

        assert isinstance(raised.value.outcome, Deferred)
        assert raised.value.outcome.reason is Reason.UNAVAILABLE
        assert (len(sessions), opened(server)) == (1, 1)

    def test_tell_nothing_secret_of_themselves(self, client):
        with serving(pds({})) as server:
            sessions, target = Sessions(), destination(server.url)
            kept = sessions.get(target, server.url, client.courier(), now=NOW)

        said = f"{kept!r} {sessions!r} {vars(sessions)!r}"
        assert kept.access not in said
        assert "secret" not in said


class TestALife:
    @pytest.mark.parametrize(
        ("token", "minutes"),
        [
            (jwt({"iat": 1_000, "exp": 4_600}), 60),
            (jwt({"iat": 4_600, "exp": 1_000}), 0),
            (jwt({"iat": 0, "exp": 9e9}), 24 * 60),
            (jwt({"iat": 0, "exp": 9e15}), 30),
            (jwt({"exp": 4_600}), 30),
            (jwt({"iat": "x", "exp": None}), 30),
            ("no.json.here", 30),
            ("opaque", 30),
            ("a.e30.c", 30),
        ],
    )
    def test_is_read_from_the_token_and_never_trusted_for_long(self, client, token, minutes):
        with serving(pds({"createSession": session_answer(access=token)})) as server:
            session = Sessions().get(destination(server.url), server.url, client.courier(), now=NOW)

        assert session.ends_at == NOW + timedelta(minutes=minutes) - MARGIN


class TestACredential:
    @pytest.mark.parametrize(
        ("credential", "parts"),
        [
            ("name.bsky.social:abcd-efgh-ijkl-mnop", ("name.bsky.social", "abcd-efgh-ijkl-mnop")),
            (" @name.bsky.social:abcd ", ("name.bsky.social", "abcd")),
            ("did:plc:abc:abcd", ("did:plc:abc", "abcd")),
            ("me@example.org:abcd", ("me@example.org", "abcd")),
            ("abcd", None),
            (":abcd", None),
            ("@:abcd", None),
            ("name:", None),
            ("na\nme:abcd", None),
        ],
    )
    def test_is_divided_at_its_last_colon(self, credential, parts):
        assert read_credential(credential) == parts
