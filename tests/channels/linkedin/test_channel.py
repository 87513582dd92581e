"""The LinkedIn channel."""

import json
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.channels.base import border
from publishing.channels.base.contract import Trace
from publishing.channels.linkedin import LinkedInChannel
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
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MADE = "urn:li:share:6844785523593134080"


class TestLinkedIn(ChannelContract):
    kind = "linkedin"
    secret = "token"
    settings: ClassVar = {"remote_id": ORGANIZATION}
    carries_key = False
    header_is_proof = True
    states_wait = False


class TestLinkedInForMembers(TestLinkedIn):
    settings: ClassVar = {"remote_id": MEMBER}
    # A token for posting alone may not even ask whose it is.
    verdicts: ClassVar = {"forbidden": HealthVerdict.CANNOT_TELL}


@pytest.fixture
def channel():
    return LinkedInChannel()


@pytest.fixture
def organization(platforms_url):
    return new_account(platforms_url, "linkedin", "token", settings={"remote_id": ORGANIZATION})


@pytest.fixture
def member(platforms_url):
    return new_account(platforms_url, "linkedin", "token", settings={"remote_id": MEMBER})


def published(channel, client, account, submission, **settings):
    destination = account.destination(**settings)
    payload = channel.build(submission, destination.account)
    return border.publish(channel, payload, destination, client.courier(), now=utc_now())


def answered(channel, client, raw: bytes, *, credential="token", submission=None, **settings):
    """Publish to a server that answers with these bytes."""
    stated = {"remote_id": ORGANIZATION, **settings}
    with serving(raw) as server:
        destination = Destination(account=build_account("linkedin", server.url, **stated), credential=credential)
        payload = channel.build(submission or build_submission("Hi"), destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=NOW)
    return outcome, server.requests


class TestAnswersOfLinkedIn:
    def test_name_the_publication_in_a_header(self, channel, client):
        outcome, requests = answered(channel, client, sample("made").raw())

        host = requests[0].partition(b"host: ")[2].partition(b"\r\n")[0].decode()
        url = f"http://{host}/feed/update/{MADE}/"
        assert outcome == Published(publication=Publication(id=MADE, url=url))

    @pytest.mark.parametrize("urn", ["", "6844785523593134080", "urn:li:person:1", "urn:li:share:", "urn:li:share:1/x"])
    def test_that_name_no_post_are_doubt(self, channel, client, urn):
        outcome, _ = answered(
            channel, client, http_answer(b"", status="201 Created", headers=f"x-restli-id: {urn}\r\n")
        )

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.LOST_SIGHT

    def test_refuse_a_duplicate_and_name_the_earlier_post(self, channel, client):
        outcome, _ = answered(channel, client, sample("duplicate").raw())

        detail = (
            "LinkedIn has this very text from this author already (urn:li:share:7141138937766391808). "
            "Change the wording, or leave it at that one."
        )
        assert isinstance(outcome, Rejected)
        assert (outcome.reason, outcome.detail) == (Reason.DUPLICATE, detail)
        assert outcome.publication is not None
        assert outcome.publication.id == "urn:li:share:7141138937766391808"
        assert outcome.publication.url is not None
        assert outcome.publication.url.endswith("/feed/update/urn:li:share:7141138937766391808/")

    @pytest.mark.parametrize(("name", "reason"), [("too_long", Reason.CONTENT), ("sunset", Reason.PERMISSION)])
    def test_refuse(self, channel, client, name, reason):
        outcome, _ = answered(channel, client, sample(name).raw())

        assert isinstance(outcome, Rejected)
        assert outcome.reason is reason

    def test_refuse_a_revoked_token(self, channel, client):
        outcome, _ = answered(channel, client, sample("revoked").raw())

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.CREDENTIAL

    def test_say_that_the_day_is_used_up_which_ends_at_midnight(self, channel, client):
        outcome, _ = answered(channel, client, sample("day_limit").raw())

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.QUOTA
        assert outcome.not_before is not None
        assert MIDNIGHT <= outcome.not_before < MIDNIGHT + timedelta(minutes=10)
        assert outcome.detail.startswith("LinkedIn asks to wait until 2026-11-23 00:0")

    def test_spread_deliveries_after_midnight_each_always_alike(self, channel, client):
        def until(key: str):
            outcome, _ = answered(
                channel, client, sample("day_limit").raw(), submission=build_submission("Hi", key=key)
            )
            assert isinstance(outcome, Deferred)
            return outcome.not_before

        assert until("one") == until("one")
        assert len({until(f"key {number}") for number in range(5)}) == 5

    def test_ask_to_wait_without_a_time_when_linkedin_protects_itself(self, channel, client):
        outcome, _ = answered(channel, client, sample("busy").raw())

        assert outcome == Deferred(reason=Reason.RATE, detail="LinkedIn asks to wait.")

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("404 Not Found", (Rejected, Reason.DESTINATION)),
            ("409 Conflict", (Deferred, Reason.UNAVAILABLE)),
            ("422 Unprocessable", (Rejected, Reason.CONTENT)),
            ("500 Oh", (Unknown, Reason.SERVER_ERROR)),
            ("504 Oh", (Unknown, Reason.SERVER_ERROR)),
        ],
    )
    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"<html>", b'{"message": 5, "code": [], "errorDetails": {"inputErrors": [1, {"code": 2}]}}'],
    )
    def test_are_judged_by_their_status_where_the_body_says_nothing(self, channel, client, status, expected, body):
        outcome, _ = answered(channel, client, http_answer(body, status=status))

        assert (type(outcome), getattr(outcome, "reason", None)) == expected


