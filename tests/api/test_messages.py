"""Messages over HTTP: create, read, edit, delete, schedule, publish, cancel, preview, list."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.api.idempotency import fingerprint
from publishing.domain.account import Account
from publishing.domain.ids import digest
from publishing.services import answers
from tests.api.conftest import Api, Table


def later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(api: Api, account: Account, **fields: object) -> Any:
    response = api.post("messages/", {"text": "We are live!", "accounts": [account.id], **fields})
    assert response.status_code == 201, response.content
    return response


class TestCreating:
    def test_answers_with_the_message_its_address_and_its_etag(self, api: Api, account: Account):
        response = create(api, account, title="Launch", link="https://example.org/launch")

        message = response.json()
        assert response["Location"] == f"/api/v1/messages/{message['id']}/"
        assert response["ETag"].startswith('"r1.')
        assert message["status"] == "draft"
        assert message["accounts"] == [account.id]
        assert (message["title"], message["link"], message["scheduled_at"]) == (
            "Launch", "https://example.org/launch", None
        )  # fmt: skip

    def test_with_a_schedule_also_schedules(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        assert message["status"] == "scheduled"
        assert message["scheduled_at"].endswith("Z")
        assert [(one["id"], one["state"], one["attempts"]) for one in message["deliveries"]] == [
            ("webhook", "pending", 0)
        ]

    def test_resolves_wall_time_in_its_zone_and_keeps_it(self, api: Api, account: Account):
        year = datetime.now(UTC).year + (1 if datetime.now(UTC).month > 1 else 0)
        at = f"{year}-01-31T09:00:00"

        message = create(api, account, schedule={"at": at, "zone": "Europe/Berlin"}).json()

        assert message["scheduled_at"] == f"{year}-01-31T08:00:00Z"
        assert (message["zone"], message["wall_time"]) == ("Europe/Berlin", at)

    @pytest.mark.parametrize("schedule", ["now", {"at": "2999-01-01T00:00:00Z"}])
    def test_takes_now_as_a_due_time_and_nothing_a_lifetime_ahead(self, api: Api, account: Account, schedule: object):
        response = api.post("messages/", {"text": "x", "accounts": [account.id], "schedule": schedule})

        assert response.status_code == (201 if schedule == "now" else 400)

    def test_keeps_a_draft_without_schedule_or_accounts(self, api: Api):
        response = api.post("messages/", {"text": "only an idea", "schedule": None})

        assert (response.status_code, response.json()["status"]) == (201, "draft")


class TestReading:
    def test_gives_the_same_etag_until_something_changes(self, api: Api, account: Account):
        message = create(api, account).json()
        first = api.get(f"messages/{message['id']}/")

        unchanged = api.get(f"messages/{message['id']}/", headers={"If-None-Match": first["ETag"]})
        api.patch(f"messages/{message['id']}/", {"text": "Changed"})
        changed = api.get(f"messages/{message['id']}/", headers={"If-None-Match": first["ETag"]})

        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged["ETag"] == first["ETag"]
        assert (changed.status_code, changed.json()["text"]) == (200, "Changed")

    @pytest.mark.parametrize("name", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "%00", "x" * 2000, "..", "%ED%A0%80"])
    def test_of_what_does_not_exist_is_404(self, api: Api, name: str):
        response = api.get(f"messages/{name}/")

        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")

    def test_of_somebody_elses_message_is_404_for_a_member(
        self, api: Api, account: Account, sign_in: Callable[..., Api]
    ):
        message = create(api, account).json()

        response = sign_in("member", sub="somebody-else").get(f"messages/{message['id']}/")

        assert response.status_code == 404

    def test_is_refused_to_who_has_no_role(self, sign_in: Callable[..., Api]):
        response = sign_in().get("messages/")

        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")


class TestEditing:
    def test_changes_only_what_is_named(self, api: Api, account: Account):
        message = create(api, account, title="Launch").json()

        edited = api.patch(f"messages/{message['id']}/", {"text": "Changed"}).json()

        assert (edited["title"], edited["text"], edited["rev"]) == ("Launch", "Changed", 2)

    def test_with_the_etag_that_was_read_goes_through(self, api: Api, account: Account):
        response = create(api, account)

        edited = api.patch(
            f"messages/{response.json()['id']}/", {"text": "Changed"}, headers={"If-Match": response["ETag"]}
        )

        assert edited.status_code == 200

    @pytest.mark.parametrize("tag", ['"r7"', '"something"', "garbage", '"r1.ab", "r2.ab"', '""'])
    @pytest.mark.parametrize("method", ["patch", "delete"])
    def test_with_another_etag_is_412_and_writes_nothing(
        self, api: Api, table: Table, account: Account, method: str, tag: str
    ):
        message = create(api, account).json()
        before = table.snapshot()

        response = getattr(api, method)(f"messages/{message['id']}/", {"text": "x"}, headers={"If-Match": tag})

        assert (response.status_code, response.json()["errors"][0]["header"]) == (412, "If-Match")
        assert table.snapshot() == before

    def test_compares_by_revision_even_when_a_proxy_weakened_the_etag(self, api: Api, account: Account):
        response = create(api, account)

        edited = api.patch(
            f"messages/{response.json()['id']}/", {"text": "x"}, headers={"If-Match": f"W/{response['ETag']}"}
        )

        assert edited.status_code == 200


class TestDeleting:
    def test_leaves_nothing_to_read(self, api: Api, account: Account):
        message = create(api, account).json()

        deleted = api.delete(f"messages/{message['id']}/")

        assert (deleted.status_code, deleted.content) == (204, b"")
        assert api.get(f"messages/{message['id']}/").status_code == 404


class TestScheduling:
    def test_sets_and_moves_the_due_time(self, api: Api, account: Account):
        message = create(api, account).json()
        path = f"messages/{message['id']}/schedule/"

        first = api.post(path, {"at": later(hours=1)})
        second = api.post(path, {"at": later(hours=2)})

        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json()["scheduled_at"] < second.json()["scheduled_at"]

    def test_now_is_the_call_named_publish(self, api: Api, account: Account):
        message = create(api, account).json()

        response = api.post(f"messages/{message['id']}/publish/")

        assert (response.status_code, response.json()["status"]) == (202, "scheduled")

    def test_of_something_without_accounts_says_what_is_missing(self, api: Api):
        message = api.post("messages/", {"text": "only an idea"}).json()

        response = api.post(f"messages/{message['id']}/publish/")

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/accounts")


class TestCancelling:
    def test_answers_for_each_delivery(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        response = api.post(f"messages/{message['id']}/cancel/")

        assert response.status_code == 200
        assert response.json()["verdicts"] == [{"delivery": "webhook", "verdict": "cancelled"}]
        assert response.json()["message"]["status"] == "cancelled"


class TestPreviewing:
    def test_shows_what_each_account_would_publish_and_writes_nothing(
        self, api: Api, table: Table, account: Account, put_account: Callable[..., Account]
    ):
        mastodon = put_account(channel="mastodon", name="Toots", base_url="https://toots.test")
        before = table.snapshot()

        response = api.post(
            "messages/preview/",
            {"text": "x" * 501, "accounts": [account.id, mastodon.id], "variants": {"webhook": {"text": "short"}}},
        )

        by_channel = {one["channel"]: one for one in response.json()["accounts"]}
        assert response.status_code == 200
        assert by_channel["webhook"]["problems"] == []
        assert by_channel["mastodon"]["limit"] == 500
        assert by_channel["mastodon"]["problems"][0]["field"] == "text"
        assert table.snapshot() == before


class TestTheList:
    def test_goes_page_by_page_over_every_message_once(self, api: Api, account: Account):
        made = {create(api, account, text=f"message {number}").json()["id"] for number in range(7)}
        seen: list[str] = []
        address = "/api/v1/messages/?limit=3&mine=true"

        while address:
            page = api.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"].removeprefix("http://testserver") if page["next"] else ""

        assert sorted(seen) == sorted(made)

    def test_filters_by_status(self, api: Api, account: Account):
        create(api, account)
        scheduled = create(api, account, schedule={"at": later(hours=1)}).json()

        page = api.get("messages/", {"status": "scheduled"}).json()

        assert [row["id"] for row in page["results"]] == [scheduled["id"]]

    @pytest.mark.parametrize("change", ["tampered", "another filter", "another person", "half a character"])
    def test_refuses_a_cursor_that_it_did_not_give(
        self, api: Api, account: Account, sign_in: Callable[..., Api], change: str
    ):
        for _ in range(3):
            create(api, account)
        address = api.get("messages/", {"limit": "2"}).json()["next"].removeprefix("http://testserver")
        client = sign_in("editor", sub="somebody-else") if change == "another person" else api
        changed = {
            "tampered": address[:-3] + ("aaa" if not address.endswith("aaa") else "bbb"),
            "another filter": address + "&mine=true",
            "another person": address,
            "half a character": "/api/v1/messages/?cursor=%ED%A0%80",
        }[change]

        response = client.get(changed)

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, "cursor")

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("status=sent", "status"), ("from=yesterday", "from"), ("to=2026-01-01T00:00:00", "to"), ("mine=1", "mine"),
            ("limit=0", "limit"), ("limit=101", "limit"), ("limit=%C2%B2", "limit"), ("channel=", "channel"),
            ("page=2", "page"), ("status=draft&status=failed", "status"), ("from=0001-01-01T00:00:00%2B14:00", "from"),
        ],
    )  # fmt: skip
    def test_names_the_parameter_that_it_cannot_read(self, api: Api, query: str, parameter: str):
        response = api.get(f"messages/?{query}")

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, parameter)


class TestTheIdempotencyKey:
    def test_gives_the_same_answer_again_and_creates_once(self, api: Api, table: Table, account: Account):
        body = {"text": "once", "accounts": [account.id]}
        key = {"Idempotency-Key": "a-key"}

        first = api.post("messages/", body, headers=key)
        again = api.post("messages/", body, headers=key)

        assert (again.status_code, again.content, again["ETag"]) == (201, first.content, first["ETag"])
        assert (again["Idempotency-Replayed"], "Idempotency-Replayed" in first) == ("true", False)
        assert len(table.rows("MSG#")) == 1

    def test_with_another_body_is_422_and_writes_nothing(self, api: Api, table: Table, account: Account):
        key = {"Idempotency-Key": "a-key"}
        api.post("messages/", {"text": "once"}, headers=key)
        before = table.snapshot()

        response = api.post("messages/", {"text": "twice"}, headers=key)

        assert (response.status_code, response.json()["errors"][0]["header"]) == (422, "Idempotency-Key")
        assert table.snapshot() == before

    def test_repeats_the_answer_to_an_action(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()
        key = {"Idempotency-Key": "cancel-it"}

        first = api.post(f"messages/{message['id']}/cancel/", headers=key)
        again = api.post(f"messages/{message['id']}/cancel/", headers=key)

        assert (first.status_code, again.content, again["Idempotency-Replayed"]) == (200, first.content, "true")

    def test_is_free_again_after_an_action_that_failed(self, api: Api, account: Account):
        message = api.post("messages/", {"text": "no accounts yet"}).json()
        key = {"Idempotency-Key": "publish-it"}
        refused = api.post(f"messages/{message['id']}/publish/", headers=key)
        api.patch(f"messages/{message['id']}/", {"accounts": [account.id]})

        accepted = api.post(f"messages/{message['id']}/publish/", headers=key)

        assert (refused.status_code, accepted.status_code) == (400, 202)

    def test_of_an_action_that_is_still_running_is_409(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()
        path = f"/api/v1/messages/{message['id']}/cancel/"
        request = fingerprint("POST", path, b"")
        answers.begin(user_id="a-user", key_sha=digest("cancel-it"), request_sha=request, now=datetime.now(UTC))

        response = api.post(path, headers={"Idempotency-Key": "cancel-it"})

        assert (response.status_code, response.json()["code"]) == (409, "still_running")
        assert api.get(f"messages/{message['id']}/").json()["status"] == "scheduled"

    def test_is_each_persons_own(self, api: Api, sign_in: Callable[..., Api]):
        key = {"Idempotency-Key": "a-key"}
        first = api.post("messages/", {"text": "mine"}, headers=key)

        other = sign_in("editor", sub="somebody-else").post("messages/", {"text": "mine"}, headers=key)

        assert other.status_code == 201
        assert other.json()["id"] != first.json()["id"]

    @pytest.mark.parametrize("key", ["", " ", "with space", "ü", "k" * 256])
    def test_that_can_be_none_is_refused_by_name(self, api: Api, table: Table, key: str):
        response = api.post("messages/", {"text": "x"}, headers={"Idempotency-Key": key})

        assert (response.status_code, response.json()["errors"][0]["header"]) == (400, "Idempotency-Key")
        assert table.rows("MSG#") == []


class TestDeliveries:
    def test_are_listed_with_their_states(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        page = api.get(f"messages/{message['id']}/deliveries/").json()

        assert page["results"] == message["deliveries"]

    def test_show_a_receipt_one_by_one(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        response = api.get(f"messages/{message['id']}/deliveries/webhook/")

        receipt = {"planned_at": message["scheduled_at"], "attempts": [], "feedback": []}
        assert response.json() == {**message["deliveries"][0], "receipt": receipt}

    @pytest.mark.parametrize("call", ["retry/", "resolve/"])
    def test_cannot_be_settled_while_they_wait(self, api: Api, account: Account, call: str):
        message = create(api, account, schedule={"at": later(hours=1)}).json()
        data = {"published": False} if call == "resolve/" else {}

        response = api.post(f"messages/{message['id']}/deliveries/webhook/{call}", data)

        assert (response.status_code, response.json()["code"]) == (409, "conflict")

    def test_that_were_cancelled_can_be_retried(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()
        api.post(f"messages/{message['id']}/cancel/")

        response = api.post(f"messages/{message['id']}/deliveries/webhook/retry/")

        assert (response.status_code, response.json()["status"]) == (202, "publishing")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "/published"), ({"published": "yes"}, "/published"), ({"published": 1}, "/published"),
            ({"published": None}, "/published"), ({"published": False, "url": "https://x.test/"}, "/url"),
        ],
    )  # fmt: skip
    def test_are_not_resolved_by_half_an_answer(self, api: Api, account: Account, body: object, pointer: str):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        response = api.post(f"messages/{message['id']}/deliveries/webhook/resolve/", body)

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, pointer)

    def test_are_not_resolved_by_an_empty_form(self, api: Api, account: Account):
        message = create(api, account, schedule={"at": later(hours=1)}).json()

        response = api.post(
            f"messages/{message['id']}/deliveries/webhook/resolve/",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/published")


class TestAccountsAndChannels:
    def test_show_health_and_never_a_secret(self, api: Api, account: Account):
        listed = api.get("accounts/").json()["results"]
        one = api.get(f"accounts/{account.id}/")

        assert listed == [one.json()]
        assert one["ETag"].startswith('"r1.')
        assert not {"credential", "ciphertext"} & set(one.json())
        assert (one.json()["settings"], one.json()["health"], one.json()["checked_at"]) == (None, None, None)

    def test_that_are_not_opened_are_hidden_from_members(
        self, put_account: Callable[..., Account], sign_in: Callable[..., Api]
    ):
        closed, opened = put_account(name="closed"), put_account(name="opened", open_to_members=True)
        member = sign_in("member")

        listed = [row["id"] for row in member.get("accounts/").json()["results"]]

        assert listed == [opened.id]
        assert member.get(f"accounts/{closed.id}/").status_code == 404

    def test_say_what_each_channel_can_do(self, api: Api):
        kinds = {row["kind"]: row for row in api.get("channels/").json()["results"]}

        assert kinds["mastodon"]["deduplication"] == "key"
        assert kinds["webhook"]["can_look_up"] is False


class TestMe:
    def test_says_who_i_am_and_what_i_may(self, sign_in: Callable[..., Api]):
        me = sign_in("viewer", sub="bob", username="bob").get("me/").json()

        assert (me["id"], me["name"], me["roles"]) == ("bob", "bob", ["viewer"])
        assert me["may"] == ["read_message", "see_account", "read_medium", "read_template", "read_series"]


def test_answers_are_json_without_white_space(api: Api):
    response = api.get("me/")

    assert response.content == json.dumps(response.json(), ensure_ascii=False, separators=(",", ":")).encode()
