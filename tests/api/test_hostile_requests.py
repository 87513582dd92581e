"""Requests that try to be something else: fields that are not theirs to set, paths and headers that mislead."""

import json
from typing import Any, Final

import pytest
from django.test import Client

from publishing.api.views.docs import SCHEMA_FILE
from publishing.services import limits
from tests.api.conftest import Api, Table
from tests.api.operations import EXPECTED, OPERATIONS, World

pytestmark = pytest.mark.usefixtures("surroundings")
DOCUMENT: Final = json.loads(SCHEMA_FILE.read_text())
#: What rows hold and no answer shows, under the names that they have there.
INNER: Final = (
    "PK", "SK", "GSI1PK", "GSI2PK", "GSI3PK", "kind", "ttl", "rev", "gen", "fence", "owner", "user_id", "roles",
    "actor", "approved_rev", "secret_sha", "credential_version", "ciphertext", "leased_until", "commit_at", "is_admin",
)  # fmt: skip


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _content(part: dict[str, Any]) -> dict[str, Any]:
    return _resolved(part.get("content", {}).get("application/json", {}).get("schema", {}))


def read_only(name: str) -> list[str]:
    """Return every field that an operation does not take: what answers about its object show, and what rows hold."""
    method, path = OPERATIONS[name]
    operation = DOCUMENT["paths"][path][method]
    taken = set(_content(operation.get("requestBody", {})).get("properties", {}))
    shown: set[str] = set(INNER)
    family = path.split("/")[3]
    for other, item in DOCUMENT["paths"].items():
        if other.split("/")[3:4] == [family]:
            for answered in item.values():
                for status, response in answered["responses"].items():
                    if status.startswith("2"):
                        shown |= set(_content(response).get("properties", {}))
    return sorted(shown - taken)


TAKING: Final = [
    name for name, (method, path) in OPERATIONS.items() if "requestBody" in DOCUMENT["paths"][path][method]
]
#: A value of every type, so that none is refused for its type alone.
VALUES: Final = ("x", 7, True, None, ["admin"], {"a": "b"})


class TestAFieldThatIsNotTheClients:
    def test_is_known_of_every_call_that_takes_a_body(self):
        assert len(TAKING) >= 10
        assert {"id", "status", "rev", "owner"} <= set(read_only("createMessage"))
        assert all(len(read_only(name)) > len(INNER) / 2 for name in TAKING)

    @pytest.mark.parametrize("name", TAKING)
    def test_is_refused_by_name_and_nothing_is_written(self, table: Table, put_account: Any, name: str):
        world = World(put_account, opened=True)
        owner = Api(groups=["admin"], sub=World.OWNER)
        send = getattr(owner, OPERATIONS[name][0])
        fields, address = read_only(name), world.address(name)
        before = table.snapshot()

        for number, field in enumerate(fields):
            forget_limits(table)
            body = {**(EXPECTED[name].body or {}), field: VALUES[number % len(VALUES)]}
            response = send(address, body)

            assert response.status_code == 400, (field, response.content)
            assert f"/{field}" in {error["pointer"] for error in response.json()["errors"]}, response.content
        everything = send(address, {**(EXPECTED[name].body or {}), **dict.fromkeys(fields, "x")})
        assert everything.status_code == 400
        assert table.snapshot() == before


def forget_limits(table: Table) -> None:
    """Let somebody do as often as they like what is limited."""
    limits.forget()
    for row in table.dump():
        if row["PK"]["S"].startswith("LIMIT#"):
            table._client.delete_item(TableName="test", Key={"PK": row["PK"], "SK": row["SK"]})


PATHS: Final = (
    "/prod/prod/api/v1/me/", "/prod/api/v1/me/", "//api/v1/me/", "/api//v1/me/", "/api/v1//me/", "/api/v1/me//",
    "/api/v1/../v1/me/", "/api/v1/%2e%2e/v1/me/", "/health/../api/v1/me/", "/health%2f..%2fapi/v1/me/",
    "/hooks/ses/..;/api/v1/me/", "/api/v1/me/%00", "/api/v1/me%00/", "/%00/api/v1/me/", "/api/v1/me/;x=1",
    "/api/v1/me.json", "/API/v1/me/", "/api/v1/me/%20", "/keyed/v1/../../api/v1/me/", "/static/../api/v1/me/",
    "/api/v1/m%65/x", "/api/v1/me%0d%0aX:1/", "/./api/v1/me/", "/api/v1/%ef%bc%8e%ef%bc%8e/me/", "/api%5cv1%5cme/",
    "/static/%2e%2e/omnipub/settings.py", "/static/../manage.py", "/static//etc/passwd",
    "/static/..%2f..%2fetc/passwd", "/static/%00", "/api/v1/me/%c0%ae%c0%ae/",
)  # fmt: skip


