"""The OpenAPI document: checked in, equal to the code, and true of the answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from publishing.api.views.docs import SCHEMA_FILE
from publishing.domain.account import Account
from tests.api.conftest import Api

DOCUMENT = json.loads(SCHEMA_FILE.read_text())
OPERATIONS = [
    (path, method, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]


def validate(response: Any, path: str, method: str) -> None:
    """Check an answer against what the document says of its operation and status."""
    declared = DOCUMENT["paths"][path][method]["responses"][str(response.status_code)]
    if "$ref" in declared:
        declared = DOCUMENT["components"]["responses"][declared["$ref"].rpartition("/")[2]]
    schema = declared["content"][response["Content-Type"]]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(response.json())


class TestTheDocument:
    def test_is_that_of_the_code(self):
        generated = SchemaGenerator().get_schema(request=None, public=True)
        text = OpenApiJsonRenderer().render(generated, renderer_context={})

        assert json.loads(text) == DOCUMENT, "The document is not that of the code any more. Run: make schema"

    def test_is_valid(self):
        validate_schema(DOCUMENT)

    @pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
    def test_says_how_every_call_can_fail(self, path: str, method: str, operation: dict[str, Any]):
        assert "500" in operation["responses"]
        if operation.get("security"):
            assert {"400", "401", "403", "404", "413", "415", "503"} <= set(operation["responses"])

    def test_refers_to_nothing_that_it_lacks(self):
        text = json.dumps(DOCUMENT)
        for kind in ("schemas", "responses"):
            named = {part.split('"')[0] for part in text.split(f"#/components/{kind}/")[1:]}
            assert named == set(DOCUMENT["components"][kind])


class TestAnswers:
    def test_are_as_the_document_says(self, api: Api, account: Account, sign_in: Callable[..., Api]):
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = {
            "text": "hello",
            "accounts": [account.id],
            "variants": {"webhook": {"text": "hi"}},
            "schedule": {"at": at},
        }
        created = api.post("messages/", body)
        one = f"messages/{created.json()['id']}/"
        base, message = "/api/v1/messages/", "/api/v1/messages/{message_id}/"

        validate(created, base, "post")
        validate(api.post("messages/", {"text": "", "x": 1}), base, "post")
        validate(api.post("messages/preview/", body), f"{base}preview/", "post")
        validate(api.get("messages/"), base, "get")
        validate(api.get("messages/?limit=x"), base, "get")
        validate(sign_in().get("messages/"), base, "get")
        validate(api.get(one), message, "get")
        validate(api.patch(one, {"text": "changed"}), message, "patch")
        validate(api.patch(one, {"text": "changed"}, headers={"If-Match": '"r1"'}), message, "patch")
        validate(api.post(f"{one}duplicate/"), f"{message}duplicate/", "post")
        validate(api.post(f"{one}schedule/", {"at": at}), f"{message}schedule/", "post")
        validate(api.get(f"{one}deliveries/"), f"{message}deliveries/", "get")
        validate(api.get(f"{one}deliveries/webhook/"), f"{message}deliveries/{{delivery_id}}/", "get")
        validate(api.post(f"{one}deliveries/webhook/retry/"), f"{message}deliveries/{{delivery_id}}/retry/", "post")
        validate(api.post(f"{one}cancel/"), f"{message}cancel/", "post")
        validate(api.post(f"{one}publish/"), f"{message}publish/", "post")
        validate(api.get("accounts/"), "/api/v1/accounts/", "get")
        validate(api.get(f"accounts/{account.id}/"), "/api/v1/accounts/{account_id}/", "get")
        validate(api.get("channels/"), "/api/v1/channels/", "get")
        validate(api.get("me/"), "/api/v1/me/", "get")
        validate(api.get("/health"), "/health", "get")

    def test_about_accounts_are_as_the_document_says(self, sign_in: Callable[..., Api]):
        admin, base = sign_in("admin"), "/api/v1/accounts/"
        mail = {"region": "us-east-1", "sender": "a@example.org", "recipient": "b@example.org"}
        created = admin.post("accounts/", {"channel": "email", "name": "Mail", "settings": mail})
        one, account = f"accounts/{created.json()['id']}/", f"{base}{{account_id}}/"

        validate(created, base, "post")
        validate(admin.post("accounts/", {"channel": "email", "name": "", "x": 1}), base, "post")
        validate(sign_in("viewer").post("accounts/", {"channel": "email", "name": "Mail"}), base, "post")
        validate(admin.get("accounts/"), base, "get")
        validate(admin.patch(one, {"name": "Post"}), account, "patch")
        validate(admin.patch(one, {"credential": "none"}), account, "patch")
        validate(admin.patch(one, {"name": "Post"}, headers={"If-Match": '"r1"'}), account, "patch")
        # Nothing is bound to a stream here.
        validate(admin.post(f"{one}check/"), f"{account}check/", "post")
        assert admin.delete(one).status_code == 204
        validate(admin.delete(one), account, "delete")
        validate(admin.get(one), account, "get")
        validate(admin.get("channels/"), "/api/v1/channels/", "get")
