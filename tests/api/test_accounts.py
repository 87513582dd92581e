"""Accounts over HTTP: connect, change, pause, disconnect, check; who may, and what never comes out."""

import base64
import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session

from publishing.adapters import aws, secrets
from publishing.api import context
from publishing.channels.base.registry import get_channel, kinds
from publishing.domain.account import AccountStatus
from publishing.domain.events import CheckAccount, decode
from publishing.domain.health import Health, HealthVerdict
from publishing.domain.outcome import Problem, Reason
from publishing.store import accounts, writes
from tests.api.conftest import Api, Table

SECRET = "canary-token-of-the-account"
STREAM = "hints"
REFUSED = Problem(code=Reason.CREDENTIAL.value, detail="It was refused.", retryable=True)
MAIL = {"region": "us-east-1", "sender": "news@example.org", "recipient": "list@example.org"}


@pytest.fixture
def stream(table: Table, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[bytes]]]:
    """A key to seal with and a stream for hints; called, it returns what is on the stream."""
    monkeypatch.setenv("KINESIS_STREAM_NAME", STREAM)
    aws.client.cache_clear()
    context.context.cache_clear()
    session: Any = Session()
    kms, kinesis = (session.create_client(name, region_name="eu-central-1") for name in ("kms", "kinesis"))
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/omnipub", TargetKeyId=key_id)
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)

    def read() -> list[bytes]:
        (shard,) = kinesis.describe_stream(StreamName=STREAM)["StreamDescription"]["Shards"]
        place = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [record["Data"] for record in kinesis.get_records(ShardIterator=place)["Records"]]

    yield read
    kms.delete_alias(AliasName="alias/omnipub")
    kinesis.delete_stream(StreamName=STREAM)
    secrets._data_key.cache_clear()
    aws.client.cache_clear()
    context.context.cache_clear()


@pytest.fixture
def admin(stream: Callable[[], list[bytes]], sign_in: Callable[..., Api]) -> Api:
    return sign_in("admin", sub="the-admin")


def connect(api: Api, **fields: Any) -> Any:
    body = {"channel": "mastodon", "name": "News", "base_url": "https://social.test", "credential": SECRET, **fields}
    return api.post("accounts/", {name: value for name, value in body.items() if value is not ...})


def connected(api: Api, **fields: Any) -> dict[str, Any]:
    response = connect(api, **fields)
    assert response.status_code == 201, response.content
    account: dict[str, Any] = response.json()
    return account


def pointers(response: Any) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]


def credential_of(account_id: str) -> str:
    sealed = accounts.read_lane(account_id).credential
    assert sealed is not None
    return secrets.open_sealed(sealed)


