"""The part of the channels' contract about checks: asked how an account is, a channel only reads and never raises."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Channel
from publishing.domain.account import Destination
from publishing.domain.health import Health, HealthVerdict
from publishing.domain.outcome import Reason
from publishing.http import HttpClient, OutgoingPolicy
from tests.channels.applying import can_be_asked, can_be_asked_with_a_credential, where
from tests.channels.contract_pure import PureContract
from tests.channels.simulated import SimulatedAccount, utc_now
from tests.servers import http_answer, serving, unused_port

#: Each fault of a platform that is asked, and what every channel makes of it.
VERDICTS = {
    "rate_limited": HealthVerdict.CANNOT_TELL,
    "expired_credential": HealthVerdict.NEEDS_REAUTH,
    "forbidden": HealthVerdict.PROBLEM,
    "not_found": HealthVerdict.PROBLEM,
    "redirect": HealthVerdict.PROBLEM,
    "unavailable_before": HealthVerdict.CANNOT_TELL,
    "server_error_after": HealthVerdict.CANNOT_TELL,
    "hang_up_before": HealthVerdict.CANNOT_TELL,
    "accept_and_hang_up": HealthVerdict.CANNOT_TELL,
    "html": HealthVerdict.CANNOT_TELL,
    "empty": HealthVerdict.CANNOT_TELL,
    "malformed": HealthVerdict.CANNOT_TELL,
    "huge": HealthVerdict.CANNOT_TELL,
}


class CheckContract(PureContract):
    """Every channel passes these tests, as part of `ChannelContract`."""

    #: Verdicts on faults that differ from everybody's, each documented in the channel's README.
    verdicts: ClassVar[Mapping[str, HealthVerdict]] = {}
    #: The verdict on an account whose credential the platform does not know.
    revoked: ClassVar[HealthVerdict] = HealthVerdict.NEEDS_REAUTH

    def check(self, channel: Channel, destination: Destination, client: HttpClient) -> Health:
        courier = client.courier()
        health = border.check(channel, destination, courier, now=utc_now())
        assert not courier.may_have_acted
        return health

    def test_says_that_an_account_works_and_makes_nothing(self, channel, account, client):
        health = self.check(channel, account.destination(), client)

        can_check = channel.capabilities.can_check
        assert health.verdict is (HealthVerdict.OK if can_check else HealthVerdict.CANNOT_TELL)
        assert health.reason is None
        assert (account.count("read") > 0) is can_check
        assert account.count("create") == 0
        assert account.posts() == []

    @where(can_be_asked)
    def test_says_so_when_the_credential_was_revoked(self, channel, account, client):
        destination = replace(account.destination(), credential="revoked:canary-of-a-secret")

        health = self.check(channel, destination, client)

        assert health.verdict is self.revoked
        assert "canary" not in health.detail

    @where(can_be_asked_with_a_credential)
    def test_sees_a_revocation_although_it_asked_before(self, channel, account, client):
        before = self.check(channel, account.destination(), client)
        account.is_registered(credentials=["another:one"])

        after = self.check(channel, account.destination(), client)

        assert (before.verdict, after.verdict) == (HealthVerdict.OK, HealthVerdict.NEEDS_REAUTH)

    @where(can_be_asked_with_a_credential)
    @pytest.mark.parametrize("credential", ["", " ", "t\u00f6ken", "\x00"])
    def test_sends_no_credential_that_cannot_be_one(self, channel, account, client, credential):

        health = self.check(channel, replace(account.destination(), credential=credential), client)

        assert (health.verdict, health.reason) == (HealthVerdict.NEEDS_REAUTH, Reason.CREDENTIAL)
        assert account.count("read") == 0

    @where(can_be_asked)
    @pytest.mark.parametrize("fault", VERDICTS)
    def test_makes_of_each_fault_what_is_documented(self, channel, account, client, fault):
        account.misbehaves(fault, on="read")

        health = self.check(channel, account.destination(), client)

        assert health.verdict is {**VERDICTS, **self.verdicts}[fault]
        assert health.detail.startswith(f"{channel.capabilities.name} ")
        assert health.detail.endswith(".")
        assert "127.0.0.1" not in health.detail
        assert "//" not in health.detail

    @pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b"7", b'{"id": 7}', b'{"id": ""}', b'{"elements": {}}'])
    def test_takes_nothing_strange_for_health(self, channel, account, client, body):
        with serving(http_answer(body)) as server:
            health = self.check(channel, self.moved(account, server.url), client)

        assert health.verdict is HealthVerdict.CANNOT_TELL

    def test_cannot_tell_when_the_connection_is_refused(self, channel, account, client):
        health = self.check(channel, self.moved(account, f"http://127.0.0.1:{unused_port()}"), client)

        assert health.verdict is HealthVerdict.CANNOT_TELL

    @where(can_be_asked)
    def test_is_kept_from_private_addresses_when_it_asks(self, channel, account):
        client = HttpClient(OutgoingPolicy(), 5)
        with serving(http_answer()) as server:
            url = server.url.replace("http://", "https://").replace(f":{server.port}", "")
            health = self.check(channel, self.moved(account, url), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)
        assert server.connections == 0

    @where(lambda its: can_be_asked(its) and not its.channel.capabilities.base_url)
    def test_has_a_problem_with_an_account_that_is_nowhere(self, channel, account, client):
        health = self.check(channel, self.without_place(account), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)

    def test_lets_no_secret_out_when_it_asks(self, channel, account, client, caplog):
        caplog.set_level(logging.DEBUG)
        said = []

        for fault in (None, *VERDICTS):
            if fault:
                account.misbehaves(fault, on="read")
            said.append(repr(self.check(channel, account.destination(), client)))
            account.behaves()

        everything = "\n".join([*said, caplog.text, *(repr(vars(record)) for record in caplog.records)])
        assert [secret for secret in self.hidden(account) if secret and secret in everything] == []

    # --- helpers -----------------------------------------------------------------------------------------------------

    def moved(self, account: SimulatedAccount, url: str) -> Destination:
        destination = account.destination()
        return replace(destination, account=replace(destination.account, base_url=url))

    def without_place(self, account: SimulatedAccount) -> Destination:
        destination = account.destination()
        settings = {name: value for name, value in destination.account.settings.items() if name != "region"}
        return replace(destination, account=replace(destination.account, base_url=None, settings=settings))

    def hidden(self, account: SimulatedAccount) -> tuple[str, ...]:
        return (account.credential,)
