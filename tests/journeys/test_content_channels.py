"""What becomes of doubt where the platform has no key, but refuses identical text or can be read back."""

import pytest

from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.domain.account import Account
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from tests.clock import Clock
from tests.system import System


def connect(system: System, channel: str) -> Account:
    """Connect an account whose posts can be read back."""
    settings = {"remote_id": ORGANIZATION} if channel == "linkedin" else {}
    return system.connect(channel, "news", settings=settings)


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
class TestDoubtWhereTheFeedCanBeRead:
    @pytest.mark.parametrize("fault", ["accept_and_hang_up", "server_error_after", "unavailable_after"])
    def test_is_settled_by_finding_the_post(self, system: System, clock: Clock, channel: str, fault: str):
        system.misbehave(channel, fault, count=1)
        message_id = system.publish(connect(system, channel), text="We open (at eight) #today").message.id

        system.settle(ticks=1)
        (doubted,) = system.read(message_id).deliveries
        clock.move(seconds=121)
        system.settle(ticks=1)

        found = system.read(message_id)
        (post,) = system.posts()
        assert doubted.state is DeliveryState.UNKNOWN
        assert found.message.status is MessageStatus.PUBLISHED
        assert found.deliveries[0].publication is not None
        assert found.deliveries[0].publication.id == post["id"]

    @pytest.mark.parametrize("fault", ["hang_up_before", "server_error_before"])
    def test_leads_to_another_attempt_once_it_is_certain_that_nothing_is_there(
        self, system: System, clock: Clock, channel: str, fault: str
    ):
        system.misbehave(channel, fault, count=1)
        message_id = system.publish(connect(system, channel)).message.id

        system.settle(ticks=1)
        before = system.posts()
        for _ in range(3):
            clock.move(seconds=121)
            system.settle(ticks=1)

        assert before == []
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1

    def test_is_not_ended_by_a_look_up_that_fails(self, system: System, clock: Clock, channel: str):
        system.misbehave(channel, "accept_and_hang_up", count=1)
        system.misbehave(channel, "server_error_before", on="read", count=1)
        message_id = system.publish(connect(system, channel)).message.id

        system.settle(ticks=1)
        clock.move(seconds=121)
        system.settle(ticks=1)
        (still,) = system.read(message_id).deliveries
        clock.move(seconds=61)
        system.settle()

        assert still.state is DeliveryState.UNKNOWN
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1


class TestDoubtAboutAMembersPost:
    @pytest.mark.parametrize(("fault", "posts"), [("accept_and_hang_up", 1), ("hang_up_before", 0)])
    def test_is_left_to_a_person_and_never_repeated(self, system: System, clock: Clock, fault: str, posts: int):
        system.misbehave("linkedin", fault, count=1)
        account = system.connect("linkedin", "founder", settings={"remote_id": MEMBER})
        message_id = system.publish(account).message.id

        system.settle(ticks=1)
        for _ in range(3):
            clock.move(seconds=121)
            system.settle(ticks=1)

        (delivery,) = system.read(message_id).deliveries
        assert delivery.state is DeliveryState.UNCONFIRMED
        assert delivery.problem is not None
        assert "Look there" in delivery.problem.detail
        assert system.read(message_id).message.status is MessageStatus.NEEDS_ATTENTION
        assert len(system.posts()) == posts


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
class TestAnIdenticalMessage:
    def test_fails_with_a_sentence_because_nothing_of_it_is_in_doubt(self, system: System, clock: Clock, channel: str):
        account = connect(system, channel)
        first = system.publish(account, text="Twice").message.id
        system.settle(ticks=1)
        second = system.publish(account, text="Twice").message.id

        system.settle(ticks=1)

        (delivery,) = system.read(second).deliveries
        assert system.read(first).message.status is MessageStatus.PUBLISHED
        assert delivery.state is DeliveryState.FAILED
        assert delivery.problem is not None
        assert delivery.problem.code == "duplicate"
        assert "Change the wording" in delivery.problem.detail
        assert len(system.posts()) == 1
