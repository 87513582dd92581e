from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.platforms.registry import PLATFORMS

if TYPE_CHECKING:
    from tests.local.platforms.client import Client, Clock


class TestTheControlInterface:
    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({}, "fault is required"),
            ({"fault": "explode"}, "fault must be one of"),
            ({"fault": "slow", "channel": "myspace"}, f"channel must be one of {', '.join(PLATFORMS)}, *"),
            ({"fault": "slow", "account": ""}, "account must be a text"),
            ({"fault": "slow", "account": 5}, "account must be a text"),
            ({"fault": "slow", "share": 1.1}, "share must be a number from 0 to 1"),
            ({"fault": "slow", "share": True}, "share must be a number"),
            ({"fault": "slow", "share": "0.5"}, "share must be a number"),
            ({"fault": "slow", "count": 0}, "count must be a whole number from 1"),
            ({"fault": "slow", "count": 1.5}, "count must be a whole number"),
            ({"fault": "slow", "delay": -1}, "delay must be a number from 0 to 600"),
            ({"fault": "slow", "applied": "never"}, "applied must be one of before, after"),
            ({"fault": "slow", "on": "write"}, "on must be one of"),
            ({"fault": "slow", "seed": "x"}, "seed must be a whole number"),
            ({"fault": "slow", "acount": "demo"}, "acount is not a known field"),
        ],
    )
    def test_refuses_a_fault_that_makes_no_sense(self, client: Client, fields, sentence):
        answer = client.http.post("/_control/faults", json=fields)

        assert answer.status_code == 400
        assert sentence in answer.json()["error"]
        assert client.http.get("/_control/faults").json() == {"faults": []}

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"channel": "mastodon"}, "account is required"),
            ({"channel": "*", "account": "a"}, "channel must be one of"),
            ({"channel": "mastodon", "account": "a", "credentials": "token"}, "credentials must be a list"),
            ({"channel": "mastodon", "account": "a", "credentials": [""]}, "credentials must be a list"),
            ({"channel": "mastodon", "account": "a", "options": {"status": 200}}, "mastodon has no option status"),
            ({"channel": "webhook", "account": "a", "options": {"status": 500}}, "cannot be set to that value"),
            ({"channel": "webhook", "account": "a", "options": []}, "options must be an object"),
        ],
    )
    def test_refuses_an_account_that_makes_no_sense(self, client: Client, fields, sentence):
        answer = client.register(**fields)

        assert answer.status_code == 400
        assert sentence in answer.json()["error"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]"])
    def test_refuses_what_is_no_json_object(self, client: Client, body):
        answer = client.http.post("/_control/faults", content=body, headers={"Content-Type": "application/json"})

        assert answer.status_code == 400

    def test_refuses_what_a_foreign_page_could_send(self, client: Client):
        answer = client.http.post(
            "/_control/faults", content=b'{"fault": "slow"}', headers={"Content-Type": "text/plain"}
        )

        assert answer.status_code == 400
        assert client.http.get("/_control/faults", headers={"Host": "evil.example"}).status_code == 421

    @pytest.mark.parametrize("query", ["since=yesterday", "since=2026-01-01T00:00:00", "chanel=mastodon"])
    def test_refuses_a_question_that_it_does_not_understand(self, client: Client, query):
        assert client.http.get(f"/_control/posts?{query}").status_code == 400

    def test_names_what_it_knows_where_it_does_not_know_an_address(self, client: Client):
        answer = client.http.get("/_control/fault")

        assert answer.status_code == 404
        assert "GET /_control/faults" in answer.json()["error"]

    def test_registers_without_repeating_the_secret(self, client: Client):
        answer = client.register(
            channel="mastodon", account="club", credentials=["very-secret"], display_name="The Club"
        )

        assert answer.status_code == 201
        assert answer.json()["base_url"] == f"{client.url}/mastodon/club"
        assert "very-secret" not in answer.text + client.http.get("/_control/accounts").text

    def test_is_healthy(self, client: Client):
        assert client.http.get("/_control/health").json() == {"status": "ok", "channels": list(PLATFORMS)}


class TestTheEvidence:
    def test_is_found_by_channel_account_and_time(self, client: Client, clock: Clock):
        client.toot("Early")
        clock.advance(60)
        client.toot("Late")
        client.toot("Elsewhere", account="other")
        client.hook(b'{"text": "Hook"}')

        assert [post["text"] for post in client.posts(channel="mastodon", account="demo")] == ["Early", "Late"]
        assert [post["text"] for post in client.posts(since="2026-11-22T12:01:00.250Z")] == [
            "Late",
            "Elsewhere",
            "Hook",
        ]
        assert [post["text"] for post in client.posts(since="2026-11-22T13:01:00.251+01:00")] == []

    def test_counts_every_request_by_its_end(self, client: Client):
        client.toot()
        client.toot()
        client.toot("")
        client.read("api/v1/accounts/verify_credentials")
        client.read("api/v1/nothing")

        counts = {(count["method"], count["kind"], count["status"]): count["count"] for count in client.requests()}

        assert counts == {
            ("POST", "create", 200): 2,
            ("POST", "create", 422): 1,
            ("GET", "read", 200): 1,
            ("GET", "other", 404): 1,
        }

    def test_can_be_cleared_for_a_new_run(self, client: Client):
        first = client.toot(key="k").json()["id"]

        cleared = [client.http.delete(f"/_control/{name}").status_code for name in ("posts", "requests")]

        assert (cleared, client.posts(), client.requests()) == ([204, 204], [], [])
        assert client.toot(key="k").json()["id"] != first