class TestARequestToLinkedIn:
    def test_carries_token_version_and_protocol(self, channel, client):
        _, requests = answered(channel, client, sample("made").raw())

        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /rest/posts HTTP/1.1\r\n")
        assert b"authorization: Bearer token\r\n" in head
        assert b"linkedin-version: 202608\r\n" in head
        assert b"x-restli-protocol-version: 2.0.0\r\n" in head
        assert json.loads(body)["author"] == ORGANIZATION

    def test_is_not_made_for_an_author_that_cannot_be_one(self, channel, client):
        outcome, requests = answered(channel, client, http_answer(), remote_id="5515715")

        assert isinstance(outcome, Rejected)
        assert outcome.reason is Reason.DESTINATION
        assert requests == []

    @pytest.mark.parametrize("credential", ["", " ", "two\nlines", "t\u00f6ken"])
    def test_is_not_made_with_a_token_that_cannot_be_one(self, channel, client, credential):
        outcome, requests = answered(channel, client, http_answer(), credential=credential)

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.CREDENTIAL
        assert requests == []


class TestOnLinkedIn:
    TEXT = "#opening at eight (sharp)! Ask @alice_b {or} <bob> ~ https://example.org/a_b?c=d#e"

    def test_the_whole_text_appears(self, channel, client, organization):
        published(channel, client, organization, build_submission(self.TEXT))

        assert [post["text"] for post in organization.posts()] == [self.TEXT]

    def test_a_member_publishes_too(self, channel, client, member):
        outcome = published(channel, client, member, build_submission(self.TEXT))

        assert isinstance(outcome, Published)
        assert member.posts()[0]["url"] == outcome.publication.url

    def test_another_author_is_refused(self, channel, client, member):
        outcome = published(channel, client, member, build_submission(), remote_id="urn:li:organization:1")

        assert isinstance(outcome, Rejected)
        assert outcome.reason is Reason.PERMISSION

    def test_a_retired_version_is_refused_with_what_to_do(self, channel, client, member):
        outcome = published(channel, client, member, build_submission(), api_version="202501")

        assert isinstance(outcome, Rejected)
        assert "Set a newer api_version." in outcome.detail

    def test_a_repeat_is_refused_although_something_came_between(self, channel, client, member):
        submission = build_submission("Twice")

        first = published(channel, client, member, submission)
        published(channel, client, member, build_submission("Something else"))
        second = published(channel, client, member, submission)

        assert isinstance(first, Published)
        assert isinstance(second, Rejected)
        assert second.reason is Reason.DUPLICATE
        assert first.publication.id in second.detail
        assert len(member.posts()) == 2


