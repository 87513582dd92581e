"""Whatever is sent, the answer is one that the document describes: never an error of the server, never HTML."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publishing.api.views.docs import SCHEMA_FILE
from publishing.channels.base.registry import kinds
from tests.api.conftest import Api, Table

RESPONSES = json.loads(SCHEMA_FILE.read_text())["paths"]["/api/v1/messages/"]
TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["", "now", "2030-01-01T09:00:00", "Europe/Berlin", "\ud800"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["text", "title", "link", "media", "accounts", "variants", "schedule", "at", "zone", "x"])
BODIES = st.dictionaries(FIELDS, VALUES, max_size=6) | VALUES
CHANNELS = st.sampled_from([*kinds(), "x"])
SETTINGS = st.dictionaries(st.sampled_from(["region", "number", "text_limit", "remote_id", "~/"]), VALUES, max_size=4)
ACCOUNTS = (
    st.fixed_dictionaries(
        {},
        optional={
            "channel": CHANNELS | VALUES,
            "name": TEXTS | VALUES,
            "base_url": st.sampled_from(["https://a.test", "https://[", "http://10.0.0.1"]) | VALUES,
            "credential": VALUES,
            "settings": SETTINGS | VALUES,
            "open_to_members": VALUES,
            "x": VALUES,
        },
    )
    | VALUES
)
# The table outlives an example, which is of no importance here.
RULES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def assert_problem(response: Any) -> None:
    """A refusal that says what is wrong: no other status, no other form."""
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"]
    assert all(error["detail"].endswith(".") for error in response.json()["errors"])


class TestCreating:
    @RULES
    @given(body=BODIES)
    def test_answers_any_json_as_the_document_says(self, api: Api, body: Any):
        response = api.post("messages/", json.dumps(body).encode())

        assert str(response.status_code) in RESPONSES["post"]["responses"]
        assert response.status_code < 500
        assert response.status_code == 201 or response["Content-Type"] == "application/problem+json"

    @RULES
    @given(data=st.binary(max_size=200))
    def test_answers_any_bytes_with_a_problem(self, api: Api, data: bytes):
        response = api.post("messages/", data or b"?")

        assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


class TestConnecting:
    @RULES
    @given(body=ACCOUNTS)
    @pytest.mark.usefixtures("surroundings")
    def test_connects_it_or_says_what_is_wrong_and_writes_nothing(self, sign_in: Any, table: Table, body: Any):
        admin, before = sign_in("admin"), table.snapshot()

        response = admin.post("accounts/", json.dumps(body).encode())

        if response.status_code == 201:
            assert admin.get(response["Location"]).json() == response.json()
        else:
            assert_problem(response)
            assert table.snapshot() == before


class TestListing:
    @RULES
    @given(
        query=st.dictionaries(
            st.sampled_from(["status", "channel", "from", "to", "mine", "limit", "cursor"]),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(["draft", "true", "5"]),
            max_size=4,
        )
    )
    def test_answers_any_query_as_the_document_says(self, api: Api, query: dict[str, str]):
        response = api.get("messages/", query)

        if response.status_code == 200:
            assert response.json() == {"results": [], "next": None, "previous": None}
        else:
            assert_problem(response)
            assert {error["parameter"] for error in response.json()["errors"]} <= query.keys()