class TestConnecting:
    def test_answers_with_the_account_its_address_and_its_etag(self, admin: Api):
        response = connect(admin, open_to_members=True, settings={"visibility": "unlisted"})

        account = response.json()
        assert (response.status_code, response["Location"]) == (201, f"/api/v1/accounts/{account['id']}/")
        assert response["ETag"].startswith('"r1.')
        assert (account["status"], account["health"], account["checked_at"]) == ("ok", None, None)
        assert account["settings"] == {"visibility": "unlisted"}
        assert admin.get(f"accounts/{account['id']}/").json() == account

    def test_seals_the_credential_for_the_worker(self, admin: Api):
        assert credential_of(connected(admin)["id"]) == SECRET

    def test_lets_the_credential_out_nowhere(self, admin: Api, table: Table, caplog: pytest.LogCaptureFixture):
        caplog.set_level(logging.DEBUG, "publishing")
        body = {"channel": "mastodon", "name": "News", "base_url": "https://social.test", "credential": SECRET}
        created = admin.post("accounts/", body, headers={"Idempotency-Key": "one"})
        one = f"accounts/{created.json()['id']}/"

        answers = [
            created,
            admin.post("accounts/", body, headers={"Idempotency-Key": "one"}),
            admin.post("accounts/", {**body, "channel": "email"}),
            admin.post("accounts/", {**body, "base_url": "http://social.test", "settings": {"x": "y"}}),
            admin.post("accounts/", {**body, "credential": [SECRET]}),
            admin.patch(one, {"credential": SECRET}),
            admin.patch(one, {"credential": SECRET, "base_url": "http://social.test"}),
            admin.get(one),
            admin.get("accounts/"),
        ]

        logged = [caplog.text, *(repr(vars(record)) for record in caplog.records)]
        everything = "\n".join([*table.snapshot(), *logged, *(answer.content.decode() for answer in answers)])
        statuses = [answer.status_code for answer in answers]
        assert statuses == [201, 201, 400, 400, 400, 200, 400, 200, 200]
        assert SECRET not in everything
        assert base64.b64encode(SECRET.encode()).decode().rstrip("=")[:-1] not in everything

    def test_under_a_key_connects_once(self, admin: Api, table: Table):
        body = {"channel": "mastodon", "name": "News", "base_url": "https://social.test", "credential": SECRET}
        headers = {"Idempotency-Key": "one"}

        first, again = (admin.post("accounts/", body, headers=headers) for _ in range(2))
        other = admin.post("accounts/", {**body, "name": "Other"}, headers=headers)

        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert first.json() == again.json()
        assert again["Idempotency-Replayed"] == "true"
        assert len(table.rows("ACCOUNT#")) == 2

    def test_writes_who_connected_it(self, admin: Api, table: Table):
        account = connected(admin)

        (record,) = table.records()
        assert record["actor"]["S"] == "the-admin"
        assert (record["action"]["S"], record["target"]["S"]) == ("account.connect", f"account:{account['id']}")
        assert "News" not in repr(record)

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"channel": "telepathy"}, ["/channel"]),
            ({"channel": ...}, ["/channel"]),
            ({"name": " \n"}, ["/name"]),
            ({"name": "two\nlines"}, ["/name"]),
            ({"name": "n" * 101}, ["/name"]),
            ({"credential": ...}, ["/credential"]),
            ({"credential": " "}, ["/credential"]),
            ({"credential": "c" * 4_097}, ["/credential"]),
            ({"base_url": ...}, ["/base_url"]),
            ({"base_url": None}, ["/base_url"]),
            ({"base_url": "http://social.test"}, ["/base_url"]),
            ({"base_url": "https://127.0.0.1"}, ["/base_url"]),
            ({"base_url": "https://169.254.169.254"}, ["/base_url"]),
            ({"base_url": "https://me:secret@social.test"}, ["/base_url"]),
            ({"base_url": "social.test"}, ["/base_url"]),
            ({"settings": {"tail": "long"}}, ["/settings/tail"]),
            ({"settings": {"a/b~c": "x"}}, ["/settings/a~1b~0c"]),
            ({"settings": {"text_limit": "many"}}, ["/settings/text_limit"]),
            ({"settings": {"text_limit": "0"}}, ["/settings/text_limit"]),
            ({"settings": {"image_size_limit": "20000001"}}, ["/settings/image_size_limit"]),
            ({"settings": {"visibility": 5}}, ["/settings/visibility"]),
            ({"settings": {"visibility": "a\nb"}}, ["/settings/visibility"]),
            ({"settings": ["x"]}, ["/settings"]),
            ({"open_to_members": "yes"}, ["/open_to_members"]),
            ({"status": "ok"}, ["/status"]),
            ({"token": "x"}, ["/token"]),
            ({"channel": "linkedin", "base_url": None}, ["/settings/remote_id"]),
            ({"channel": "email", "base_url": None, "settings": MAIL}, ["/credential"]),
            (
                {"channel": "email", "base_url": None, "credential": ..., "settings": {}},
                ["/settings/region", "/settings/sender", "/settings/recipient"],
            ),
            (
                {"name": " ", "credential": "", "base_url": "ftp://x", "settings": {"x": "y"}},
                ["/credential"],
            ),
        ],
    )
    def test_is_refused_by_the_name_of_what_is_wrong(self, admin: Api, table: Table, fields: Any, named: list[str]):
        response = connect(admin, **fields)

        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        assert pointers(response) == named
        assert all(error["detail"].endswith(".") for error in response.json()["errors"])
        assert table.rows("ACCOUNT#") == []

    @pytest.mark.parametrize(
        ("base_url", "status"),
        [("https://evil.test", 400), ("https://api.linkedin.com.evil.test", 400), ("https://api.linkedin.com/", 201)],
    )
    def test_of_a_platform_with_one_address_is_at_no_other(self, admin: Api, base_url: str, status: int):
        """Its credential goes to that platform: where omnipub is deployed, no other server may stand in for it."""
        response = connect(admin, channel="linkedin", base_url=base_url, settings={"remote_id": "urn:li:person:a1"})

        assert response.status_code == status, response.content
        if status == 400:
            (problem,) = response.json()["errors"]
            assert problem["pointer"] == "/base_url"
            assert problem["detail"] == "LinkedIn has one address, https://api.linkedin.com. Leave this empty."

    def test_is_answered_503_when_nothing_can_be_sealed(
        self, admin: Api, table: Table, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("OMNIPUB_KMS_KEY_ID", "alias/nowhere")
        context.context.cache_clear()

        assert connect(admin).status_code == 503
        assert table.rows("ACCOUNT#") == []


class TestChanging:
    def test_changes_what_is_named_and_nothing_else(self, admin: Api):
        account = connected(admin, settings={"visibility": "unlisted"})

        response = admin.patch(f"accounts/{account['id']}/", {"name": "Renamed", "open_to_members": True})

        changed = response.json()
        assert (response.status_code, changed["rev"]) == (200, 2)
        assert response["ETag"].startswith('"r2.')
        differing = {name for name in account if account[name] != changed[name]}
        assert differing == {"name", "open_to_members", "rev", "updated_at"}
        assert credential_of(account["id"]) == SECRET

    def test_replaces_all_settings_at_once(self, admin: Api):
        account = connected(admin, settings={"visibility": "unlisted", "text_limit": "5000"})

        changed = admin.patch(f"accounts/{account['id']}/", {"settings": {"visibility": "public"}}).json()

        assert changed["settings"] == {"visibility": "public"}

    def test_leads_no_stored_credential_to_another_server(self, admin: Api, table: Table):
        account = connected(admin)
        before = table.snapshot()

        response = admin.patch(f"accounts/{account['id']}/", {"base_url": "https://evil.test"})

        assert (response.status_code, pointers(response)) == (400, ["/credential"])
        assert table.snapshot() == before

    def test_moves_an_account_together_with_a_new_credential(self, admin: Api):
        account = connected(admin)

        changed = admin.patch(f"accounts/{account['id']}/", {"base_url": "https://new.test", "credential": "other"})

        assert changed.json()["base_url"] == "https://new.test"
        assert credential_of(account["id"]) == "other"

    def test_takes_the_same_address_without_a_credential(self, admin: Api):
        account = connected(admin)

        response = admin.patch(f"accounts/{account['id']}/", {"base_url": account["base_url"], "name": "Renamed"})

        assert (response.status_code, response.json()["name"]) == (200, "Renamed")
        assert credential_of(account["id"]) == SECRET

    def test_of_the_credential_lets_an_account_be_used_again(self, admin: Api):
        account = connected(admin)
        accounts.mark_needs_reauth(account["id"], version=1, problem=REFUSED, now=datetime.now(UTC))

        refused = admin.patch(f"accounts/{account['id']}/", {"status": "ok"})
        renamed = admin.patch(f"accounts/{account['id']}/", {"name": "Renamed"}).json()
        changed = admin.patch(f"accounts/{account['id']}/", {"credential": "other"}).json()

        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert (renamed["status"], renamed["problem"]["code"]) == ("needs_reauth", "credential")
        assert (changed["status"], changed["problem"]) == ("ok", None)

    def test_forgets_what_a_check_found_before(self, admin: Api):
        account = connected(admin)
        read, now = accounts.get_account(account["id"]), datetime.now(UTC)
        health = Health(verdict=HealthVerdict.PROBLEM, reason=Reason.PERMISSION, detail="No rights.")
        accounts.record_check(read.checked(health, now), read=read)

        before = admin.get(f"accounts/{account['id']}/").json()
        renamed = admin.patch(f"accounts/{account['id']}/", {"name": "Renamed"}).json()
        changed = admin.patch(f"accounts/{account['id']}/", {"settings": {}}).json()

        assert before["health"] == {"verdict": "problem", "reason": "permission", "detail": "No rights."}
        assert before["problem"]["code"] == "permission"
        assert (before["rev"], renamed["health"]) == (1, before["health"])
        assert (changed["health"], changed["checked_at"], changed["problem"]) == (None, None, None)

    def test_pauses_and_resumes(self, admin: Api):
        account = connected(admin)

        paused = admin.patch(f"accounts/{account['id']}/", {"status": "paused"}).json()
        renamed = admin.patch(f"accounts/{account['id']}/", {"name": "Renamed"}).json()
        message = admin.post("messages/", {"text": "Hi", "accounts": [account["id"]]})
        resumed = admin.patch(f"accounts/{account['id']}/", {"status": "ok"}).json()

        assert [paused["status"], renamed["status"], resumed["status"]] == ["paused", "paused", "ok"]
        assert (message.status_code, pointers(message)) == (400, ["/accounts/0"])

    def test_lifts_no_block(self, admin: Api):
        account = connected(admin)
        accounts.block_account(account["id"], problem=REFUSED, now=datetime.now(UTC))
        one = f"accounts/{account['id']}/"

        refused = [admin.patch(one, {"status": status}) for status in ("ok", "paused")]
        changed = admin.patch(one, {"name": "Renamed", "credential": "other", "settings": {}}).json()

        assert [response.status_code for response in refused] == [409, 409]
        assert (changed["name"], changed["status"], changed["problem"]["code"]) == ("Renamed", "blocked", "credential")

    @pytest.mark.parametrize("tag", ['"r7.abc"', '"nonsense"'])
    def test_of_what_somebody_else_changed_is_412(self, admin: Api, tag: str):
        account = connected(admin)

        response = admin.patch(f"accounts/{account['id']}/", {"name": "Mine"}, headers={"If-Match": tag})

        assert (response.status_code, response.json()["code"]) == (412, "stale")
        assert admin.get(f"accounts/{account['id']}/").json() == account

    def test_with_the_etag_that_came_with_it_is_made(self, admin: Api):
        response = connect(admin)

        changed = admin.patch(response["Location"], {"name": "Mine"}, headers={"If-Match": response["ETag"]})

        assert changed.status_code == 200

    def test_keeps_what_a_worker_noted_in_between(self, admin: Api, monkeypatch: pytest.MonkeyPatch):
        account = connected(admin)
        transact = writes.transact

        def note_first(rows: Any) -> None:
            monkeypatch.setattr(writes, "transact", transact)
            accounts.mark_needs_reauth(account["id"], version=1, problem=REFUSED, now=datetime.now(UTC))
            transact(rows)

        monkeypatch.setattr(writes, "transact", note_first)

        admin.patch(f"accounts/{account['id']}/", {"name": "Renamed"})

        after = accounts.get_account(account["id"])
        assert (after.name, after.status, after.problem) == ("Renamed", AccountStatus.NEEDS_REAUTH, REFUSED)

    def test_that_meets_another_is_a_conflict(self, admin: Api, monkeypatch: pytest.MonkeyPatch):
        account = connected(admin)
        transact = writes.transact
        first = iter([True])

        def change_first(rows: Any) -> None:
            if next(first, False):
                assert admin.patch(f"accounts/{account['id']}/", {"name": "Theirs"}).status_code == 200
            transact(rows)

        monkeypatch.setattr(writes, "transact", change_first)

        response = admin.patch(f"accounts/{account['id']}/", {"name": "Mine"})

        assert (response.status_code, response.json()["code"]) == (409, "conflict")
        assert accounts.get_account(account["id"]).name == "Theirs"

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"name": ""}, "/name"), ({"name": None}, "/name"), ({"channel": "webhook"}, "/channel"),
            ({"status": "disconnected"}, "/status"), ({"status": None}, "/status"), ({"status": 5}, "/status"),
            ({"credential": ""}, "/credential"), ({"base_url": "https://10.0.0.1", "credential": "x"}, "/base_url"),
            ({"base_url": None, "credential": "x"}, "/base_url"), ({"settings": {"x": "y"}}, "/settings/x"),
            ({"rev": 1}, "/rev"), ({"health": None}, "/health"),
        ],
    )  # fmt: skip
    def test_is_refused_by_the_name_of_what_is_wrong(self, admin: Api, changes: Any, pointer: str):
        account = connected(admin)

        response = admin.patch(f"accounts/{account['id']}/", changes)

        assert (response.status_code, pointers(response)) == (400, [pointer])
        assert admin.get(f"accounts/{account['id']}/").json() == account