class TestProblems:
    ACCOUNT = build_account("linkedin", None, remote_id=ORGANIZATION)

    def test_warn_of_a_title_that_will_not_appear(self, channel):
        problems = channel.problems(Content(text="Hi", title="Title"), self.ACCOUNT)

        assert [(problem.code, problem.severity) for problem in problems] == [("title_dropped", Severity.WARNING)]

    def test_find_nothing_wrong_with_a_title_on_a_card(self, channel):
        assert channel.problems(Content(text="Hi", title="Title", link="https://example.org/"), self.ACCOUNT) == ()

    def test_count_the_link_unless_it_is_a_card(self, channel):
        link = "https://example.org/" + "a" * 80
        text = "a" * 2_990

        (problem,) = channel.problems(Content(text=text, link=link), self.ACCOUNT)

        assert problem.detail == (
            "LinkedIn takes 3,000 characters; this has 3,092, its link included. Shorten it by 92."
        )
        assert channel.problems(Content(text=text, link=link, title="Title"), self.ACCOUNT) == ()

    def test_do_not_count_escapes(self, channel):
        assert channel.problems(Content(text="(" * 3_000), self.ACCOUNT) == ()


class TestLookUp:
    def test_of_a_member_only_says_that_somebody_must_look(self, channel, client, member):
        submission = build_submission("Lost")
        destination = member.destination()
        trace = Trace(payload=channel.build(submission, destination.account), first_commit_at=utc_now())
        member.misbehaves("accept_and_hang_up")
        outcome = published(channel, client, member, submission)

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(outcome, Unknown)
        assert isinstance(finding, Undecidable)
        assert (member.count("create"), member.count("read")) == (1, 0)

    def test_asks_nobody_where_the_token_may_not_read(self, channel, client, organization):
        destination = organization.destination(reads="no")
        trace = Trace(payload=channel.build(build_submission(), destination.account), first_commit_at=utc_now())

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(finding, Undecidable)
        assert organization.count("read") == 0

    def test_finds_a_text_full_of_markup_behind_many_others(self, channel, client, organization):
        destination = organization.destination()
        ours = build_submission(TestOnLinkedIn.TEXT)
        trace = Trace(payload=channel.build(ours, destination.account), first_commit_at=utc_now())
        for submission in (ours, *(build_submission() for _ in range(55))):
            published(channel, client, organization, submission)

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(finding, Found)
        assert finding.publication.id == organization.posts()[0]["id"]
        assert organization.count("read") == 2

    def test_asks_for_the_authors_posts_by_their_latest_change(self, channel, client):
        finding, requests = looked_up(channel, client, [])

        assert finding == Absent()
        assert [request.split(b" ")[1].decode() for request in requests] == [
            "/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A5515715&count=50&start=0&sortBy=LAST_MODIFIED"
        ]
        assert b"x-restli-method: FINDER\r\n" in requests[0]

    def test_says_absent_once_it_came_to_something_unchanged_since(self, channel, client):
        finding, requests = looked_up(channel, client, [[post("2", "Other"), post("1", "Hi", seconds=-61)]])

        assert finding == Absent()
        assert len(requests) == 1

    def test_finds_what_a_slow_clock_dates_before_the_commit(self, channel, client):
        finding, _ = looked_up(channel, client, [[post("1", "Hi", seconds=-50)]])

        assert isinstance(finding, Found)

    def test_passes_over_an_old_post_that_was_edited_since_and_a_draft(self, channel, client):
        edited = post("2", "Hi", seconds=-3_600) | {"lastModifiedAt": post("2", "")["createdAt"]}
        draft = post("3", "Hi") | {"lifecycleState": "DRAFT"}

        finding, _ = looked_up(channel, client, [[edited, draft]])

        assert finding == Absent()

    def test_does_not_say_absent_after_a_short_page(self, channel, client):
        finding, requests = looked_up(channel, client, [[post("2", "Other")], [post("1", "Hi")]])

        assert isinstance(finding, Found)
        assert b"&start=1&" in requests[1]

    def test_gives_up_when_there_is_too_much_to_read(self, channel, client):
        finding, requests = looked_up(channel, client, [[post(str(number), "Other")] for number in range(15)])

        assert isinstance(finding, Undecidable)
        assert len(requests) == 10

    @pytest.mark.parametrize(
        "changes",
        [
            {"createdAt": None},
            {"createdAt": "1795334401000"},
            {"lastModifiedAt": True},
            {"lastModifiedAt": 10**30},
            {"id": "1"},
            {"id": None},
        ],
    )
    def test_takes_nothing_strange_for_absence(self, channel, client, changes):
        finding, _ = looked_up(channel, client, [[post("1", "Hi") | changes]])

        assert isinstance(finding, LookupFailed)

    def test_says_so_when_the_token_may_not_read(self, channel, client):
        raw = http_answer(b'{"status": 403, "code": "ACCESS_DENIED"}', status="403 Forbidden")
        with serving(raw) as server:
            finding = look(channel, client, server)

        assert isinstance(finding, LookupFailed)
        assert finding.reason is Reason.PERMISSION

    @pytest.mark.parametrize(
        ("credential", "author", "reason"),
        [("", ORGANIZATION, Reason.CREDENTIAL), ("token", "nobody", Reason.DESTINATION)],
    )
    def test_needs_a_token_and_an_author(self, channel, client, credential, author, reason):
        with serving(http_answer()) as server:
            finding = look(channel, client, server, credential=credential, author=author)

        assert isinstance(finding, LookupFailed)
        assert finding.reason is reason
        assert server.requests == []


