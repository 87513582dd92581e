"""Copies of messages over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.store import accounts, writes
from tests.api.conftest import Api, Table

LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


@pytest.fixture
def message(api: Api, put_account: Callable[..., Account]) -> dict[str, Any]:
    """A scheduled message of an editor's to two accounts, one of them opened to members."""
    targets = [put_account(name="opened", open_to_members=True).id, put_account(name="closed").id]
    body = {
        "title": "Launch", "text": "We are live!", "link": "https://example.org/launch", "accounts": targets,
        "variants": {"webhook": {"text": "Live!"}}, "schedule": {"at": LATER, "zone": None},
    }  # fmt: skip
    response = api.post("messages/", body)
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


class TestACopy:
    def test_says_the_same_as_a_draft_of_mine(self, sign_in: Callable[..., Api], message: dict[str, Any]):
        response = sign_in("editor", sub="somebody-else").post(f"messages/{message['id']}/duplicate/")

        copy = response.json()
        same = ("title", "text", "link", "media", "variants", "accounts")
        assert (response.status_code, response["Location"]) == (201, f"/api/v1/messages/{copy['id']}/")
        assert response["ETag"].startswith('"r1.')
        assert {name: copy[name] for name in same} == {name: message[name] for name in same}
        assert (copy["owner"], copy["status"], copy["scheduled_at"]) == ("somebody-else", "draft", None)
        assert (copy["deliveries"], copy["dropped_accounts"], copy["rev"]) == ([], [], 1)
        assert copy["id"] != message["id"]

    def test_is_a_message_like_any_other(self, api: Api, message: dict[str, Any]):
        copy = api.post(f"messages/{message['id']}/duplicate/").json()

        read = api.get(f"messages/{copy['id']}/").json()
        published = api.post(f"messages/{copy['id']}/publish/")

        assert read == {name: value for name, value in copy.items() if name != "dropped_accounts"}
        assert published.status_code == 202

    def test_is_addressed_to_those_only_that_can_be_used(self, api: Api, message: dict[str, Any]):
        opened, closed = message["accounts"]
        read = accounts.get_account(opened)
        writes.run(accounts.change_account(replace(read, status=AccountStatus.PAUSED, rev=read.rev + 1), read=read))

        copy = api.post(f"messages/{message['id']}/duplicate/").json()

        assert (copy["accounts"], copy["dropped_accounts"]) == ([closed], [opened])

    def test_of_a_members_own_leaves_out_what_was_closed_to_members(
        self, sign_in: Callable[..., Api], put_account: Callable[..., Account]
    ):
        member, account = sign_in("member", sub="mia"), put_account(open_to_members=True)
        message = member.post("messages/", {"text": "Hi", "accounts": [account.id]}).json()
        read = accounts.get_account(account.id)
        writes.run(accounts.change_account(replace(read, open_to_members=False, rev=read.rev + 1), read=read))

        copy = member.post(f"messages/{message['id']}/duplicate/").json()

        assert (copy["owner"], copy["accounts"], copy["dropped_accounts"]) == ("mia", [], [account.id])

    def test_under_a_key_is_made_once(self, api: Api, table: Table, message: dict[str, Any]):
        answers = [
            api.post(f"messages/{message['id']}/duplicate/", {}, headers={"Idempotency-Key": "copy"}) for _ in range(2)
        ]

        assert answers[0].content == answers[1].content
        assert answers[1]["Idempotency-Replayed"] == "true"
        assert len([row for row in table.rows("MSG#") if row["SK"]["S"] == "METADATA"]) == 2

    @pytest.mark.parametrize("status", ["cancelled"])
    def test_can_be_made_of_what_has_ended(self, api: Api, message: dict[str, Any], status: str):
        api.post(f"messages/{message['id']}/cancel/")

        assert api.get(f"messages/{message['id']}/").json()["status"] == status
        assert api.post(f"messages/{message['id']}/duplicate/").json()["status"] == "draft"

    def test_takes_no_fields(self, api: Api, message: dict[str, Any]):
        response = api.post(f"messages/{message['id']}/duplicate/", {"text": "other"})

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/text")

    @pytest.mark.parametrize(("role", "status"), [("member", 404), ("viewer", 403), ("editor", 201), ("admin", 201)])
    def test_is_for_those_who_may_read_it_and_write(
        self, sign_in: Callable[..., Api], table: Table, message: dict[str, Any], role: str, status: int
    ):
        before = table.snapshot()

        response = sign_in(role, sub="asker").post(f"messages/{message['id']}/duplicate/")

        assert response.status_code == status
        assert (table.snapshot() == before) is (status != 201)


class TestAPreview:
    def test_tells_what_a_channel_knows_besides_the_length(self, api: Api, put_account: Callable[..., Account]):
        phone = put_account(channel="sms", base_url=None, settings={"region": "us-east-1", "number": "+12065550100"})
        hook = put_account()

        shown = api.post("messages/preview/", {"text": "ő" * 71, "accounts": [phone.id, hook.id]}).json()["accounts"]

        assert [(fact["code"], fact["value"]) for fact in shown[0]["facts"]] == [
            ("parts", "2"), ("encoding", "UCS-2"), ("units", "71"),
        ]  # fmt: skip
        assert all(fact["detail"].endswith(".") for fact in shown[0]["facts"])
        assert shown[1]["facts"] == []
