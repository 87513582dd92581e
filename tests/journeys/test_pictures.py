"""A message with pictures, from their upload to the posts that show them, through the real handlers and the bucket."""

import pytest

from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.adapters import aws
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.store.deliveries import list_attempts
from tests.clock import Clock
from tests.emulator import Emulator
from tests.library import Library, library_of, show
from tests.system import System

S = DeliveryState
TWO = ["A door", "A house 🏠"]


@pytest.fixture
def library(system: System, emulator: Emulator) -> Library:
    return library_of(system, emulator)


class TestAMessageWithPictures:
    def test_shows_them_on_every_channel_that_takes_some(self, system: System, library: Library):
        accounts = [
            system.connect("webhook", "intranet"),
            system.connect("mastodon", "news"),
            system.connect("facebook", "page", credential="facebook-page-token secret"),
            system.connect("linkedin", "company", settings={"remote_id": ORGANIZATION}),
            system.connect("linkedin", "founder", settings={"remote_id": MEMBER}),
            system.connect("bluesky", "news", credential="news.test:bluesky-news-secret"),
        ]

        message = show(system, library, *accounts, alt_texts=TWO)
        system.settle()

        found = system.read(message.message.id)
        assert found.message.status is MessageStatus.PUBLISHED
        posts = system.posts()
        assert len(posts) == len(accounts)
        for post in posts:
            assert [image["alt_text"] for image in post["images"]] == TWO, post["channel"]

    @pytest.mark.parametrize("fault", ["rate_limited", "unavailable_before", "accept_and_hang_up"])
    def test_goes_on_with_the_upload_that_failed(self, system: System, library: Library, clock: Clock, fault: str):
        account = system.connect("mastodon", "news")
        message = show(system, library, account, alt_texts=[*TWO, ""])
        system.misbehave("mastodon", fault, on="upload", count=1)

        system.settle(ticks=1)
        after_fault = system.read(message.message.id).deliveries[0]
        clock.move(minutes=6)
        system.settle(ticks=2)

        assert (after_fault.state, after_fault.maybe_sent) == (S.RETRY, False)
        (post,) = system.posts()
        assert len(post["images"]) == 3
        # Nothing visible was tried before the last upload was there.
        assert len(list_attempts(message.message.id, "mastodon")) == 1

    def test_fails_with_a_sentence_when_a_picture_is_gone(self, system: System, library: Library):
        account = system.connect("mastodon", "news")
        message = show(system, library, account, alt_texts=["A door"])
        (use,) = message.message.media
        for file in use.renditions:
            aws.client("s3").delete_object(Bucket=library.context.media_bucket, Key=file.key)

        system.settle()

        delivery = system.read(message.message.id).deliveries[0]
        assert delivery.state is S.FAILED
        assert delivery.problem is not None
        assert delivery.problem.detail == "Mastodon was not called. An image of the message is no longer there."
        assert system.posts() == []

    def test_is_published_once_when_the_answer_to_the_visible_call_is_lost(
        self, system: System, library: Library, clock: Clock
    ):
        account = system.connect("mastodon", "news")
        message = show(system, library, account, alt_texts=TWO)
        system.misbehave("mastodon", "accept_and_hang_up", count=1)

        system.settle(ticks=1)
        clock.move(minutes=3)
        system.settle(ticks=2)

        assert system.read(message.message.id).message.status is MessageStatus.PUBLISHED
        (post,) = system.posts()
        assert len(post["images"]) == 2