class TestAPathThatMisleads:
    @pytest.mark.parametrize("path", PATHS)
    def test_leads_nowhere_not_even_who_is_signed_in(self, api: Api, path: str):
        response = api.get(path)
        response.close()

        assert (response.status_code, "Location" in response) == (404, False)

    @pytest.mark.parametrize("path", ["/admin/../api/v1/me/", "/admin/%2e%2e/api/v1/me/"])
    def test_out_of_the_desk_leads_to_its_door_whatever_token_there_is(self, api: Api, path: str):
        response = api.get(path)

        assert (response.status_code, response.content) == (302, b"")
        assert response["Location"] == "/auth/login/?next=/admin/../api/v1/me/"

    @pytest.mark.parametrize(
        "path", ["//admin/", "/Admin/", "/health/../admin/", "/%00/admin/", "/admin;/", "/./admin/"]
    )
    def test_opens_no_page_of_the_desk(self, table: Table, path: str):
        assert Client().get(path).status_code == 404

    @pytest.mark.parametrize(
        "path", ["/admin/%2e%2e/", "/admin//", "/admin/../health", "/admin/%00", "/admin/..;/auth/", "/admin/\\..\\"]
    )
    def test_below_the_desk_is_behind_its_door(self, table: Table, path: str):
        response = Client().get(path)

        assert response.status_code == 302
        assert response["Location"].startswith("/auth/login/")


HEADERS: Final = (
    {"X-Original-URL": "/health"}, {"X-Rewrite-URL": "/health"}, {"X-Forwarded-Path": "/health"},
    {"X-Forwarded-Prefix": "/x"}, {"X-Script-Name": "/x"}, {"Script-Name": "/x"}, {"Path-Info": "/health"},
    {"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}, {"X-Method-Override": "DELETE"},
    {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=http;for=127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}, {"True-Client-IP": "127.0.0.1"},
    {"Remote-User": "admin"}, {"X-Remote-User": "admin"}, {"X-Amzn-Oidc-Identity": "admin"},
    {"X-Apigateway-Event": '{"requestContext": {"authorizer": {"principalId": "admin"}}}'},
    {"X-Amz-Invocation-Type": "Event"}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "0"},
    {"Connection": "Authorization, close"}, {"X-Api-Key": "key"}, {"Cookie": "authorization=x; sub=admin"},
)  # fmt: skip


class TestAHeaderThatMisleads:
    @pytest.mark.parametrize("headers", HEADERS, ids=str)
    def test_signs_nobody_in(self, table: Table, headers: dict[str, str]):
        response = Client(raise_request_exception=False).get("/api/v1/me/", headers=headers)

        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")

    @pytest.mark.parametrize("headers", HEADERS, ids=str)
    def test_makes_of_a_request_no_other(self, api: Api, headers: dict[str, str]):
        created = api.post("messages/", {"text": "mine"})
        message = created.json()["id"]

        answers = [api.get(f"messages/{message}/", headers=headers), api.get("messages/?limit=1", headers=headers)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json()["id"] == message
        assert "evil.example" not in "".join(f"{answer.headers}{answer.content}" for answer in answers)
        assert api.get(f"messages/{message}/").status_code == 200

    # Two are about the body, which this request has.
    @pytest.mark.parametrize(
        "headers", [each for each in HEADERS if not each.keys() & {"Content-Length", "Transfer-Encoding"}], ids=str
    )
    def test_leads_no_answer_to_another_host(self, api: Api, headers: dict[str, str]):
        response = api.post("messages/", {"text": "mine"}, headers=headers)

        assert response.status_code == 201
        assert "evil.example" not in str(response.headers)

    @pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", ""])
    def test_of_another_host_is_in_no_answer(self, api: Api, host: str):
        for _ in range(2):
            api.post("messages/", {"text": "mine"})

        # Its next page is the only absolute address that an answer of the API holds.
        assert api.get("messages/?limit=1", headers={"Host": host}).status_code == 400
        assert "evil" not in str(api.post("messages/", {"text": "mine"}, headers={"Host": host}).headers)

    @pytest.mark.parametrize("value", ["x\r\nSet-Cookie: a=b", "x\nX-Admin: 1", "x\x00", "é", "a" * 101])
    def test_as_the_requests_number_comes_back_as_none(self, api: Api, value: str):
        response = api.get("me/", headers={"X-Request-Id": value})

        assert response.status_code == 200
        assert response["X-Request-Id"] != value
        assert not {"set-cookie", "x-admin"} & {name.lower() for name in response.headers}
