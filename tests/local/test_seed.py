"""Demonstration data, put into a real table and at real platforms."""

import os

import pytest

from local.api import Client
from local.plan import WALL_URL
from local.platforms import start
from local.seed import ACCOUNTS, connect_missing, seed
from publishing.domain.permissions import SYSTEM
from publishing.services.queries import list_accounts
from publishing.store.accounts import read_lane
from tests.system import System


@pytest.fixture
def environment(system: System, monkeypatch) -> dict[str, str]:
    monkeypatch.setenv(WALL_URL, system.platforms.url)
    return dict(os.environ)


class TestSeed:
    def test_connects_accounts_and_writes_a_first_message_once(self, environment):
        first, second = seed(environment), seed(environment)

        assert first == (*(f"account {account.name}" for account in ACCOUNTS), "first message")
        assert second == ()
        assert len(list_accounts(actor=SYSTEM)) == len(ACCOUNTS)

    def test_opens_some_accounts_of_each_channel_to_members(self, environment):
        seed(environment)

        opened = {account.channel for account in list_accounts(actor=SYSTEM) if account.open_to_members}
        assert opened == {account.channel for account in ACCOUNTS}

    def test_follows_the_platforms_to_another_address(self, environment, system, tmp_path_factory):
        connect_missing(environment, wanted=ACCOUNTS)
        with start(port=0, state_dir=tmp_path_factory.mktemp("elsewhere")) as elsewhere:
            accounts, done = connect_missing(environment | {WALL_URL: elsewhere.url}, wanted=ACCOUNTS)

            assert done == tuple(f"address of {account.name}" for account in ACCOUNTS)
            assert all(str(account.base_url).startswith(elsewhere.url) for account in accounts)
            credentials = [read_lane(account.id).credential for account in accounts]
            assert [credential and credential.version for credential in credentials] == [2] * len(ACCOUNTS)
            system.publish(*accounts, text="From the new address")
            system.tick()
            system.work()
            posts = Client(url=elsewhere.url).get("/_control/posts")["posts"]
        assert sorted(post["text"] for post in posts) == ["From the new address"] * len(ACCOUNTS)
