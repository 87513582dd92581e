"""The Mastodon channel."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Trace
from publishing.channels.mastodon import MastodonChannel
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
from publishing.domain.quota import Quota
from tests.channels.contract import ChannelContract
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class TestMastodon(ChannelContract):
    kind = "mastodon"
    secret = "token"


@pytest.fixture
def channel():
    return MastodonChannel()


def answered(channel, client, raw: bytes):
    """Publish to a server that answers with these bytes."""
    submission = build_submission()
    with serving(raw) as server:
        destination = Destination(account=build_account("mastodon", server.url), credential="token")
        payload = channel.build(submission, destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
    return outcome, server.requests


class TestAnswersOfMastodon:
    def test_name_the_publication(self, channel, client):
        outcome, _ = answered(channel, client, sample("status").raw())

        publication = Publication(id="103270115826048975", url="https://mastodon.example/@news/103270115826048975")
        assert outcome == Published(publication=publication)

    def test_say_what_is_left(self, channel, client):
        headers = (
            b"X-RateLimit-Limit: 300\r\nX-RateLimit-Remaining: 299\r\nX-RateLimit-Reset: 2026-11-22T08:05:00.000Z\r\n"
        )
        head, rest = sample("status").raw().split(b"\r\n", 1)

        outcome, _ = answered(channel, client, b"\r\n".join((head, headers + rest)))

        assert outcome.quota == Quota(left=299, limit=300, resets_at=datetime(2026, 11, 22, 8, 5, tzinfo=UTC))

    def test_say_when_the_rate_limit_ends(self, channel, client):
        outcome, _ = answered(channel, client, sample("rate_limited").raw())

        until = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)
        detail = "Mastodon asks to wait until 08:05 UTC."
        assert outcome == Deferred(reason=Reason.RATE, detail=detail, not_before=until)

    def test_refuse_content(self, channel, client):
        outcome, _ = answered(channel, client, sample("too_long").raw())

        assert outcome == Rejected(reason=Reason.CONTENT, detail="Mastodon does not accept this content.")

    def test_refuse_a_revoked_token(self, channel, client):
        outcome, _ = answered(channel, client, sample("revoked").raw())

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.CREDENTIAL

    @pytest.mark.parametrize("body", [b"{}", b'{"id": ""}', b'{"id": 7}', b'{"error": "no"}', b"[]", b"null"])
    def test_that_name_no_status_are_doubt(self, channel, client, body):
        outcome, _ = answered(channel, client, http_answer(body))

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.LOST_SIGHT


class TestARequestToMastodon:
    def test_carries_token_key_and_json(self, channel, client):
        _, requests = answered(channel, client, sample("status").raw())

        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/v1/statuses HTTP/1.1\r\n")
        assert b"authorization: Bearer token" in head
        assert b"idempotency-key: key-" in head
        assert set(json.loads(body)) == {"status"}


class TestProblems:
    def test_warn_of_a_title_that_will_not_appear(self, channel):
        problems = channel.problems(Content(text="Hi", title="Title"), build_account("mastodon", "https://m.example"))

        assert [(problem.code, problem.severity) for problem in problems] == [("title_dropped", Severity.WARNING)]

    def test_count_the_link(self, channel):
        account = build_account("mastodon", "https://m.example")
        link = "https://example.org/" + "a" * 100

        assert channel.problems(Content(text="a" * 475, link=link), account) == ()
        assert channel.problems(Content(text="a" * 476, link=link), account)[0].detail == (
            "Mastodon takes 500 characters; this has 501, its link included. Shorten it by 1."
        )


class TestKeyWindow:
    def test_is_nine_tenths_of_an_hour(self, channel):
        assert channel.key_window(build_account("mastodon", "https://m.example")) == timedelta(minutes=54)

    def test_is_none_on_a_server_that_ignores_the_key(self, channel):
        account = build_account("mastodon", "https://m.example", honors_key="no")

        assert channel.key_window(account) is None


class TestAToken:
    @pytest.mark.parametrize("credential", ["", " ", "two\nlines", "t\u00f6ken", "\x00"])
    def test_that_cannot_be_one_is_not_sent(self, channel, client, credential):
        submission = build_submission()
        with serving(http_answer()) as server:
            destination = Destination(account=build_account("mastodon", server.url), credential=credential)
            payload = channel.build(submission, destination.account)
            outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
            trace = Trace(payload=payload, first_commit_at=NOW)
            finding = border.look_up(channel, trace, destination, client.courier(), now=NOW)

        assert isinstance(outcome, Deferred)
        assert isinstance(finding, LookupFailed)
        assert outcome.reason is finding.reason is Reason.CREDENTIAL
        assert server.requests == []


class TestLookUp:
    def test_reads_page_after_page_back_to_the_commit(self, channel, client, platforms_url):
        account = new_account(platforms_url, "mastodon", "token")
        destination = account.destination()
        ours = build_submission("The one that we look for")
        trace = Trace(payload=channel.build(ours, destination.account), first_commit_at=utc_now())
        for submission in (ours, *(build_submission() for _ in range(45))):
            payload = channel.build(submission, destination.account)
            channel.publish(payload, destination, client.courier(), now=utc_now())

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(finding, Found)
        assert finding.publication.id == account.posts()[0]["id"]

    def test_asks_for_no_account_whose_id_it_knows(self, channel, client):
        finding, requests = looked_up(channel, client, [[]], remote_id="42")

        assert finding == Absent()
        assert requests == ["/api/v1/accounts/42/statuses?limit=40&exclude_reblogs=true"]

    def test_says_absent_once_it_came_to_something_older(self, channel, client):
        older = status("1", text="Hi", at="2026-11-22T07:58:59.000Z")

        finding, requests = looked_up(channel, client, [[status("2", text="Other"), older]], remote_id="42")

        assert finding == Absent()
        assert len(requests) == 1

    def test_finds_what_a_slow_clock_dates_before_the_commit(self, channel, client):
        finding, _ = looked_up(
            channel, client, [[status("1", text="Hi", at="2026-11-22T07:59:10.000Z")]], remote_id="42"
        )

        assert finding == Found(publication=Publication(id="1", url="https://m.example/@news/1"))

    def test_does_not_say_absent_after_a_short_page(self, channel, client):
        finding, requests = looked_up(
            channel, client, [[status("2", text="Other")], [status("1", text="Hi")]], remote_id="42"
        )

        assert isinstance(finding, Found)
        assert requests[1].endswith("&max_id=2")

    def test_gives_up_on_a_server_that_repeats_its_page(self, channel, client):
        finding, _ = looked_up(channel, client, [[status("2", text="Other")]] * 2, remote_id="42")

        assert isinstance(finding, LookupFailed)

    def test_gives_up_when_there_is_too_much_to_read(self, channel, client):
        pages = [[status(str(number), text="Other")] for number in range(19, 1, -1)]

        finding, requests = looked_up(channel, client, pages, remote_id="42")

        assert isinstance(finding, Undecidable)
        assert len(requests) == 12

    @pytest.mark.parametrize(
        "page",
        [{}, ["x"], [{}], [{"id": "1"}], [{"id": "1", "created_at": "yesterday"}], [{"id": "1", "created_at": 5}]],
    )
    def test_takes_nothing_strange_for_absence(self, channel, client, page):
        finding, _ = looked_up(channel, client, [page], remote_id="42")

        assert isinstance(finding, LookupFailed)


def status(number: str, *, text: str, at: str = "2026-11-22T08:00:01.000Z") -> dict[str, str]:
    return {"id": number, "created_at": at, "content": f"<p>{text}</p>", "url": f"https://m.example/@news/{number}"}


def looked_up(channel, client, pages, **settings):
    """Look for `Hi` on a server that answers with these pages, one after another."""
    left = list(pages)

    def script(connection, request):
        body = json.dumps(left.pop(0) if left else []).encode()
        connection.sendall(http_answer(body))

    with serving(script) as server:
        destination = Destination(account=build_account("mastodon", server.url, **settings), credential="token")
        payload = channel.build(build_submission("Hi"), destination.account)
        trace = Trace(payload=payload, first_commit_at=NOW)
        finding = border.look_up(channel, trace, destination, client.courier(), now=NOW)
    return finding, [request.split(b" ")[1].decode() for request in server.requests]


class TestACheck:
    def test_knows_whose_token_it_is(self, channel, client):
        with serving(http_answer(b'{"id": "42"}')) as server:
            same, other = (
                checked(channel, client, build_account("mastodon", server.url, remote_id=remote_id))
                for remote_id in ("42", "43")
            )

        assert (same.verdict, other.verdict) == (HealthVerdict.OK, HealthVerdict.PROBLEM)
        assert "another account" in other.detail
        assert server.requests[0].startswith(b"GET /api/v1/accounts/verify_credentials HTTP/1.1\r\n")

    def test_refuses_a_token_that_belongs_to_no_account(self, channel, client):
        raw = http_answer(b'{"error": "This method requires an authenticated user"}', status="422 Unprocessable Entity")
        with serving(raw) as server:
            health = checked(channel, client, build_account("mastodon", server.url))

        assert health.verdict is HealthVerdict.NEEDS_REAUTH


def checked(channel, client, account):
    destination = Destination(account=account, credential="token")
    return border.check(channel, destination, client.courier(), now=NOW)