class TestDisconnecting:
    def test_deletes_the_credential_and_keeps_the_name(self, admin: Api, table: Table):
        account = connected(admin)

        response = admin.delete(f"accounts/{account['id']}/")

        assert (response.status_code, response.content) == (204, b"")
        assert [row["SK"]["S"] for row in table.rows("ACCOUNT#")] == ["METADATA"]
        assert admin.get("accounts/").json()["results"] == []
        kept = admin.get(f"accounts/{account['id']}/").json()
        assert (kept["name"], kept["status"]) == ("News", "disconnected")

    def test_of_an_account_without_a_credential_needs_none(self, admin: Api):
        account = connected(admin, channel="email", base_url=None, credential=..., settings=MAIL)

        assert admin.delete(f"accounts/{account['id']}/").status_code == 204

    def test_is_for_good(self, admin: Api, stream: Callable[[], list[bytes]]):
        one = f"accounts/{connected(admin)['id']}/"
        admin.delete(one)

        again = [admin.delete(one), admin.patch(one, {"credential": "new"}), admin.post(f"{one}check/")]

        assert [(response.status_code, response.json()["code"]) for response in again] == [(409, "conflict")] * 3
        assert stream() == []

    def test_of_what_somebody_else_changed_is_412(self, admin: Api):
        one = f"accounts/{connected(admin)['id']}/"

        response = admin.delete(one, headers={"If-Match": '"r9"'})

        assert response.status_code == 412
        assert admin.get(one).json()["status"] == "ok"


