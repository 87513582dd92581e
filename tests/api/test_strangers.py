"""Somebody else's objects: on every call that names one, a member who may not see it is told that there is none."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.api.views.docs import SCHEMA_FILE
from publishing.domain.account import Account
from tests.api.conftest import Api, Table

CALLS = [
    (method, path)
    for path, item in json.loads(SCHEMA_FILE.read_text())["paths"].items()
    for method in item
    if "{" in path
]
LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
#: A body that the call would take from whom it is allowed.
BODIES: dict[str, Any] = {
    "schedule": {"at": LATER},
    "resolve": {"published": True},
    "patch messages": {"text": "mine now"},
    "patch accounts": {"name": "mine now"},
    "patch media": {"name": "mine now"},
}


def body_of(method: str, address: str) -> Any:
    """Return a body that the call would take."""
    parts = address.strip("/").split("/")
    return BODIES.get(parts[-1], BODIES.get(f"{method} {parts[2]}"))


class TestAStranger:
    def test_is_tried_on_every_call_that_names_an_object(self):
        assert len(CALLS) >= 18

    @pytest.mark.parametrize(("method", "path"), CALLS)
    def test_is_told_that_there_is_nothing_and_writes_nothing(
        self, api: Api, sign_in: Any, table: Table, account: Account, method: str, path: str
    ):
        body = {"text": "mine", "accounts": [account.id], "schedule": {"at": LATER}}
        message = api.post("messages/", body).json()
        medium = api.post("media/", {"name": "door.jpg", "media_type": "image/jpeg", "size": 9}).json()
        before = table.snapshot()
        address = path.format(
            message_id=message["id"], delivery_id="webhook", account_id=account.id, medium_id=medium["id"]
        )
        data = body_of(method, address)
        stranger = sign_in("member", sub="a-stranger")

        response = getattr(stranger, method)(address, data)

        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert table.snapshot() == before

    @pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[0] != "get"])
    def test_that_may_read_but_not_change_is_refused_and_writes_nothing(
        self, api: Api, sign_in: Any, table: Table, account: Account, method: str, path: str
    ):
        message = api.post("messages/", {"text": "mine", "accounts": [account.id], "schedule": {"at": LATER}}).json()
        medium = api.post("media/", {"name": "door.jpg", "media_type": "image/jpeg", "size": 9}).json()
        before = table.snapshot()
        address = path.format(
            message_id=message["id"], delivery_id="webhook", account_id=account.id, medium_id=medium["id"]
        )
        data = body_of(method, address)
        viewer = sign_in("viewer", sub="a-viewer")

        response = getattr(viewer, method)(address, data)

        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")
        assert table.snapshot() == before
