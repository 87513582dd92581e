"""What a client reads of a message that was published: the publication and the receipt."""

from collections.abc import Iterator

import pytest
from django.test import Client

from publishing.identity.authentication import forget_keys
from tests.pool import CLIENT_ID, ISSUER, build_token, serve_jwks
from tests.system import System


@pytest.fixture
def reader(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A viewer's client of the same table."""
    with serve_jwks() as jwks:
        for name, value in {
            "COGNITO_USER_POOL_ID": "eu-central-1_TestPool1",
            "COGNITO_CLIENT_ID": CLIENT_ID,
            "OMNIPUB_TOKEN_ISSUER": ISSUER,
            "OMNIPUB_JWKS_URL": jwks.url,
        }.items():
            monkeypatch.setenv(name, value)
        forget_keys()
        yield Client(headers={"Authorization": f"Bearer {build_token(groups=['viewer'])}"})
        forget_keys()


class TestAReceipt:
    def test_says_what_was_sent_when_and_where_it_can_be_seen(self, system: System, reader: Client):
        message = system.publish(system.connect("mastodon", "toots"), text="Hello everybody").message
        system.tick()
        system.work()

        delivery = reader.get(f"/api/v1/messages/{message.id}/deliveries/mastodon/").json()
        listed = reader.get(f"/api/v1/messages/{message.id}/").json()

        (attempt,) = delivery["receipt"]["attempts"]
        assert (delivery["state"], delivery["attempts"], delivery["problem"]) == ("published", 1, None)
        assert (attempt["text"], attempt["outcome"], len(attempt["payload_sha"])) == (
            "Hello everybody",
            "published",
            64,
        )
        assert attempt["publication"]["url"] == delivery["publication"]["url"]
        times = [
            delivery["receipt"]["planned_at"],
            attempt["claimed_at"],
            attempt["committed_at"],
            attempt["ended_at"],
        ]
        assert all(time.endswith("Z") for time in times)
        assert attempt["claimed_at"] <= attempt["committed_at"] <= attempt["ended_at"]
        assert listed["status"] == "published"
        assert listed["deliveries"] == [{name: value for name, value in delivery.items() if name != "receipt"}]

    def test_changes_the_etag_although_nobody_edited(self, system: System, reader: Client):
        message = system.publish(system.connect("webhook", "newsroom")).message
        path = f"/api/v1/messages/{message.id}/"
        before = reader.get(path)

        system.tick()
        system.work()
        after = reader.get(path, headers={"If-None-Match": before["ETag"]})

        assert after.status_code == 200
        assert after.json()["rev"] == before.json()["rev"]
        assert after["ETag"] != before["ETag"]
