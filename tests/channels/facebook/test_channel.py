"""The Facebook channel."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Trace
from publishing.channels.facebook import FacebookChannel
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
from tests.channels.contract import ChannelContract
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
PAGE = "546349135390552"
FIELDS = quote_plus("id,message,created_time,permalink_url,attachments{media_type,subattachments{media_type}}")


class TestFacebook(ChannelContract):
    kind = "facebook"
    secret = "token"
    carries_key = False
    fetches_itself = True


@pytest.fixture
def channel():
    return FacebookChannel()


def answered(channel, client, raw: bytes, *, credential="token", submission=None, **settings):
    """Publish to a server that answers with these bytes."""
    with serving(raw) as server:
        destination = Destination(account=build_account("facebook", server.url, **settings), credential=credential)
        payload = channel.build(submission or build_submission("Hi"), destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
    return outcome, server.requests


def refused(channel, client, code: object, subcode: object = None, *, status="400 Bad Request", headers="", **more):
    """Publish to a server that answers with this error."""
    error = {"message": "Words that say nothing", "code": code, "error_subcode": subcode, **more}
    outcome, _ = answered(
        channel, client, http_answer(json.dumps({"error": error}).encode(), status=status, headers=headers)
    )
    return outcome, getattr(outcome, "reason", None)


class TestAnswersOfFacebook:
    def test_name_the_publication(self, channel, client):
        outcome, _ = answered(channel, client, sample("post").raw())

        assert outcome == Published(
            publication=Publication(
                id="546349135390552_1116692711500000",
                url="https://www.facebook.com/546349135390552/posts/1116692711500000",
            )
        )

    def test_need_no_permalink(self, channel, client):
        outcome, _ = answered(channel, client, http_answer(b'{"id": "1_2"}'))

        assert outcome == Published(publication=Publication(id="1_2"))

    def test_say_in_minutes_when_a_limit_ends(self, channel, client):
        outcome, _ = answered(channel, client, sample("throttled").raw())

        until = NOW + timedelta(minutes=19)
        assert outcome == Deferred(
            reason=Reason.RATE, detail="Facebook asks to wait until 08:19 UTC.", not_before=until
        )

    def test_say_what_became_of_the_credential(self, channel, client):
        outcome, _ = answered(channel, client, sample("expired").raw())

        detail = (
            "Facebook no longer accepts the account's credential. The token has expired. Connect the account again."
        )
        assert outcome == Deferred(reason=Reason.CREDENTIAL, detail=detail)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("duplicate", Reason.DUPLICATE), ("permission", Reason.PERMISSION), ("blocked", Reason.PERMISSION)],
    )
    def test_refuse(self, channel, client, name, reason):
        outcome, _ = answered(channel, client, sample(name).raw())

        assert isinstance(outcome, Rejected)
        assert outcome.reason is reason

    @pytest.mark.parametrize("body", [b"{}", b'{"id": ""}', b'{"id": 7}', b"[]", b"null", b'{"error": "no"}'])
    def test_that_name_no_post_are_doubt(self, channel, client, body):
        outcome, _ = answered(channel, client, http_answer(body))

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.LOST_SIGHT


class TestACode:
    @pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80_000, 80_001, 80_014])
    def test_of_a_limit_asks_to_wait_an_hour_where_no_time_is_stated(self, channel, client, code):
        outcome, reason = refused(channel, client, code)

        assert isinstance(outcome, Deferred)
        assert (reason, outcome.not_before) == (Reason.RATE, NOW + timedelta(hours=1))

    @pytest.mark.parametrize(
        "usage",
        [
            "nonsense",
            "[]",
            '{"1": 5}',
            '{"1": [5]}',
            '{"1": [{"estimated_time_to_regain_access": "5"}]}',
            '{"1": [{"estimated_time_to_regain_access": 0}]}',
        ],
    )
    def test_of_a_limit_is_not_led_astray_by_a_strange_header(self, channel, client, usage):
        outcome, _ = refused(channel, client, 32, headers=f"X-Business-Use-Case-Usage: {usage}\r\n")

        assert isinstance(outcome, Deferred)
        assert outcome.not_before == NOW + timedelta(hours=1)

    def test_of_a_limit_obeys_the_longest_of_several_times_up_to_a_day(self, channel, client):
        usage = {"1": [{"estimated_time_to_regain_access": 5}], "2": [{"estimated_time_to_regain_access": 10**12}]}

        outcome, _ = refused(channel, client, 80_001, headers=f"X-Business-Use-Case-Usage: {json.dumps(usage)}\r\n")

        assert isinstance(outcome, Deferred)
        assert outcome.not_before == NOW + timedelta(days=1)

    @pytest.mark.parametrize(
        ("code", "subcode", "reason"),
        [
            (3, None, Reason.PERMISSION),
            (10, None, Reason.PERMISSION),
            (200, None, Reason.PERMISSION),
            (299, None, Reason.PERMISSION),
            (368, None, Reason.PERMISSION),
            (200, 1_404_078, Reason.PERMISSION),
            (100, None, Reason.CONTENT),
            (100, 1_609_005, Reason.CONTENT),
            (100, 1_609_008, Reason.CONTENT),
            (368, 1_346_003, Reason.CONTENT),
            (100, 33, Reason.DESTINATION),
            (506, 1_455_006, Reason.DUPLICATE),
            (1, 1_366_051, Reason.DUPLICATE),
        ],
    )
    def test_of_a_refusal_has_its_reason(self, channel, client, code, subcode, reason):
        outcome, stated = refused(channel, client, code, subcode)

        assert isinstance(outcome, Rejected)
        assert stated is reason
        assert outcome.detail.startswith("Facebook ")

    @pytest.mark.parametrize(
        ("code", "subcode"),
        [(102, None), (190, None), (190, 458), (190, 459), (190, 460), (190, 464), (190, 467), (190, 492)],
    )
    def test_of_a_lost_token_defers(self, channel, client, code, subcode):
        outcome, reason = refused(channel, client, code, subcode)

        assert (type(outcome), reason) == (Deferred, Reason.CREDENTIAL)

    @pytest.mark.parametrize(("code", "subcode"), [(1, None), (2, None), (1, 1_363_047), (100, 1_609_010)])
    def test_of_trouble_of_its_own_is_doubt_whatever_the_status(self, channel, client, code, subcode):
        outcome, reason = refused(channel, client, code, subcode)

        assert (type(outcome), reason) == (Unknown, Reason.SERVER_ERROR)

    def test_that_is_transient_is_doubt(self, channel, client):
        outcome, reason = refused(channel, client, 100, is_transient=True)

        assert (type(outcome), reason) == (Unknown, Reason.SERVER_ERROR)

    def test_counts_although_the_status_says_success(self, channel, client):
        outcome, reason = refused(channel, client, 190, 463, status="200 OK")

        assert (type(outcome), reason) == (Deferred, Reason.CREDENTIAL)

    @pytest.mark.parametrize("code", [None, "190", True, 99_999_999])
    def test_that_nobody_knows_is_doubt_beside_a_success(self, channel, client, code):
        outcome, reason = refused(channel, client, code, status="200 OK")

        assert (type(outcome), reason) == (Unknown, Reason.LOST_SIGHT)

    def test_that_nobody_knows_leaves_it_to_the_status(self, channel, client):
        refusal, reason = refused(channel, client, 99_999_999)
        doubt, _ = refused(channel, client, 99_999_999, status="502 Bad Gateway")

        assert (type(refusal), reason) == (Rejected, Reason.CONTENT)
        assert isinstance(doubt, Unknown)


class TestARequestToFacebook:
    def test_carries_the_token_in_a_header_and_the_post_as_json(self, channel, client):
        submission = build_submission("Hi", link="https://example.org/a")

        _, requests = answered(channel, client, sample("post").raw(), submission=submission, remote_id=PAGE)

        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert head.startswith(f"POST /v26.0/{PAGE}/feed?fields=id,permalink_url HTTP/1.1\r\n".encode())
        assert b"authorization: Bearer token\r\n" in head
        assert json.loads(body) == {"message": "Hi", "link": "https://example.org/a"}

    def test_proves_the_app_whose_secret_is_known(self, channel, client):
        _, requests = answered(channel, client, sample("post").raw(), credential="token secret")

        body = json.loads(requests[0].partition(b"\r\n\r\n")[2])
        assert set(body) == {"message", "appsecret_proof"}
        assert b"secret" not in requests[0].replace(b"appsecret_proof", b"")

    @pytest.mark.parametrize("settings", [{"remote_id": "../me"}, {"api_version": "latest"}])
    def test_is_not_made_for_a_page_that_cannot_be_one(self, channel, client, settings):
        outcome, requests = answered(channel, client, http_answer(), **settings)

        assert isinstance(outcome, Rejected)
        assert outcome.reason is Reason.DESTINATION
        assert requests == []

    def test_is_not_made_with_a_token_that_cannot_be_one(self, channel, client):
        outcome, requests = answered(channel, client, http_answer(), credential="one two three")

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.CREDENTIAL
        assert requests == []


class TestProblems:
    def test_warn_of_a_title_that_will_not_appear(self, channel):
        problems = channel.problems(Content(text="Hi", title="Title"), build_account("facebook", None))

        assert [(problem.code, problem.severity) for problem in problems] == [("title_dropped", Severity.WARNING)]

    def test_do_not_count_the_link(self, channel):
        account = build_account("facebook", None)

        assert channel.problems(Content(text="a" * 63_206, link="https://example.org/"), account) == ()
        (problem,) = channel.problems(Content(text="a" * 63_207, link="https://example.org/"), account)
        assert problem.detail == "Facebook takes 63,206 characters; this has 63,207. Shorten it by 1."


class TestOnThePage:
    def test_a_repeat_of_the_latest_post_is_refused(self, channel, client, platforms_url):
        account = new_account(platforms_url, "facebook", "token")
        payload = channel.build(build_submission("Twice"), account.destination().account)

        first, second = (
            border.publish(channel, payload, account.destination(), client.courier(), now=utc_now()) for _ in range(2)
        )

        assert isinstance(first, Published)
        assert isinstance(second, Rejected)
        assert second.reason is Reason.DUPLICATE
        assert len(account.posts()) == 1

    def test_a_link_to_facebook_is_refused_with_what_to_do(self, channel, client, platforms_url):
        account = new_account(platforms_url, "facebook", "token")
        payload = channel.build(
            build_submission(link="https://www.facebook.com/events/1"), account.destination().account
        )

        outcome = border.publish(channel, payload, account.destination(), client.courier(), now=utc_now())

        assert isinstance(outcome, Rejected)
        assert "Remove the link" in outcome.detail


class TestLookUp:
    def test_reads_page_after_page_back_to_the_commit(self, channel, client, platforms_url):
        account = new_account(platforms_url, "facebook", "token")
        destination = account.destination()
        ours = build_submission("The one that we look for")
        trace = Trace(payload=channel.build(ours, destination.account), first_commit_at=utc_now())
        for submission in (ours, *(build_submission() for _ in range(105))):
            payload = channel.build(submission, destination.account)
            channel.publish(payload, destination, client.courier(), now=utc_now())

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(finding, Found)
        assert finding.publication.id == account.posts()[0]["id"]
        assert account.count("read") == 2

    def test_knows_the_post_although_facebook_rewrote_its_white_space(self, channel, client):
        finding, requests = looked_up(
            channel, client, [sample("feed").answer.json()], text="We open at eight.\nBring friends #opening"
        )

        assert isinstance(finding, Found)
        assert finding.publication.id == "546349135390552_1116692711500001"
        assert requests == [
            f"/v26.0/me/published_posts?fields={FIELDS}&limit=100&since=1795334280",
        ]

    def test_says_absent_once_it_came_to_something_older(self, channel, client):
        pages = [
            page(post("2", "Other"), post("1", "Hi", at="2026-11-22T07:57:59+0000"), following="https://x/?after=a")
        ]

        finding, requests = looked_up(channel, client, pages)

        assert finding == Absent()
        assert len(requests) == 1

    def test_finds_what_a_slow_clock_dates_before_the_commit(self, channel, client):
        finding, _ = looked_up(channel, client, [page(post("1", "Hi", at="2026-11-22T07:58:30+0000"))])

        assert isinstance(finding, Found)

    def test_goes_on_after_an_empty_page_that_names_a_next_one(self, channel, client):
        pages = [
            page(following="https://elsewhere.example/x?after=abc&access_token=stolen&limit=1"),
            page(post("1", "Hi")),
        ]

        finding, requests = looked_up(channel, client, pages)

        assert isinstance(finding, Found)
        assert requests[1].endswith("&after=abc")
        assert requests[1].startswith("/v26.0/me/published_posts?fields=")
        assert "stolen" not in requests[1]
        assert "limit=100" in requests[1]

    def test_says_absent_at_the_end_of_the_list(self, channel, client):
        assert looked_up(channel, client, [page()])[0] == Absent()

    def test_gives_up_on_a_list_that_leads_in_a_circle(self, channel, client):
        finding, requests = looked_up(channel, client, [page(post("2", "Other"), following="https://x/?after=a")] * 5)

        assert isinstance(finding, LookupFailed)
        assert len(requests) == 2

    def test_gives_up_when_there_is_too_much_to_read(self, channel, client):
        pages = [page(post(str(n), "Other"), following=f"https://x/?after={n}") for n in range(9)]

        finding, requests = looked_up(channel, client, pages)

        assert isinstance(finding, Undecidable)
        assert len(requests) == 5

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {},
            {"data": {}},
            {"data": ["x"]},
            {"data": [{"id": "1", "message": "Hi"}]},
            {"data": [{"id": "1", "message": "Hi", "created_time": "yesterday"}]},
            {"data": [{"message": "Hi", "created_time": "2026-11-22T08:00:00+0000"}]},
            {"data": [], "paging": {"next": "https://[/?after=a"}},
            {"error": {"code": 1}},
        ],
    )
    def test_takes_nothing_strange_for_absence(self, channel, client, body):
        finding, _ = looked_up(channel, client, [body])

        assert isinstance(finding, LookupFailed)

    def test_waits_when_it_is_throttled(self, channel, client):
        with serving(sample("throttled").raw()) as server:
            finding = look(channel, client, server, "Hi")

        assert isinstance(finding, LookupFailed)
        assert (finding.reason, finding.not_before) == (Reason.RATE, NOW + timedelta(minutes=19))

    def test_needs_a_token_that_can_be_one(self, channel, client):
        with serving(http_answer()) as server:
            finding = look(channel, client, server, "Hi", credential="")

        assert isinstance(finding, LookupFailed)
        assert finding.reason is Reason.CREDENTIAL
        assert server.requests == []


def post(number: str, message: str, *, at: str = "2026-11-22T08:00:01+0000") -> dict[str, str]:
    return {"id": f"{PAGE}_{number}", "message": message, "created_time": at}


def page(*posts: dict[str, str], following: str | None = None) -> dict[str, object]:
    return {"data": list(posts), "paging": {"next": following} if following else {}}


def look(channel, client, server, text, *, credential="token"):
    destination = Destination(account=build_account("facebook", server.url), credential=credential)
    trace = Trace(payload=channel.build(build_submission(text), destination.account), first_commit_at=NOW)
    return border.look_up(channel, trace, destination, client.courier(), now=NOW)


def looked_up(channel, client, pages, *, text="Hi"):
    """Look for a text on a server that answers with these pages, one after another."""
    left = list(pages)

    def script(connection, request):
        connection.sendall(http_answer(json.dumps(left.pop(0) if left else {"data": []}).encode()))

    with serving(script) as server:
        finding = look(channel, client, server, text)
    return finding, [request.split(b" ")[1].decode() for request in server.requests]


class TestACheck:
    def test_asks_for_the_page_with_the_apps_proof(self, channel, client):
        with serving(http_answer(b'{"id": "1", "name": "Page"}')) as server:
            health = checked(channel, client, server, credential="token secret")

        assert health.verdict is HealthVerdict.OK
        assert server.requests[0].startswith(b"GET /v26.0/me?fields=id%2Cname&appsecret_proof=")
        assert b"authorization: Bearer token\r\n" in server.requests[0]

    def test_knows_another_page(self, channel, client):
        with serving(http_answer(b'{"id": "1"}')) as server:
            health = checked(channel, client, server, remote_id="2")

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)

    @pytest.mark.parametrize(
        ("name", "verdict", "reason"),
        [
            ("expired", HealthVerdict.NEEDS_REAUTH, Reason.CREDENTIAL),
            ("permission", HealthVerdict.PROBLEM, Reason.PERMISSION),
            ("blocked", HealthVerdict.PROBLEM, Reason.PERMISSION),
            ("throttled", HealthVerdict.CANNOT_TELL, None),
        ],
    )
    def test_reads_codes_as_ever(self, channel, client, name, verdict, reason):
        with serving(sample(name).raw()) as server:
            health = checked(channel, client, server)

        assert (health.verdict, health.reason) == (verdict, reason)

    def test_says_so_when_the_proof_is_not_accepted(self, channel, client, platforms_url):
        account = new_account(platforms_url, "facebook", "token")
        account.is_registered(credentials=["token right"])
        destination = Destination(account=account.destination().account, credential="token wrong")

        health = border.check(channel, destination, client.courier(), now=utc_now())

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)


def checked(channel, client, server, *, credential="token", **settings):
    destination = Destination(account=build_account("facebook", server.url, **settings), credential=credential)
    return border.check(channel, destination, client.courier(), now=NOW)
