"""What becomes of doubt where the platform has no key, but refuses identical text or can be read back."""

from dataclasses import replace

import pytest

from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.domain.account import Account
from publishing.domain.attempt import AttemptOutcome
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Publication
from publishing.domain.quota import QuotaUnit
from publishing.services.settling import cancel_message
from publishing.store.accounts import change_account
from publishing.store.deliveries import list_attempts
from publishing.store.writes import run
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
    """Nobody can read it back, so the identical request is repeated once: LinkedIn refuses a double and names it."""

    @pytest.mark.parametrize("fault", ["accept_and_hang_up", "hang_up_before", "server_error_after"])
    def test_is_settled_by_one_identical_repeat(self, system: System, clock: Clock, fault: str):
        system.misbehave("linkedin", fault, count=1)
        message_id = system.publish(connect_member(system)).message.id

        settle_doubt(system, clock)

        found = system.read(message_id)
        (post,) = system.posts()
        first, repeat = list_attempts(message_id, "linkedin")
        assert found.message.status is MessageStatus.PUBLISHED
        assert found.deliveries[0].publication == Publication(id=post["id"], url=post["url"])
        assert (first.outcome, repeat.outcome) == (AttemptOutcome.UNKNOWN, AttemptOutcome.PUBLISHED)
        assert first.payload_sha == repeat.payload_sha
        assert repeat.publication == found.deliveries[0].publication

    def test_is_left_to_a_person_when_the_answer_to_the_repeat_is_lost_too(self, system: System, clock: Clock):
        system.misbehave("linkedin", "accept_and_hang_up")
        message_id = system.publish(connect_member(system)).message.id

        settle_doubt(system, clock)

        (delivery,) = system.read(message_id).deliveries
        assert delivery.state is DeliveryState.UNCONFIRMED
        assert delivery.problem is not None
        assert "Look for it there" in delivery.problem.detail
        assert system.read(message_id).message.status is MessageStatus.NEEDS_ATTENTION
        assert len(list_attempts(message_id, "linkedin")) == 2

    def test_is_settled_later_when_the_repeat_was_certainly_not_carried_out(self, system: System, clock: Clock):
        system.misbehave("linkedin", "accept_and_hang_up", count=1)
        system.misbehave("linkedin", "rate_limited", count=2)
        message_id = system.publish(connect_member(system)).message.id

        settle_doubt(system, clock, rounds=6)

        outcomes = [attempt.outcome for attempt in list_attempts(message_id, "linkedin")]
        deferred = [AttemptOutcome.DEFERRED] * 2
        assert outcomes == [AttemptOutcome.UNKNOWN, *deferred, AttemptOutcome.PUBLISHED]
        assert system.read(message_id).message.status is MessageStatus.PUBLISHED
        assert len(system.posts()) == 1

    def test_is_never_settled_by_a_repeat_once_the_message_is_cancelled(self, system: System, clock: Clock):
        system.misbehave("linkedin", "hang_up_before", count=1)
        message_id = system.publish(connect_member(system)).message.id

        system.settle(ticks=1)
        cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)
        settle_doubt(system, clock)

        assert system.read(message_id).deliveries[0].state is DeliveryState.UNCONFIRMED
        assert system.posts() == []

    def test_is_never_settled_by_another_request_than_the_first(self, system: System, clock: Clock):
        system.misbehave("linkedin", "accept_and_hang_up", count=1)
        account = connect_member(system)
        message_id = system.publish(account).message.id

        system.settle(ticks=1)
        other = {"remote_id": ORGANIZATION, "reads": "no"}
        run(change_account(replace(account, settings=other, rev=account.rev + 1), read=account))
        settle_doubt(system, clock)

        assert system.read(message_id).deliveries[0].state is DeliveryState.UNCONFIRMED
        assert len(system.posts()) == 1
        assert len(list_attempts(message_id, "linkedin")) == 1


def connect_member(system: System) -> Account:
    return system.connect("linkedin", "founder", settings={"remote_id": MEMBER})


def settle_doubt(system: System, clock: Clock, *, rounds: int = 4) -> None:
    """Let the time pass in which the platform settles, again and again."""
    system.settle(ticks=1)
    for _ in range(rounds):
        clock.move(seconds=121)
        system.settle(ticks=1)


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


class TestTwoMessagesWithOneText:
    """On a server that would take both, so that only a look-up tells which of them is there."""

    def test_are_not_taken_for_each_other_when_only_one_of_them_was_published(self, system: System, clock: Clock):
        account = connect_keyless(system)
        first = system.publish(account, text="The same words").message.id
        system.settle(ticks=1)
        system.misbehave("mastodon", "hang_up_before", count=1)
        second = system.publish(account, text="The same words").message.id

        settle_doubt(system, clock)

        assert publication_ids(system, first, second) == [post["id"] for post in system.posts()]
        assert len(system.posts()) == 2

    def test_are_both_found_when_both_are_there_and_in_doubt(self, system: System, clock: Clock):
        account = connect_keyless(system)
        system.misbehave("mastodon", "accept_and_hang_up", count=2)
        messages = [system.publish(account, text="The same words").message.id for _ in range(2)]

        settle_doubt(system, clock)

        assert sorted(publication_ids(system, *messages)) == sorted(post["id"] for post in system.posts())
        assert len(system.posts()) == 2


def connect_keyless(system: System) -> Account:
    return system.connect("mastodon", "toots", settings={"honors_key": "no"})


def publication_ids(system: System, *message_ids: str) -> list[str]:
    publications = [system.read(message_id).deliveries[0].publication for message_id in message_ids]
    return [publication.id for publication in publications if publication is not None]


class TestWhatIsLeftAtAPlatform:
    @pytest.mark.parametrize(
        ("channel", "unit"),
        [("mastodon", QuotaUnit.CALLS), ("bluesky", QuotaUnit.POINTS), ("facebook", QuotaUnit.PERCENT)],
    )
    def test_is_kept_with_the_delivery_that_was_told(self, system: System, channel: str, unit: QuotaUnit):
        credential = {"credential": "news.test:bluesky-news-secret"} if channel == "bluesky" else {}
        message_id = system.publish(system.connect(channel, "news", **credential)).message.id

        system.settle()

        (delivery,) = system.read(message_id).deliveries
        assert delivery.quota is not None
        assert delivery.quota.unit is unit
        assert 0 < delivery.quota.left <= delivery.quota.limit

    def test_is_not_made_up_where_nothing_is_told(self, system: System):
        message_id = system.publish(connect(system, "linkedin")).message.id

        system.settle()

        (delivery,) = system.read(message_id).deliveries
        assert delivery.state is DeliveryState.PUBLISHED
        assert delivery.quota is None
