"""Channels on which the deployment's own role acts: no credential is asked for, stored or opened."""

import pytest

from publishing.domain.account import AccountStatus
from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import AccountChanges
from publishing.domain.errors import InvalidError
from publishing.domain.permissions import SYSTEM
from publishing.services.connecting import change_account
from publishing.store import accounts
from tests.channels.simulated import utc_now
from tests.system import System

MAIL = {"region": "us-east-1", "sender": "news@example.org", "recipient": "list@example.org"}
PHONE = {"region": "us-east-1", "number": "+12065550100"}


class TestAnAccountWithoutACredential:
    @pytest.mark.parametrize(("channel", "settings"), [("email", MAIL), ("sms", PHONE)])
    def test_is_published_to(self, system: System, channel, settings):
        account = system.connect(channel, "readers", settings=settings)
        message = system.publish(account, text="We are live!").message

        system.tick()
        system.work()

        (delivery,) = system.read(message.id).deliveries
        assert delivery.state is DeliveryState.PUBLISHED
        assert [post["text"] for post in system.posts()] == ["We are live!"]

    def test_has_none_stored(self, system: System):
        account = system.connect("email", "readers", settings=MAIL)

        lane = accounts.read_lane(account.id)

        assert lane.account is not None
        assert (lane.account.settings, lane.credential) == (MAIL, None)

    def test_is_led_to_another_address_without_one(self, system: System):
        account = system.connect("email", "readers", settings=MAIL)
        moved = f"{system.platforms.url}/email/others"

        change_account(
            actor=SYSTEM, account_id=account.id, changes=AccountChanges(base_url=moved), rev=None, now=utc_now(),
            context=system.context,
        )  # fmt: skip

        lane = accounts.read_lane(account.id)
        assert lane.account is not None
        assert (lane.account.base_url, lane.account.settings, lane.credential) == (moved, MAIL, None)

    def test_is_left_alone_when_the_role_is_refused(self, system: System):
        account = system.connect("sms", "oncall", settings=PHONE)
        message = system.publish(account).message
        system.misbehave("sms", "expired_credential")

        system.tick()
        system.work()

        (delivery,) = system.read(message.id).deliveries
        lane = accounts.read_lane(account.id)
        assert (delivery.state, delivery.attempts, delivery.parked_since) == (DeliveryState.RETRY, 1, None)
        assert lane.account is not None
        assert lane.account.status is AccountStatus.OK

    def test_is_in_doubt_after_a_lost_answer_and_sent_to_no_second_time(self, system: System):
        account = system.connect("email", "readers", settings=MAIL)
        message = system.publish(account).message
        system.misbehave("email", "accept_and_hang_up")

        system.tick()
        system.work()
        system.tick()
        system.work()

        (delivery,) = system.read(message.id).deliveries
        assert delivery.state is DeliveryState.UNKNOWN
        assert len(system.posts()) == 1


class TestConnecting:
    @pytest.mark.parametrize(
        ("channel", "fields", "pointers"),
        [
            ("email", {"settings": MAIL, "credential": "secret"}, ["/credential"]),
            ("email", {"settings": {**MAIL, "recipient": "nobody"}}, ["/settings/recipient"]),
            ("email", {"settings": {}}, ["/settings/region", "/settings/sender", "/settings/recipient"]),
            ("email", {"settings": MAIL, "base_url": "https://evil.example"}, ["/base_url"]),
            ("sms", {"settings": {**PHONE, "number": "911"}}, ["/settings/number"]),
            ("webhook", {"credential": ""}, ["/credential"]),
        ],
    )
    def test_refuses_what_the_channel_cannot_use(self, system: System, channel, fields, pointers):
        with pytest.raises(InvalidError) as refused:
            system.connect(channel, "readers", **fields)

        assert [problem.pointer for problem in refused.value.problems] == pointers

    def test_says_that_there_is_no_credential_to_give(self, system: System):
        with pytest.raises(InvalidError, match="Email accounts have no credential"):
            system.connect("email", "readers", settings=MAIL, credential="secret")
