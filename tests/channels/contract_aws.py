"""The part of the contract that differs where the deployment's own role signs, and what such channels prove besides."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from publishing.channels.base import aws, border
from publishing.domain.account import Destination
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import Deferred, Published, Reason, Rejected
from publishing.http import HttpClient, OutgoingPolicy
from tests.channels.contract import ChannelContract
from tests.channels.simulated import SimulatedAccount, build_submission, utc_now
from tests.servers import http_answer, serving

KEY_ID = "AKIACANARYKEYID"
SECRET = "canary/of+the=role"
TOKEN = "canary-session-token"


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process whose role has these credentials and nothing else to find them in."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    aws._session.cache_clear()
    yield
    aws._session.cache_clear()


@pytest.mark.usefixtures("role")
class RoleSignedChannelContract(ChannelContract):
    """Every channel without credentials of its own passes these tests besides."""

    #: First label of the service's hosts.
    host: ClassVar[str]
    secret = "none"
    outcomes: ClassVar = {"expired_credential": (Deferred, Reason.UNAVAILABLE)}
    # The role can lack the right to ask and have the right to send.
    verdicts: ClassVar = {"expired_credential": HealthVerdict.PROBLEM, "forbidden": HealthVerdict.CANNOT_TELL}
    revoked: ClassVar = HealthVerdict.OK
    # Neither SES nor SNS says when to come back.
    states_wait = False

    def new_account(self, platforms_url: str) -> SimulatedAccount:
        account = replace(super().new_account(platforms_url), credential="")
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"])
        return account

    def nowhere(self, account: SimulatedAccount) -> Destination:
        destination = super().nowhere(account)
        settings = {name: value for name, value in destination.account.settings.items() if name != "region"}
        return replace(destination, account=replace(destination.account, settings=settings))

    def secrets_of(self, account: SimulatedAccount) -> tuple[str, ...]:
        return (SECRET, TOKEN)

    def test_needs_no_credential(self, channel):
        assert not channel.capabilities.needs_credential

    def test_defers_when_the_platform_does_not_know_the_credential(self, channel, account, client):
        account.is_registered(credentials=["AKIAOTHER/other"])

        self.assert_not_signed(self.publish(channel, account.destination(), client))
        assert account.posts() == []

    def test_defers_when_the_secret_is_another(self, channel, account, client):
        account.is_registered(credentials=[f"{KEY_ID}/other"])

        self.assert_not_signed(self.publish(channel, account.destination(), client))
        assert account.posts() == []

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_defers_when_the_clock_is_wrong(self, channel, account, client, minutes):
        payload = channel.build(build_submission(), account.destination().account)
        now = utc_now() + timedelta(minutes=minutes)

        outcome = border.publish(channel, payload, account.destination(), client.courier(), now=now)

        self.assert_not_signed(outcome)
        assert account.posts() == []

    def test_defers_when_the_process_has_no_role(self, channel, account, client, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        # In AWS the chain goes on to container and instance; there is neither here.
        monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", raising=False)
        monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", raising=False)
        aws._session.cache_clear()

        self.assert_not_signed(self.publish(channel, account.destination(), client))
        assert account.count("create") == 0

    def test_signs_for_the_region_of_the_account(self, channel, account, client):
        outcome = self.publish(channel, account.destination(region="eu-central-1"), client)

        # The simulated services are in us-east-1, and see that this is meant for elsewhere.
        self.assert_not_signed(outcome)

    def test_goes_to_the_host_of_its_region_unless_told_otherwise(self, channel, account):
        asked: list[str] = []

        def resolve(host: str, port: int) -> list[str]:
            asked.append(f"{host}:{port}")
            raise OSError("No names here.")

        client = HttpClient(OutgoingPolicy(), 5, resolve=resolve)
        destination = account.destination(region="eu-central-1")
        destination = replace(destination, account=replace(destination.account, base_url=None))

        outcome = self.publish(channel, destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert asked == [f"{self.host}.eu-central-1.amazonaws.com:443"]

    @pytest.mark.parametrize("url", ["https://evil.example/", "https://amazonaws.com.evil.example", "https://[", "x"])
    def test_signs_for_nobody_but_aws(self, channel, account, client, url):
        destination = self.elsewhere(account, url)

        outcome = self.publish(channel, destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert [problem.pointer for problem in channel.account_problems(destination.account)] == ["/base_url"]

    @pytest.mark.parametrize("region", ["", "us-east", "US-EAST-1", "us-east-1.evil.example/", "us-east-1\n", "../x"])
    def test_takes_no_other_word_for_a_region(self, channel, account, client, region):
        destination = account.destination(region=region)

        outcome = self.publish(channel, destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert [problem.pointer for problem in channel.account_problems(destination.account)] == ["/settings/region"]

    def test_says_on_a_draft_what_is_wrong_with_the_account(self, channel, account):
        target = account.destination(region="moon").account

        problems = channel.problems(build_submission().content, target)

        assert [(problem.field, problem.code) for problem in problems] == [("accounts", "bad_region")]

    def test_publishes_once_more_after_the_role_was_mended(self, channel, account, client):
        account.misbehaves("expired_credential", count=1)
        self.publish(channel, account.destination(), client)

        outcome = self.publish(channel, account.destination(), client)

        assert isinstance(outcome, Published)
        assert len(account.posts()) == 1

    @pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ExpiredTokenException"])
    def test_is_in_doubt_whatever_code_a_server_error_names(self, channel, account, client, code):
        raw = http_answer(b'{"message": "x"}', status="503 Some words", headers=f"x-amzn-ErrorType: {code}\r\n")
        with serving(raw) as server:
            outcome = self.publish(channel, self.elsewhere(account, server.url), client)

        assert getattr(outcome, "reason", None) is Reason.SERVER_ERROR

    def test_says_that_the_role_is_refused_when_it_is_checked(self, channel, account, client):
        account.is_registered(credentials=["AKIAOTHER/other"])

        health = self.check(channel, account.destination(), client)

        assert health.verdict is HealthVerdict.PROBLEM
        assert "does not accept the deployment's own signature" in health.detail

    def test_says_that_there_is_no_role_when_it_is_checked(self, channel, account, client, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", raising=False)
        monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", raising=False)
        aws._session.cache_clear()

        assert self.check(channel, account.destination(), client).verdict is HealthVerdict.PROBLEM
        assert account.count("read") == 0

    @pytest.mark.parametrize("region", ["", "moon"])
    def test_asks_nobody_about_an_account_with_a_bad_region(self, channel, account, client, region):
        health = self.check(channel, account.destination(region=region), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)
        assert account.count("read") == 0

    def assert_not_signed(self, outcome: object) -> None:
        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.UNAVAILABLE
        assert "did not accept the deployment's own signature" in outcome.detail
