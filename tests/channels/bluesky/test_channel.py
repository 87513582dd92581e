"""The Bluesky channel."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Payload, Trace
from publishing.channels.bluesky import BlueskyChannel
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import (
    Absent,
    Deferred,
    Found,
    LookupFailed,
    Publication,
    Published,
    Reason,
    Rejected,
    Undecidable,
    Unknown,
)
from tests.channels.bluesky.pds import DID, named_answer, pds, record_of, session_answer
from tests.channels.contract import ChannelContract
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.servers import Script, http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CREDENTIAL = "{name}.test:bluesky-{name}-secret"


class TestBluesky(ChannelContract):
    kind = "bluesky"
    secret = CREDENTIAL

    def key_sent(self, payload: Payload) -> str:
        return str(payload.body["rkey"])

    def is_visible(self, raw_request: bytes) -> bool:
        return b"com.atproto.repo.putRecord" in raw_request

    def answering(self, answer: bytes) -> Script:
        return pds({"putRecord": answer})


@pytest.fixture
def channel():
    return BlueskyChannel()


def answered(channel, client, *answers: bytes, submission=None, **settings):
    """Publish once for each of these answers of a server, and return the last outcome and all requests."""
    left = list(answers)
    submission = submission or build_submission()
    with serving(pds({"putRecord": lambda: left.pop(0)})) as server:
        destination = Destination(account=build_account("bluesky", server.url, **settings), credential="a.test:secret")
        payload = channel.build(submission, destination.account)
        outcomes = [border.publish(channel, payload, destination, client.courier(), now=NOW) for _ in answers]
    return outcomes[-1], [request.split(b" ")[1].decode().rpartition(".")[2] for request in server.requests]


def put_answer(submission, did: str = DID) -> bytes:
    rkey = BlueskyChannel().build(submission, build_account("bluesky", None)).body["rkey"]
    return http_answer(json.dumps({"uri": f"at://{did}/app.bsky.feed.post/{rkey}", "cid": "bafyreia"}).encode())


class TestAnswersOfBluesky:
    def test_name_the_publication(self, channel, client):
        submission = build_submission()
        rkey = channel.build(submission, build_account("bluesky", None)).body["rkey"]

        outcome, _ = answered(channel, client, put_answer(submission), submission=submission)

        publication = Publication(
            id=f"at://{DID}/app.bsky.feed.post/{rkey}", url=f"https://bsky.app/profile/{DID}/post/{rkey}"
        )
        assert outcome == Published(publication=publication)

    def test_lead_to_another_web_site_where_the_account_names_one(self, channel, client):
        submission = build_submission()

        outcome, _ = answered(
            channel, client, put_answer(submission), submission=submission, web_url="https://social.example/"
        )

        assert isinstance(outcome, Published)
        assert str(outcome.publication.url).startswith(f"https://social.example/profile/{DID}/post/")

    def test_never_lead_to_something_that_is_no_web_site(self, channel, client):
        submission = build_submission()

        outcome, _ = answered(
            channel, client, put_answer(submission), submission=submission, web_url="javascript:alert(1)//"
        )

        assert isinstance(outcome, Published)
        assert outcome.publication.url is None

    @pytest.mark.parametrize("body", [b"{}", b'{"uri": "", "cid": ""}', b'{"uri": 7, "cid": 7}', b"[]", b"null"])
    def test_that_name_no_record_are_doubt(self, channel, client, body):
        outcome, _ = answered(channel, client, http_answer(body))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)

    def test_that_name_a_record_elsewhere_are_doubt(self, channel, client):
        submission = build_submission()

        outcome, _ = answered(channel, client, put_answer(submission, did="did:plc:other"), submission=submission)

        assert isinstance(outcome, Unknown)

    def test_say_when_the_rate_limit_ends(self, channel, client):
        now = datetime.fromtimestamp(int(sample("rate_limited").answer.headers["ratelimit-reset"]) - 60, UTC)
        submission = build_submission()

        with serving(pds({"putRecord": sample("rate_limited").raw()})) as server:
            destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
            payload = channel.build(submission, destination.account)
            outcome = border.publish(channel, payload, destination, client.courier(), now=now)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.not_before) == (Reason.RATE, now + timedelta(seconds=60))

    @pytest.mark.parametrize("reset", ["soon", "-5", "9" * 30, "", "\u00b2"])
    def test_with_a_senseless_reset_ask_to_wait_without_a_time(self, channel, client, reset):
        raw = named_answer(429, "RateLimitExceeded", headers=f"RateLimit-Reset: {reset}\r\n")

        outcome, _ = answered(channel, client, raw)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.not_before) == (Reason.RATE, None)

    @pytest.mark.parametrize("name", ["too_many_graphemes", "too_many_bytes", "invalid_key"])
    def test_refuse_content(self, channel, client, name):
        outcome, _ = answered(channel, client, sample(name).raw())

        assert outcome == Rejected(reason=Reason.CONTENT, detail="Bluesky does not accept this content.")

    def test_that_name_a_conflict_are_looked_up_and_not_repeated(self, channel, client):
        outcome, _ = answered(channel, client, sample("occupied").raw())

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.DUPLICATE)

    @pytest.mark.parametrize("status", [400, 401, 403])
    @pytest.mark.parametrize("name", ["AccountTakedown", "AccountDeactivated", "AccountSuspended", "AccountNotFound"])
    def test_that_restrict_the_account_are_final(self, channel, client, status, name):
        outcome, _ = answered(channel, client, named_answer(status, name))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.PERMISSION)

    @pytest.mark.parametrize(
        ("status", "name"), [(500, "InternalServerError"), (502, "UpstreamFailure"), (504, "UpstreamTimeout"),
                             (500, "AccountTakedown"), (500, "InvalidSwap"), (500, "ExpiredToken")]
    )  # fmt: skip
    def test_with_an_error_of_the_server_are_doubt(self, channel, client, status, name):
        outcome, _ = answered(channel, client, named_answer(status, name))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.SERVER_ERROR)


class TestARequestToBluesky:
    def test_names_repository_key_and_record_and_may_overwrite_nothing(self, channel, client):
        submission = build_submission("Hi", link="https://example.org/a")

        with serving(pds({"putRecord": put_answer(submission)})) as server:
            destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
            payload = channel.build(submission, destination.account)
            channel.publish(payload, destination, client.courier(), now=NOW)

        head, _, body = server.requests[-1].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /xrpc/com.atproto.repo.putRecord HTTP/1.1\r\n")
        assert b"authorization: Bearer e30=." in head
        assert json.loads(body) == {"repo": DID, **payload.body}
        assert json.loads(body)["swapRecord"] is None

    def test_opens_a_session_with_identifier_and_app_password(self, channel, client):
        with serving(pds({"putRecord": b""})) as server:
            destination = Destination(account=build_account("bluesky", server.url), credential="@did:plc:a:abcd-efgh")
            payload = channel.build(build_submission(), destination.account)
            border.publish(channel, payload, destination, client.courier(), now=NOW)

        assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2]) == {
            "identifier": "did:plc:a",
            "password": "abcd-efgh",
        }


class TestASession:
    def test_serves_until_shortly_before_its_end(self, channel, client):
        assert calls(channel, client, [NOW, NOW + timedelta(minutes=114)]) == [
            "createSession",
            "putRecord",
            "putRecord",
        ]

    def test_is_renewed_before_the_visible_call(self, channel, client):
        assert calls(channel, client, [NOW, NOW + timedelta(minutes=116)]) == [
            "createSession",
            "putRecord",
            "refreshSession",
            "putRecord",
        ]

    def test_is_opened_anew_when_it_can_no_longer_be_renewed(self, channel, client):
        refused = {"refreshSession": named_answer(400, "ExpiredToken")}

        assert calls(channel, client, [NOW, NOW + timedelta(days=91)], **refused)[2:] == [
            "refreshSession",
            "createSession",
            "putRecord",
        ]

    def test_that_tells_no_life_is_trusted_for_half_an_hour(self, channel, client):
        opaque = {"createSession": session_answer(access="opaque")}

        assert "refreshSession" not in calls(channel, client, [NOW, NOW + timedelta(minutes=24)], **opaque)
        other = BlueskyChannel()
        assert "refreshSession" in calls(other, client, [NOW, NOW + timedelta(minutes=26)], **opaque)

    def test_that_ended_early_is_renewed_by_the_next_attempt(self, channel, client):
        submission = build_submission()
        expired, done = sample("expired_token").raw(), put_answer(submission)

        outcome, requests = answered(channel, client, done, expired, done, submission=submission)

        assert isinstance(outcome, Published)
        assert requests == ["createSession", "putRecord", "putRecord", "refreshSession", "putRecord"]

    def test_that_ended_early_defers_without_blaming_the_credential(self, channel, client):
        submission = build_submission()

        outcome, _ = answered(
            channel, client, put_answer(submission), sample("expired_token").raw(), submission=submission
        )

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)

    def test_that_is_refused_while_new_blames_the_credential(self, channel, client):
        outcome, requests = answered(channel, client, sample("expired_token").raw())

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.CREDENTIAL)
        assert requests == ["createSession", "putRecord"]

    @pytest.mark.parametrize(
        ("status", "name", "expected"),
        [
            (401, "AuthenticationRequired", (Deferred, Reason.CREDENTIAL)),
            (401, "AuthFactorTokenRequired", (Deferred, Reason.CREDENTIAL)),
            (401, "AccountTakedown", (Rejected, Reason.PERMISSION)),
            (400, "InvalidRequest", (Deferred, Reason.CREDENTIAL)),
            (403, "Forbidden", (Rejected, Reason.PERMISSION)),
            (404, "NotFound", (Rejected, Reason.DESTINATION)),
            (302, "", (Rejected, Reason.DESTINATION)),
            (429, "RateLimitExceeded", (Deferred, Reason.RATE)),
            (500, "InternalServerError", (Deferred, Reason.UNAVAILABLE)),
            (503, "", (Deferred, Reason.UNAVAILABLE)),
        ],
    )
    def test_that_cannot_be_opened_means_that_nothing_was_sent(self, channel, client, status, name, expected):
        outcome, requests = published_with(channel, client, createSession=named_answer(status, name))

        assert (type(outcome), outcome.reason) == expected
        assert requests == ["createSession"]

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"\x00\x01\r\n\r\n",
            http_answer(b"<html>"),
            http_answer(b"{}"),
            http_answer(b"[]"),
            http_answer(json.dumps({"did": "no did", "accessJwt": "a", "refreshJwt": "b"}).encode()),
            http_answer(json.dumps({"did": DID + "/../x", "accessJwt": "a", "refreshJwt": "b"}).encode()),
            http_answer(json.dumps({"did": DID, "accessJwt": "two\nlines", "refreshJwt": "b"}).encode()),
        ],
    )
    def test_that_cannot_be_understood_is_no_doubt(self, channel, client, answer):
        outcome, requests = published_with(channel, client, createSession=answer)

        assert (type(outcome), outcome.reason) == (Deferred, Reason.UNAVAILABLE)
        assert requests == ["createSession"]

    def test_belongs_to_one_server_and_one_credential(self, channel, client):
        submission = build_submission()
        account = build_account("bluesky", None)
        seen = []
        for _ in range(2):
            with serving(pds({"putRecord": put_answer(submission)})) as server:
                for credential in ("a.test:one", "a.test:two", "a.test:one"):
                    destination = Destination(account=replace(account, base_url=server.url), credential=credential)
                    payload = channel.build(submission, destination.account)
                    channel.publish(payload, destination, client.courier(), now=NOW)
            seen.append(sum(b"createSession" in request for request in server.requests))

        assert seen == [2, 2]

    def test_is_not_opened_again_and_again_for_one_account(self, channel, client, platforms_url):
        account = new_account(platforms_url, "bluesky", CREDENTIAL)
        destination = account.destination()

        for _ in range(3):
            payload = channel.build(build_submission(), destination.account)
            channel.publish(payload, destination, client.courier(), now=utc_now())

        assert (account.count("create"), account.count("read")) == (3, 1)

    def test_lets_no_token_or_password_out(self, channel, client, platforms_url, caplog):
        caplog.set_level(logging.DEBUG)
        account = new_account(platforms_url, "bluesky", CREDENTIAL)
        destination = account.destination()
        payload = channel.build(build_submission(), destination.account)
        said = []

        for fault in (None, "expired_credential", "server_error_after", "accept_and_hang_up"):
            if fault:
                account.misbehaves(fault)
            said.append(repr(border.publish(channel, payload, destination, client.courier(), now=utc_now())))

        session = channel._sessions.get(destination, str(destination.account.base_url), client.courier(), now=utc_now())
        everything = "\n".join([*said, repr(channel), repr(vars(channel)), repr(session), caplog.text])
        for secret in (session.access, session.refresh, f"bluesky-{account.name}-secret"):
            assert secret not in everything


class TestACredential:
    @pytest.mark.parametrize("credential", ["", " ", "a.test", ":secret", "a.test:", "a.test:two\nlines", "\ud83d:x"])
    def test_that_cannot_be_one_is_not_sent(self, channel, client, credential):
        with serving(pds({})) as server:
            destination = Destination(account=build_account("bluesky", server.url), credential=credential)
            payload = channel.build(build_submission(), destination.account)
            outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
            trace = Trace(payload=payload, first_commit_at=NOW)
            finding = border.look_up(channel, trace, destination, client.courier(), now=NOW)

        assert isinstance(outcome, Deferred)
        assert isinstance(finding, LookupFailed)
        assert outcome.reason is finding.reason is Reason.CREDENTIAL
        assert server.requests == []


class TestProblems:
    account = build_account("bluesky", "https://bsky.social")

    def test_warn_of_a_title_that_will_not_appear(self, channel):
        problems = channel.problems(Content(text="Hi", title="Title"), self.account)

        assert [(problem.code, problem.severity) for problem in problems] == [("title_dropped", Severity.WARNING)]

    def test_let_a_title_pass_that_the_links_card_shows(self, channel):
        assert channel.problems(Content(text="Hi", title="Title", link="https://example.org"), self.account) == ()

    def test_do_not_count_the_link(self, channel):
        link = "https://example.org/" + "a" * 100

        assert channel.problems(Content(text="a" * 300, link=link), self.account) == ()
        assert channel.problems(Content(text="a" * 301, link=link), self.account)[0].detail == (
            "Bluesky takes 300 characters; this has 301. Shorten it by 1."
        )

    @pytest.mark.parametrize(("count", "codes"), [(120, []), (121, ["too_long"])])
    def test_count_bytes_too(self, channel, count, codes):
        family = "👨‍👩‍👧‍👦"

        problems = channel.problems(Content(text=family * count), self.account)

        assert [problem.code for problem in problems] == codes
        assert all("3,000 bytes; this has 3,025" in problem.detail for problem in problems)


class TestLookUp:
    def test_reads_the_one_place_where_the_post_would_be(self, channel, client):
        finding, requests = looked_up(channel, client, record_of("Hi"))

        assert isinstance(finding, Found)
        assert finding.publication.id.startswith(f"at://{DID}/app.bsky.feed.post/")
        assert [path.partition("?")[0] for path in requests] == [
            "/xrpc/com.atproto.server.createSession",
            "/xrpc/com.atproto.repo.getRecord",
        ]

    def test_says_absent_only_when_the_server_does(self, channel, client):
        finding, _ = looked_up(channel, client, lambda _: sample("absent").raw())

        assert finding == Absent()

    def test_leaves_another_text_at_that_place_to_a_person(self, channel, client):
        finding, _ = looked_up(channel, client, record_of("Something else"))

        assert isinstance(finding, Undecidable)

    def test_renews_a_session_that_ended(self, channel, client):
        answers = iter([sample("expired_token").raw()])

        finding, requests = looked_up(channel, client, lambda path: next(answers, None) or record_of("Hi")(path))

        assert isinstance(finding, Found)
        assert [path.partition("?")[0].rpartition(".")[2] for path in requests] == [
            "createSession",
            "getRecord",
            "refreshSession",
            "getRecord",
        ]

    def test_gives_up_when_the_new_session_is_refused_too(self, channel, client):
        finding, requests = looked_up(channel, client, lambda _: sample("expired_token").raw())

        assert isinstance(finding, LookupFailed)
        assert finding.reason is Reason.CREDENTIAL
        assert len(requests) == 4

    @pytest.mark.parametrize(
        "answer",
        [
            named_answer(400, "InvalidRequest"),
            named_answer(400, "RepoNotFound"),
            named_answer(404, ""),
            named_answer(500, "RecordNotFound"),
            http_answer(b"{}"),
            http_answer(b"[]"),
            http_answer(b'{"uri": "at://did:plc:x/app.bsky.feed.post/3", "cid": "b", "value": {}}'),
        ],
    )
    def test_takes_nothing_strange_for_absence(self, channel, client, answer):
        finding, _ = looked_up(channel, client, lambda _: answer)

        assert isinstance(finding, LookupFailed)


def published_with(channel, client, **answers):
    """Publish once to a server with these answers, by the name of the call."""
    with serving(pds({"putRecord": b"", **answers})) as server:
        destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
        payload = channel.build(build_submission(), destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
    return outcome, [request.split(b" ")[1].decode().rpartition(".")[2] for request in server.requests]


def calls(channel, client, moments, **answers) -> list[str]:
    """Publish at these moments, and return what the server was asked for."""
    submission = build_submission()
    with serving(pds({"putRecord": put_answer(submission), **answers})) as server:
        destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
        payload = channel.build(submission, destination.account)
        for moment in moments:
            assert isinstance(channel.publish(payload, destination, client.courier(), now=moment), Published)
    return [request.split(b" ")[1].decode().rpartition(".")[2] for request in server.requests]


def looked_up(channel, client, get_record):
    """Look for `Hi` on a server that answers so to `getRecord`."""
    with serving(pds({"getRecord": get_record})) as server:
        destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
        payload = channel.build(build_submission("Hi"), destination.account)
        trace = Trace(payload=payload, first_commit_at=NOW)
        finding = border.look_up(channel, trace, destination, client.courier(), now=NOW)
    return finding, [request.split(b" ")[1].decode() for request in server.requests]


class TestACheck:
    def test_opens_a_session_each_time_and_lets_the_next_delivery_use_it(self, channel, client, platforms_url):
        account = new_account(platforms_url, "bluesky", "{name}.test:bluesky-{name}-secret")
        destination = account.destination()

        verdicts = [border.check(channel, destination, client.courier(), now=utc_now()).verdict for _ in range(2)]
        payload = channel.build(build_submission(), destination.account)
        border.publish(channel, payload, destination, client.courier(), now=utc_now())

        assert verdicts == [HealthVerdict.OK, HealthVerdict.OK]
        assert (account.count("read"), account.count("create")) == (2, 1)

    @pytest.mark.parametrize("name", ["AccountTakedown", "AccountSuspended", "AccountDeactivated"])
    def test_tells_of_a_restricted_account(self, channel, client, name):
        health = checked(channel, client, named_answer(403, name))

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.PERMISSION)

    def test_tells_of_an_account_that_may_sign_in_and_nothing_else(self, channel, client):
        body = {"did": DID, "accessJwt": "a.b.c", "refreshJwt": "r", "active": False, "status": "deactivated"}

        health = checked(channel, client, http_answer(json.dumps(body).encode()))

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.PERMISSION)

    def test_tells_of_a_second_factor(self, channel, client):
        health = checked(channel, client, named_answer(401, "AuthFactorTokenRequired"))

        assert health.verdict is HealthVerdict.NEEDS_REAUTH


def checked(channel, client, session: bytes):
    with serving(pds({"createSession": session})) as server:
        destination = Destination(account=build_account("bluesky", server.url), credential="a.test:secret")
        return border.check(channel, destination, client.courier(), now=NOW)
