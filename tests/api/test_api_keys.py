"""API keys as people make them and programs use them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from publishing.adapters import clock
from publishing.domain.account import Account
from publishing.domain.permissions import Role
from publishing.services import api_keys
from tests.api.conftest import Api, Table

SCOPES = ["create_message", "read_message", "edit_message", "use_account", "see_account"]


class Program:
    """A client that signs in with a key."""

    def __init__(self, token: str) -> None:
        self._client = Client(raise_request_exception=False, headers={"Authorization": f"Api-Key {token}"})

    def get(self, path: str, prefix: str = "/keyed/v1/") -> Any:
        return self._client.get(f"{prefix}{path}")

    def post(self, path: str, data: object = None, **headers: str) -> Any:
        return self._client.post(f"/keyed/v1/{path}", data or {}, content_type="application/json", headers=headers)


def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("keys/", {"name": "newsroom bot", "scopes": SCOPES, **fields})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


class TestAKey:
    def test_acts_for_its_owner_within_its_scopes(self, api: Api, account: Account):
        program = Program(make(api)["token"])

        created = program.post("messages/", {"text": "by a program", "accounts": [account.id]})

        assert created.status_code == 201
        assert created["Location"] == f"/keyed/v1/messages/{created.json()['id']}/"
        assert api.get(f"messages/{created.json()['id']}/").status_code == 200
        cancelled = program.post(f"messages/{created.json()['id']}/cancel/")
        assert (cancelled.status_code, cancelled.json()["code"]) == (403, "not_allowed")
        assert "scope" in cancelled.json()["detail"]

    def test_is_named_in_the_audit_log_besides_its_owner(self, api: Api, table: Table, account: Account):
        made = make(api)

        Program(made["token"]).post("messages/", {"text": "by a program", "accounts": [account.id]})

        actors = {row["action"]["S"]: row["actor"]["S"] for row in table.rows("AUDIT#") if "actor" in row}
        assert actors["message.create"] == f"a-user/key:{made['id']}"
        assert actors["key.create"] == "a-user"

    def test_is_shown_once_and_kept_as_a_hash(self, api: Api, table: Table):
        made = make(api)
        secret = made["token"].partition(".")[2]

        shown = [api.get(f"keys/{made['id']}/").json(), *api.get("keys/").json()["results"]]

        assert [key["id"] for key in shown] == [made["id"], made["id"]]
        assert all("token" not in key and secret not in repr(key) for key in shown)
        assert secret not in repr(table.rows())

    def test_is_given_without_its_secret_to_a_repetition(self, api: Api, table: Table):
        body = {"name": "bot", "scopes": SCOPES}
        first = api.post("keys/", body, headers={"Idempotency-Key": "k"}).json()

        again = api.post("keys/", body, headers={"Idempotency-Key": "k"})

        assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
        assert again.json() == {**first, "token": None}
        assert first["token"].partition(".")[2] not in repr(table.rows())

    def test_is_refused_where_tokens_are_due_and_a_token_where_keys_are(self, api: Api):
        program = Program(make(api)["token"])

        at_the_other_door = program.get("me/", prefix="/api/v1/")
        with_a_token = api.get("/keyed/v1/me/")

        assert (at_the_other_door.status_code, with_a_token.status_code) == (401, 401)
        assert "/keyed/v1/" in at_the_other_door.json()["detail"]
        assert "/api/v1/" in with_a_token.json()["detail"]
        assert with_a_token["WWW-Authenticate"].startswith("Api-Key")

    def test_manages_no_keys(self, sign_in: Any):
        admin = sign_in("admin", sub="root")
        made = make(admin, scopes=["read_message"])
        program = Program(made["token"])

        answers = [
            program.get("keys/"),
            program.post("keys/", {"name": "n", "scopes": ["read_message"]}),
            program.post(f"keys/{made['id']}/rotate/"),
        ]

        assert [answer.status_code for answer in answers] == [403, 403, 403]

    def test_is_of_no_use_once_revoked(self, api: Api):
        made = make(api)
        program = Program(made["token"])
        before = program.get("me/").status_code

        revoked = api.delete(f"keys/{made['id']}/")

        assert (before, revoked.status_code, program.get("me/").status_code) == (200, 204, 401)
        assert api.get(f"keys/{made['id']}/").json()["status"] == "revoked"
        assert api.delete(f"keys/{made['id']}/").status_code == 409

    def test_is_of_no_use_once_expired(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        made = make(api)
        later = datetime.now(UTC) + timedelta(days=91)
        monkeypatch.setattr(clock, "now", lambda: later)

        refused = Program(made["token"]).get("me/")

        assert refused.status_code == 401
        assert "expired" in refused.json()["detail"]

    def test_that_is_rotated_is_good_with_both_secrets_for_the_overlap(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        made = make(api)
        rotated = api.post(f"keys/{made['id']}/rotate/", {"overlap_hours": 1}).json()
        before, after = Program(made["token"]), Program(rotated["token"])

        during = [program.get("me/").status_code for program in (before, after)]
        later = datetime.now(UTC) + timedelta(hours=2)
        monkeypatch.setattr(clock, "now", lambda: later)

        assert made["token"] != rotated["token"]
        assert during == [200, 200]
        assert [program.get("me/").status_code for program in (before, after)] == [401, 200]

    def test_that_is_rotated_without_overlap_ends_the_old_secret_at_once(self, api: Api):
        made = make(api)

        rotated = api.post(f"keys/{made['id']}/rotate/", {"overlap_hours": 0}).json()

        assert Program(made["token"]).get("me/").status_code == 401
        assert Program(rotated["token"]).get("me/").status_code == 200

    def test_notes_when_it_was_used_but_not_each_time(self, api: Api, table: Table, monkeypatch: pytest.MonkeyPatch):
        made = make(api)
        program = Program(made["token"])
        moment = datetime.now(UTC).replace(microsecond=0)
        used = []

        for seconds in (0, 299, 301):
            at = moment + timedelta(seconds=seconds)
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            program.get("me/")
            used.append(table.rows(f"KEY#{made['id']}")[0]["last_used_at"]["S"])

        assert used[0] == used[1] < used[2]

    def test_loses_what_its_owner_loses(self, api: Api, account: Account):
        program = Program(make(api)["token"])

        changed = api_keys.follow_roles(user_id="a-user", roles=frozenset({Role.VIEWER}), now=datetime.now(UTC))

        created = program.post("messages/", {"text": "x", "accounts": [account.id]})
        assert changed == 1
        assert program.get("me/").json()["roles"] == []
        assert created.status_code == 403
        assert api_keys.follow_roles(user_id="a-user", roles=frozenset({Role.VIEWER}), now=datetime.now(UTC)) == 0

    def test_does_what_no_scope_allows_in_nobodys_name(self, api: Api):
        me = Program(make(api, scopes=["read_message"])["token"]).get("me/").json()

        assert (me["id"], me["roles"], me["may"]) == ("a-user", ["editor"], ["read_message"])

    def test_has_idempotency_keys_of_its_own(self, api: Api, account: Account):
        program = Program(make(api)["token"])
        body = {"text": "once", "accounts": [account.id]}
        mine = api.post("messages/", body, headers={"Idempotency-Key": "k"})

        its = program.post("messages/", body, **{"Idempotency-Key": "k"})

        assert (mine.status_code, its.status_code) == (201, 201)
        assert mine.json()["id"] != its.json()["id"]

    @pytest.mark.parametrize(
        "token",
        ["", "x", "a.b", f"{'0' * 26}.{'a' * 43}", f"{'0' * 26}.{'a' * 44}", "." * 70, f"KEY#{'0' * 22}.{'a' * 43}"],
    )
    def test_that_is_none_is_refused(self, api: Api, token: str):
        refused = Program(token).get("me/")

        assert (refused.status_code, refused.json()["code"]) == (401, "authentication_failed")
        assert not token or token not in refused.json()["detail"]

    def test_with_the_secret_of_another_is_refused(self, api: Api):
        mine, other = make(api), make(api)

        mixed = f"{mine['id']}.{other['token'].partition('.')[2]}"

        assert Program(mixed).get("me/").status_code == 401


class TestWhoeverWantsAKey:
    @pytest.mark.parametrize("role", ["member", "viewer"])
    def test_needs_a_role_that_may(self, sign_in: Any, role: str):
        refused = sign_in(role).post("keys/", {"name": "bot", "scopes": ["read_message"]})

        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"scopes": ["manage_accounts"]}, "/scopes"),
            ({"scopes": ["manage_keys"]}, "/scopes/0"),
            ({"scopes": []}, "/scopes"),
            ({"scopes": ["everything"]}, "/scopes/0"),
            ({"scopes": None}, "/scopes"),
            ({"name": ""}, "/name"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
            ({"expires_at": "2999-01-01T00:00:00Z"}, "/expires_at"),
            ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
            ({"expires_at": "soon"}, "/expires_at"),
            ({"expires_at": 7}, "/expires_at"),
            ({"owner": "somebody-else"}, "/owner"),
            ({"roles": ["admin"]}, "/roles"),
            ({"secret_sha": "0"}, "/secret_sha"),
        ],
    )
    def test_is_told_what_is_wrong_with_it(self, api: Api, table: Table, fields: dict[str, Any], pointer: str):
        before = table.snapshot()

        refused = api.post("keys/", {"name": "bot", "scopes": SCOPES, **fields})

        assert refused.status_code == 400
        assert pointer in {error["pointer"].removesuffix("") for error in refused.json()["errors"]}
        assert table.snapshot() == before

    def test_is_held_to_a_limit(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        moment = datetime.now(UTC)
        monkeypatch.setattr(clock, "now", lambda: moment)

        answers = [api.post("keys/", {"name": "bot", "scopes": SCOPES}) for _ in range(21)]

        assert [answer.status_code for answer in answers] == [201] * 20 + [429]
        assert 1 <= int(answers[-1]["Retry-After"]) <= 3600
        assert answers[-1]["Content-Type"] == "application/problem+json"


class TestSomebodyElsesKey:
    def test_is_not_there_for_an_editor(self, sign_in: Any, table: Table):
        made = make(sign_in("editor", sub="alice"))
        bob = sign_in("editor", sub="bob")
        before = table.snapshot()

        answers = [
            bob.get(f"keys/{made['id']}/"),
            bob.delete(f"keys/{made['id']}/"),
            bob.post(f"keys/{made['id']}/rotate/", {}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert bob.get("keys/").json()["results"] == []
        assert table.snapshot() == before

    def test_can_be_seen_and_revoked_by_an_administrator_but_not_taken_over(self, sign_in: Any):
        made = make(sign_in("editor", sub="alice"))
        admin = sign_in("admin", sub="root")

        taken_over = admin.post(f"keys/{made['id']}/rotate/", {})

        assert [key["id"] for key in admin.get("keys/").json()["results"]] == [made["id"]]
        assert (taken_over.status_code, taken_over.json()["code"]) == (403, "not_allowed")
        assert admin.delete(f"keys/{made['id']}/").status_code == 204
