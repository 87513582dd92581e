"""Secrets that are sent through every operation that changes something, good and bad, and looked for everywhere."""

import hashlib
import json
from typing import Any

import pytest
from django.conf import settings

from publishing.adapters import aws
from publishing.api.views.docs import SCHEMA_FILE
from publishing.domain.errors import UnavailableError
from publishing.domain.ids import digest
from publishing.services import limits
from publishing.store import writes
from tests.api.conftest import Api, Table
from tests.api.operations import EXPECTED, OPERATIONS, World, call
from tests.canaries import logged, sightings
from tests.pool import build_token

CREDENTIAL = "canary-credential-Zq8vX2rT5yW1nB7k"
KEY = "canary-idempotency-key-Hd93ks72Lq"
CHANGING = [name for name, (method, _) in OPERATIONS.items() if method != "get"]
#: A body that holds the secret where one belongs, or where somebody put it by mistake.
BODIES: list[Any] = [
    {"channel": "webhook", "name": "N", "base_url": "https://hook.example.org/", "credential": CREDENTIAL},
    {"credential": CREDENTIAL},
    {"credential": [CREDENTIAL]},
    {"credential": {"token": CREDENTIAL}},
    {"token": CREDENTIAL, "password": CREDENTIAL},
    {"settings": {"secret": [CREDENTIAL]}},
    {"channel": "webhook", "name": 7, "credential": CREDENTIAL},
    {"channel": "webhook", "name": "N", "base_url": f"https://user:{CREDENTIAL}@hook.example.org/", "credential": "c"},
    {"channel": "webhook", "name": "N", "base_url": "https://hook.example.org/", "credential": CREDENTIAL * 200},
    [CREDENTIAL],
    f'{{"credential": "{CREDENTIAL}", '.encode(),
    f'{{"credential": "{CREDENTIAL}", "credential": "{CREDENTIAL}"}}'.encode(),
]


def everywhere(table: Table, text: Any, surroundings: list[Any], answers: list[Any]) -> dict[str, object]:
    return {
        "logs": text.getvalue(),
        "table": table.dump(),
        "stream": [event.encode() for event in surroundings],
        "answers": [[answer.content, str(answer.headers)] for answer in answers],
        "schema": SCHEMA_FILE.read_text(),
    }


class TestASecret:
    @pytest.mark.parametrize("name", CHANGING)
    def test_is_seen_nowhere_whatever_is_done_with_it(
        self, table: Table, put_account: Any, surroundings: list[Any], name: str
    ):
        with logged() as text:
            world, token = World(put_account, opened=True), build_token(groups=["admin"], sub="root")
            client = Api(groups=["admin"], sub="root")
            address, method = world.address(name), OPERATIONS[name][0]
            answers = []
            for number, body in enumerate(BODIES):
                limits.forget()
                headers = {"Idempotency-Key": f"{KEY}-{number}"} if method == "post" else {}
                answers += [
                    getattr(client, method)(address + query, body, headers=headers)
                    for query in ("", f"?token={CREDENTIAL}&secret={CREDENTIAL}")
                ]

        seen = everywhere(table, text, surroundings, answers)
        assert {answer.status_code // 100 for answer in answers} <= {2, 4}
        assert [sightings(secret, **seen) for secret in (CREDENTIAL, KEY, token)] == [[], [], []]

    def test_is_kept_sealed_and_under_no_hash_that_guesses_could_be_tried_on(
        self, table: Table, surroundings: list[Any]
    ):
        body = json.dumps(EXPECTED["connectAccount"].body).encode()

        answer = Api(groups=["admin"]).post("accounts/", body, headers={"Idempotency-Key": KEY})

        assert answer.status_code == 201
        plain = hashlib.sha256(body).hexdigest()
        dumped = {"table": table.dump()}
        assert sightings(EXPECTED["connectAccount"].body["credential"], **dumped) == []
        assert sightings(plain, **dumped) == []
        assert sightings(digest("POST", "/api/v1/accounts/", plain), **dumped) == []
        assert [row["SK"]["S"] for row in table.rows(f"ACCOUNT#{answer.json()['id']}")] == ["CREDENTIAL", "METADATA"]

    @pytest.mark.parametrize("broken", ["table", "key service", "code"])
    def test_is_seen_nowhere_when_something_breaks(
        self, table: Table, surroundings: list[Any], broken: str, monkeypatch: pytest.MonkeyPatch
    ):
        def away(*_: object, **__: object) -> Any:
            raise UnavailableError("away")

        def bug(*_: object, **__: object) -> Any:
            raise RuntimeError("a bug")

        target, name, breaks = {
            "table": (writes, "transact", away),
            "key service": (aws, "client", away),
            "code": (writes, "transact", bug),
        }[broken]
        monkeypatch.setattr(target, name, breaks)
        body = {**EXPECTED["connectAccount"].body, "credential": CREDENTIAL}

        with logged() as text:
            answer = Api(groups=["admin"]).post("accounts/", body, headers={"Idempotency-Key": KEY})
        monkeypatch.undo()

        assert answer.status_code == (500 if broken == "code" else 503)
        seen = everywhere(table, text, surroundings, [answer])
        assert [sightings(secret, **seen) for secret in (CREDENTIAL, KEY)] == [[], []]
        assert text.getvalue()


class TestAnApiKey:
    def test_is_in_the_answer_that_made_it_and_nowhere_else(
        self, table: Table, put_account: Any, surroundings: list[Any]
    ):
        with logged() as text:
            world = World(put_account, opened=True)
            admin = Api(groups=["admin"], sub="root")
            scopes = sorted({scope.value for row in EXPECTED.values() for scope in row.scopes or ()})
            made = admin.post("keys/", {"name": "bot", "scopes": scopes}, headers={"Idempotency-Key": KEY}).json()
            rotated = admin.post(f"keys/{made['id']}/rotate/", {}).json()
            answers = [
                call(Api(key=each["token"]), name, world.address(name, "/keyed/v1/"))
                for each in (made, rotated)
                for name in OPERATIONS
            ]
            answers.append(Api(key=f"{made['token']}x").get("/keyed/v1/me/"))
            answers.append(admin.get("keys/"))

        seen = everywhere(table, text, surroundings, answers)
        for each in (made, rotated):
            assert sightings(each["token"].partition(".")[2], **seen) == []

    def test_is_not_told_by_the_applications_own_secret(self, table: Table, put_account: Any, surroundings: list[Any]):
        with logged() as text:
            answers = [Api().get("messages/?limit=1"), Api().post("messages/", {"text": "x"})]

        assert sightings(settings.SECRET_KEY, **everywhere(table, text, surroundings, answers)) == []