class TestChecking:
    def test_puts_a_hint_for_the_worker_and_opens_nothing(self, admin: Api, stream: Callable[[], list[bytes]]):
        account = connected(admin)

        response = admin.post(f"accounts/{account['id']}/check/")

        assert (response.status_code, response.json()) == (202, account)
        assert [decode(data) for data in stream()] == [CheckAccount(account_id=account["id"])]

    def test_under_a_key_asks_once(self, admin: Api, stream: Callable[[], list[bytes]]):
        account = connected(admin)

        answers = [
            admin.post(f"accounts/{account['id']}/check/", {}, headers={"Idempotency-Key": "check"}) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert len(stream()) == 1

    def test_is_answered_503_when_the_stream_is_away(self, admin: Api, monkeypatch: pytest.MonkeyPatch):
        account = connected(admin)
        monkeypatch.setenv("KINESIS_STREAM_NAME", "")
        context.context.cache_clear()

        response = admin.post(f"accounts/{account['id']}/check/")

        assert (response.status_code, response["Retry-After"]) == (503, "5")

    def test_takes_no_fields(self, admin: Api):
        account = connected(admin)

        response = admin.post(f"accounts/{account['id']}/check/", {"now": True})

        assert (response.status_code, pointers(response)) == (400, ["/now"])


CALLS = {
    "connect": ("post", "accounts/"),
    "change": ("patch", "accounts/{id}/"),
    "disconnect": ("delete", "accounts/{id}/"),
    "check": ("post", "accounts/{id}/check/"),
}
BODIES: dict[str, Any] = {
    "connect": {"channel": "webhook", "name": "Hook", "base_url": "https://hook.test", "credential": "secret"},
    "change": {"name": "Mine"},
}
DONE = {"connect": 201, "change": 200, "disconnect": 204, "check": 202}
#: What each role is told about an account that is opened to members, and one that is not.
VERDICTS = {"member": (403, 404), "viewer": (403, 403), "editor": (403, 403), "approver": (403, 403), "admin": (0, 0)}


class TestWhoMayManage:
    @pytest.mark.parametrize(
        ("role", "call", "is_opened"), list(itertools.product(VERDICTS, CALLS, (True, False))), ids=str
    )
    def test_is_an_admin_alone(
        self, admin: Api, sign_in: Callable[..., Api], table: Table, role: str, call: str, is_opened: bool
    ):
        account = connected(admin, open_to_members=is_opened)
        before = table.snapshot()
        method, path = CALLS[call]

        response = getattr(sign_in(role, sub="asker"), method)(path.format(id=account["id"]), BODIES.get(call))

        expected = VERDICTS[role][0 if is_opened or call == "connect" else 1]
        if expected:
            assert response.status_code == expected
            assert table.snapshot() == before
        else:
            assert response.status_code == DONE[call]

    @pytest.mark.parametrize("call", ["change", "disconnect", "check"])
    def test_is_told_of_an_account_that_does_not_exist(self, admin: Api, call: str):
        method, path = CALLS[call]

        response = getattr(admin, method)(path.format(id="01KBCD0000000000000000000A"), BODIES.get(call))

        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
    def test_alone_sees_settings(self, admin: Api, sign_in: Callable[..., Api], role: str):
        connected(admin, settings={"visibility": "unlisted"})

        (shown,) = sign_in(role, sub="asker").get("accounts/").json()["results"]

        assert shown["settings"] == ({"visibility": "unlisted"} if role == "admin" else None)


class TestAChannel:
    @pytest.mark.parametrize("kind", kinds())
    def test_says_what_a_form_for_its_accounts_needs(self, api: Api, kind: str):
        (shown,) = [row for row in api.get("channels/").json()["results"] if row["kind"] == kind]

        fields = {field["pointer"]: field for field in shown["connect_fields"]}
        assert shown["needs_credential"] is ("/credential" in fields)
        assert (shown["base_url"] is None and shown["needs_credential"]) is ("/base_url" in fields)
        assert all(field["detail"].endswith((".", "xxxx")) for field in fields.values())
        assert all(pointer.startswith(("/base_url", "/credential", "/settings/")) for pointer in fields)

    @pytest.mark.parametrize("kind", kinds())
    def test_needs_what_it_says_and_no_more(self, admin: Api, kind: str):
        required = [field for field in get_channel(kind).capabilities.connect_fields if field.is_required]

        response = connect(admin, channel=kind, base_url=..., credential=...)

        assert sorted(pointers(response)) == sorted(field.pointer for field in required)
