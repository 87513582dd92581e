"""ChannelContract: what every channel does, proved over real sockets. Subclass it and name the channel."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import unquote_plus

import pytest

from publishing.channels.base import border
from publishing.channels.base.capabilities import Deduplication
from publishing.channels.base.contract import Channel, Payload, Trace
from publishing.domain.account import Destination
from publishing.domain.outcome import (
    Absent,
    Deferred,
    Found,
    LookupFailed,
    Outcome,
    Publication,
    Published,
    Reason,
    Rejected,
    Undecidable,
    Unknown,
)
from publishing.http import HttpClient, OutgoingPolicy
from tests.channels.applying import where
from tests.channels.contract_check import CheckContract
from tests.channels.contract_images import ImageContract
from tests.channels.simulated import SimulatedAccount, build_submission, utc_now
from tests.servers import Script, http_answer, make_certificate, saying, server_tls, serving, unused_port

#: Each fault, and the outcome that every channel gives it.
OUTCOMES = {
    "rate_limited": (Deferred, Reason.RATE),
    "expired_credential": (Deferred, Reason.CREDENTIAL),
    "forbidden": (Rejected, Reason.PERMISSION),
    "not_found": (Rejected, Reason.DESTINATION),
    "redirect": (Rejected, Reason.DESTINATION),
    "unavailable_before": (Unknown, Reason.SERVER_ERROR),
    "unavailable_after": (Unknown, Reason.SERVER_ERROR),
    "server_error_before": (Unknown, Reason.SERVER_ERROR),
    "server_error_after": (Unknown, Reason.SERVER_ERROR),
    "hang_up_before": (Unknown, Reason.LOST_SIGHT),
    "accept_and_hang_up": (Unknown, Reason.LOST_SIGHT),
}
#: Successes that cannot be read; `SlowDrip` besides.
UNREADABLE = ("html", "empty", "malformed", "huge")
SECRET_TEXT = "canary in the text"


class ChannelContract(CheckContract, ImageContract):
    """Every channel passes these tests."""

    #: Whether a 2xx alone proves that it was done; otherwise an unreadable one is doubt.
    status_is_proof: ClassVar[bool] = False
    #: Whether the proof is a header, so that a spoiled body hides nothing.
    header_is_proof: ClassVar[bool] = False
    #: Outcomes of faults that differ from everybody's, each documented in the channel's README.
    outcomes: ClassVar[Mapping[str, tuple[type[Outcome], Reason]]] = {}
    #: Whether requests carry the delivery key; otherwise the platform has no place for it.
    carries_key: ClassVar[bool] = True
    #: Whether a platform that asks to wait says until when.
    states_wait: ClassVar[bool] = True

    @pytest.fixture
    def second_account(self, platforms_url: str) -> SimulatedAccount:
        return self.new_account(platforms_url)

    @pytest.fixture
    def public_client(self) -> Iterator[HttpClient]:
        """A client as a deployment has it."""
        client = HttpClient(OutgoingPolicy(), 5)
        yield client
        client.close_idle()

    # --- one visible call --------------------------------------------------------------------------------------------

    def test_publishes_with_one_creating_request(self, channel, account, client):
        submission = build_submission("We open at eight. Grüße 👋🏽")

        outcome = self.publish(channel, account.destination(), client, submission)

        (post,) = account.posts()
        assert isinstance(outcome, Published)
        assert outcome.publication.id == post["id"]
        assert post["text"] == submission.content.text
        assert account.count("create") == 1

    def test_publishes_its_link(self, channel, account, client):
        link = "https://example.org/opening?day=1"

        self.publish(channel, account.destination(), client, build_submission("We open.", link=link))

        (post,) = account.posts()
        assert link in unquote_plus(post["body"])

    def test_sends_the_delivery_key_where_there_is_a_place_for_it(self, channel, account, client):
        submission = build_submission(key="0123456789abcdef")

        self.publish(channel, account.destination(), client, submission)

        payload = channel.build(submission, account.destination().account)
        assert [post["key"] for post in account.posts()] == [self.key_sent(payload) if self.carries_key else None]

    @where(lambda its: its.channel.capabilities.deduplication is Deduplication.KEY)
    def test_posts_once_for_two_requests_where_it_has_a_key(self, channel, account, client):
        submission = build_submission()
        account.misbehaves("accept_and_hang_up", count=1)

        first = self.publish(channel, account.destination(), client, submission)
        second = self.publish(channel, account.destination(), client, submission)

        assert isinstance(first, Unknown)
        assert isinstance(second, Published)
        assert len(account.posts()) == 1

    @where(lambda its: its.channel.probes(its.account))
    def test_names_the_first_post_to_an_identical_repeat_where_it_probes(self, channel, account, client):
        submission = build_submission()
        account.misbehaves("accept_and_hang_up", count=1)

        first = self.publish(channel, account.destination(), client, submission)
        repeat = self.publish(channel, account.destination(), client, submission)

        (post,) = account.posts()
        assert isinstance(first, Unknown)
        assert isinstance(repeat, Rejected)
        assert repeat.reason is Reason.DUPLICATE
        assert repeat.publication == Publication(id=post["id"], url=post["url"])

    def test_does_not_mix_up_two_accounts(self, channel, account, second_account, client):
        def publish_to(one: SimulatedAccount) -> list[Outcome]:
            texts = [f"For {one.name}: {number}" for number in range(5)]
            return [self.publish(channel, one.destination(), client, build_submission(text)) for text in texts]

        with ThreadPoolExecutor(2) as pool:
            outcomes = [one for both in pool.map(publish_to, [account, second_account]) for one in both]

        assert [type(outcome) for outcome in outcomes] == [Published] * 10
        for one in (account, second_account):
            assert [post["text"] for post in one.posts()] == [f"For {one.name}: {number}" for number in range(5)]

    # --- misbehaving platforms ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize("fault", OUTCOMES)
    def test_gives_each_fault_its_outcome(self, channel, account, client, fault):
        account.misbehaves(fault)

        outcome = self.publish(channel, account.destination(), client)

        expected = {**OUTCOMES, **self.outcomes}[fault]
        assert (type(outcome), getattr(outcome, "reason", None)) == expected
        assert account.count("create") == 1
        if not isinstance(outcome, Unknown):
            assert account.posts() == []

    def test_waits_as_long_as_the_platform_asks(self, channel, account, client):
        account.misbehaves("rate_limited", retry_after=120)
        now = utc_now()

        outcome = self.publish(channel, account.destination(), client)

        assert isinstance(outcome, Deferred)
        if not self.states_wait:
            assert outcome.not_before is None
            return
        assert outcome.not_before is not None
        assert timedelta(seconds=100) < outcome.not_before - now < timedelta(seconds=180)
        assert "asks to wait until" in outcome.detail

    def test_defers_when_the_platform_does_not_know_the_credential(self, channel, account, client):
        destination = replace(account.destination(), credential="revoked")

        outcome = self.publish(channel, destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.CREDENTIAL)
        assert account.posts() == []

    @pytest.mark.parametrize("fault", UNREADABLE)
    def test_takes_an_unreadable_success_for_what_is_documented(self, channel, account, client, fault):
        account.misbehaves(fault)

        outcome = self.publish(channel, account.destination(), client)

        self.assert_unreadable(outcome, is_whole_head=fault in {"malformed", "huge"})
        assert account.count("create") == 1

    def test_does_not_wait_for_an_answer_that_drips(self, channel, account, hasty):
        account.misbehaves("slow_drip", delay=0.1)

        outcome = self.publish(channel, account.destination(), hasty)

        self.assert_unreadable(outcome, is_whole_head=True)

    def test_is_in_doubt_when_no_answer_comes_in_time(self, channel, account, hasty):
        account.misbehaves("slow", delay=2, applied="after")

        outcome = self.publish(channel, account.destination(), hasty)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"\x00\x01\x02\r\n\r\n"])
    def test_is_in_doubt_when_the_answer_is_no_http(self, channel, account, client, answer):
        with serving(self.answering(answer)) as server:
            outcome = self.publish(channel, self.elsewhere(account, server.url), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)
        assert len([request for request in server.requests if self.is_visible(request)]) == 1

    @pytest.mark.parametrize("body", [b'{"error": {"message": "No."}}', b'{"errors": [{"code": 1}]}', b"[]", b"null"])
    def test_takes_no_error_inside_a_success_for_a_publication(self, channel, account, client, body):
        with serving(self.answering(http_answer(body))) as server:
            outcome = self.publish(channel, self.elsewhere(account, server.url), client)

        if self.status_is_proof:
            assert isinstance(outcome, Published)
        else:
            assert isinstance(outcome, (Unknown, Rejected, Deferred))

    @pytest.mark.parametrize("status", range(400, 600, 7))
    def test_takes_no_refusal_for_a_success(self, channel, account, client, status):
        body = b'{"id": "1", "url": "https://example.org/1"}'
        with serving(self.answering(http_answer(body, status=f"{status} Some words"))) as server:
            outcome = self.publish(channel, self.elsewhere(account, server.url), client)

        assert not isinstance(outcome, Published)
        assert isinstance(outcome, Unknown) == (status >= 500)

    def test_defers_when_the_connection_is_refused(self, channel, account, client):
        destination = self.elsewhere(account, f"http://127.0.0.1:{unused_port()}")

        outcome = self.publish(channel, destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)

    def test_defers_when_the_certificate_is_not_valid(self, channel, account, client, tmp_path):
        tls = server_tls(make_certificate(tmp_path, "127.0.0.1"))

        with serving(http_answer(), tls=tls) as server:
            outcome = self.publish(channel, self.elsewhere(account, server.url), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert "certificate" in repr(outcome)
        assert server.requests == []

    def test_is_kept_from_private_addresses_in_a_deployment(self, channel, account, public_client):
        with serving(http_answer()) as server:
            url = server.url.replace("http://", "https://").replace(f":{server.port}", "")
            outcome = self.publish(channel, self.elsewhere(account, url), public_client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert server.connections == 0

    @where(lambda its: not its.channel.capabilities.base_url)
    def test_rejects_an_account_without_an_address(self, channel, account, client):
        outcome = self.publish(channel, self.nowhere(account), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)

    @where(lambda its: its.channel.capabilities.base_url)
    def test_calls_the_address_that_serves_everybody_for_an_account_that_names_none(self, channel, account):
        asked: list[tuple[str, int]] = []

        def resolve(host: str, port: int) -> list[str]:
            asked.append((host, port))
            return []

        destination = account.destination()
        outcome = self.publish(
            channel,
            replace(destination, account=replace(destination.account, base_url=None)),
            HttpClient(OutgoingPolicy(), 5, resolve=resolve),
        )

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert [f"https://{host}" for host, _ in asked] == [channel.capabilities.base_url]

    # --- looking up --------------------------------------------------------------------------------------------------

    def test_finds_what_it_lost_sight_of(self, channel, account, client):
        submission = build_submission(
            "Seen again: https://example.org/a/long/path?x=1&y=2 <b>&amp; 👋🏽", link="https://example.org/l"
        )
        trace = self.trace(channel, account, submission)
        account.misbehaves("accept_and_hang_up")
        self.publish(channel, account.destination(), client, submission)

        finding = border.look_up(channel, trace, account.destination(), client.courier(), now=utc_now())

        if channel.can_look_up(account.destination().account):
            assert isinstance(finding, Found)
            assert finding.publication.id == account.posts()[0]["id"]
        else:
            assert isinstance(finding, Undecidable)

    def test_does_not_find_what_is_not_there(self, channel, account, client):
        trace = self.trace(channel, account, build_submission())
        self.publish(channel, account.destination(), client, build_submission("Something else"))

        finding = border.look_up(channel, trace, account.destination(), client.courier(), now=utc_now())

        assert isinstance(finding, Absent if channel.can_look_up(account.destination().account) else Undecidable)

    @where(lambda its: its.channel.can_look_up(its.account))
    @pytest.mark.parametrize("fault", [fault for fault in (*OUTCOMES, *UNREADABLE) if fault != "malformed"])
    def test_says_so_when_the_look_up_fails(self, channel, account, client, fault):
        account.misbehaves(fault, on="read")

        finding = border.look_up(
            channel,
            self.trace(channel, account, build_submission()),
            account.destination(),
            client.courier(),
            now=utc_now(),
        )

        assert isinstance(finding, LookupFailed)
        assert not finding.detail.isspace()

    def test_only_reads_when_looking_up(self, channel, account, client):
        courier = client.courier()

        border.look_up(
            channel, self.trace(channel, account, build_submission()), account.destination(), courier, now=utc_now()
        )

        assert account.count("create") == 0
        assert not courier.may_have_acted

    # --- secrets -----------------------------------------------------------------------------------------------------

    def test_lets_no_secret_out(self, channel, account, client, caplog):
        caplog.set_level(logging.DEBUG)
        submission = build_submission(SECRET_TEXT)
        destination = account.destination()
        said = [repr(destination), repr(channel)]

        for fault in (None, *OUTCOMES, *UNREADABLE):
            if fault:
                account.misbehaves(fault)
            courier = client.courier()
            payload = channel.build(submission, destination.account)
            said.append(repr(border.publish(channel, payload, destination, courier, now=utc_now())))
            trace = Trace(payload=payload, first_commit_at=utc_now())
            said.append(repr(border.look_up(channel, trace, destination, client.courier(), now=utc_now())))
            account.behaves()

        everything = "\n".join([*said, caplog.text, *(repr(vars(record)) for record in caplog.records)])
        assert [secret for secret in self.secrets_of(account) if secret in everything] == []
        assert SECRET_TEXT not in everything

    @pytest.mark.parametrize("fault", [*OUTCOMES, *UNREADABLE])
    def test_speaks_to_editors_in_a_sentence_without_addresses(self, channel, account, client, fault):
        account.misbehaves(fault)

        outcome = self.publish(channel, account.destination(), client)

        if not isinstance(outcome, Published):
            assert outcome.detail.startswith(f"{channel.capabilities.name} ")
            assert outcome.detail.endswith(".")
            assert "127.0.0.1" not in outcome.detail
            assert "//" not in outcome.detail

    # --- what a channel may say about itself -------------------------------------------------------------------------

    def key_sent(self, payload: Payload) -> str:
        """Return what the platform is told as the key: the delivery key itself, or what is derived from it."""
        return payload.delivery_key

    def is_visible(self, raw_request: bytes) -> bool:
        """Tell whether a request makes something visible; one that only prepares for that does not."""
        return True

    def answering(self, answer: bytes) -> Script:
        """Return what a server does that gives this answer to visible requests, and to others what they need."""
        return saying(answer)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def publish(self, channel: Channel, destination: Destination, client: HttpClient, submission=None) -> Outcome:
        payload: Payload = channel.build(submission or build_submission(), destination.account)
        return border.publish(channel, payload, destination, client.courier(), now=utc_now())

    def trace(self, channel: Channel, account: SimulatedAccount, submission) -> Trace:
        payload = channel.build(submission, account.destination().account)
        return Trace(payload=payload, first_commit_at=utc_now())

    def elsewhere(self, account: SimulatedAccount, url: str) -> Destination:
        destination = account.destination()
        return replace(destination, account=replace(destination.account, base_url=url))

    def nowhere(self, account: SimulatedAccount) -> Destination:
        """Return the account without anything that says where its requests go."""
        destination = account.destination()
        return replace(destination, account=replace(destination.account, base_url=None))

    def secrets_of(self, account: SimulatedAccount) -> tuple[str, ...]:
        """Return what may appear nowhere."""
        return (account.credential,)

    def assert_unreadable(self, outcome: Outcome, *, is_whole_head: bool) -> None:
        if self.status_is_proof or (self.header_is_proof and is_whole_head):
            assert isinstance(outcome, Published)
        else:
            assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)
