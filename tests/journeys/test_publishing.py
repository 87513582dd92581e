"""A message from its creation to the publications, through the real handlers."""

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.store.deliveries import list_attempts
from tests.system import System


class TestAMessage:
    def test_is_published_on_every_account_with_its_receipt(self, system: System):
        newsroom, toots = system.connect("webhook", "newsroom"), system.connect("mastodon", "toots")
        message_id = system.publish(newsroom, toots, text="Hello everybody").message.id

        system.tick()
        answer = system.work()

        found = system.read(message_id)
        posts = system.posts()
        assert answer == {"batchItemFailures": []}
        assert found.message.status is MessageStatus.PUBLISHED
        assert {each.state for each in found.deliveries} == {DeliveryState.PUBLISHED}
        assert sorted((post["channel"], post["text"]) for post in posts) == [
            ("mastodon", "Hello everybody"),
            ("webhook", "Hello everybody"),
        ]
        for each in found.deliveries:
            (attempt,) = list_attempts(message_id, each.id)
            assert attempt.text == "Hello everybody"
            assert attempt.outcome == "published"
            assert each.publication == attempt.publication