def post(number: str, text: str, *, seconds: int = 1) -> dict[str, object]:
    moment = int((NOW + timedelta(seconds=seconds)).timestamp() * 1000)
    return {
        "id": f"urn:li:share:{number}",
        "commentary": text,
        "createdAt": moment,
        "lastModifiedAt": moment,
        "lifecycleState": "PUBLISHED",
    }


def look(channel, client, server, *, credential="token", author=ORGANIZATION):
    account = build_account("linkedin", server.url, remote_id=author)
    trace = Trace(payload=channel.build(build_submission("Hi"), account), first_commit_at=NOW)
    destination = Destination(account=account, credential=credential)
    return border.look_up(channel, trace, destination, client.courier(), now=NOW)


def looked_up(channel, client, pages):
    """Look for `Hi` on a server that answers with these pages, one after another."""
    left = list(pages)

    def script(connection, request):
        connection.sendall(http_answer(json.dumps({"elements": left.pop(0) if left else []}).encode()))

    with serving(script) as server:
        finding = look(channel, client, server)
    return finding, server.requests


class TestACheck:
    def test_asks_a_member_who_it_is(self, channel, client, member):
        health = checked(channel, client, member)

        assert (health.verdict, health.detail) == (HealthVerdict.OK, "LinkedIn accepts the account's token.")

    def test_knows_another_member(self, channel, client, member):
        health = checked(channel, client, member, remote_id="urn:li:person:somebodyElse")

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)

    def test_cannot_tell_where_the_token_may_only_post(self, channel, client, member):
        member.misbehaves("forbidden", on="read")

        assert checked(channel, client, member).verdict is HealthVerdict.CANNOT_TELL

    def test_says_so_when_a_members_token_was_revoked(self, channel, client, member):
        member.is_registered(credentials=["another"])

        assert checked(channel, client, member).verdict is HealthVerdict.NEEDS_REAUTH

    def test_asks_whose_token_it_is_where_an_organization_may_not_be_read(self, channel, client, organization):
        organization.is_registered(read_scope=0)

        may_read = checked(channel, client, organization)
        may_not = checked(channel, client, organization, reads="no")

        assert (may_read.verdict, may_not.verdict) == (HealthVerdict.PROBLEM, HealthVerdict.OK)

    @pytest.mark.parametrize("body", [b"{}", b'{"sub": 7}', b'{"sub": ""}'])
    def test_takes_no_strange_answer_for_a_member(self, channel, client, body):
        with serving(http_answer(body)) as server:
            account = build_account("linkedin", server.url, remote_id=MEMBER)
            health = border.check(
                channel, Destination(account=account, credential="token"), client.courier(), now=utc_now()
            )

        assert health.verdict is HealthVerdict.CANNOT_TELL


def checked(channel, client, account, **settings):
    return border.check(channel, account.destination(**settings), client.courier(), now=utc_now())
