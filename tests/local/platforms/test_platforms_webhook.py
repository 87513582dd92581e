from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.platforms.client import Client, Clock


class TestReceivingAWebhook:
    def test_keeps_what_was_signed(self, client: Client):
        body = json.dumps({"type": "x", "message": {"text": "Grüße"}}).encode()

        answer = client.hook(body)

        [post] = client.posts()
        assert (answer.status_code, answer.json()) == (202, {"id": post["id"]})
        assert (post["channel"], post["text"], post["key"]) == ("webhook", "Grüße", "delivery-1")
        assert post["body"] == body.decode()

    def test_does_not_recognize_a_repeat(self, client: Client):
        client.hook()
        client.hook()

        assert client.texts() == ["Hello", "Hello"]

    @pytest.mark.parametrize("missing", ["Omnipub_Id", "Omnipub_Timestamp", "Omnipub_Signature"])
    def test_needs_every_header(self, client: Client, missing):
        blank: dict[str, Any] = {missing: ""}

        answer = client.hook(**blank)

        assert (answer.status_code, client.posts()) == (401, [])
        assert "are required" in answer.json()["error"]

    @pytest.mark.parametrize(("drift", "status"), [(-301, 401), (-300, 202), (300, 202), (301, 401)])
    def test_accepts_five_minutes_of_drift(self, client: Client, clock: Clock, drift, status):
        clock.moment = clock.moment.replace(microsecond=0)

        assert client.hook(sent_at=clock().timestamp() + drift).status_code == status

    @pytest.mark.parametrize("stamp", ["now", "²", "1" * 40, "-5"])
    def test_refuses_a_timestamp_that_is_none(self, client: Client, stamp):
        answer = client.http.post(
            "/webhook/demo",
            content=b"{}",
            headers=[
                (b"Omnipub-Id", b"x"),
                (b"Omnipub-Timestamp", stamp.encode("latin-1")),
                (b"Omnipub-Signature", b"v1=x"),
            ],
        )

        assert answer.status_code == 401
        assert "unix seconds" in answer.json()["error"]

    @pytest.mark.parametrize("changed", [{"Omnipub_Id": "delivery-2"}, {"Omnipub_Signature": "v1=00"}])
    def test_refuses_what_was_not_signed_like_this(self, client: Client, changed):
        answer = client.hook(**changed)

        assert (answer.status_code, client.posts()) == (401, [])

    def test_refuses_another_secret(self, client: Client):
        assert client.hook(secret="webhook-other-secret").status_code == 401

    def test_takes_any_of_several_signatures_and_secrets(self, client: Client):
        client.register(channel="webhook", account="demo", credentials=["old", "new"])

        statuses = [client.hook(secret=secret).status_code for secret in ("old", "new", "webhook-demo-secret")]
        valid = client.hook(secret="new").request.headers["Omnipub-Signature"]
        several = client.hook(Omnipub_Signature=f"v1=00, {valid}")

        assert statuses == [202, 202, 401]
        assert several.status_code == 202

    @pytest.mark.parametrize(("body", "status"), [(b"[]", 400), (b"{", 400), (b"", 400), (b'"\\ud800"', 400)])
    def test_refuses_what_is_no_json_object(self, client: Client, body, status):
        assert client.hook(body).status_code == status

    def test_refuses_another_content_type(self, client: Client):
        assert client.hook(Content_Type="text/plain").status_code == 415

    @pytest.mark.parametrize(("status", "body"), [(200, True), (202, True), (204, False)])
    def test_answers_as_it_was_set(self, client: Client, status, body):
        client.register(channel="webhook", account="demo", options={"status": status})

        answer = client.hook()

        assert (answer.status_code, bool(answer.content)) == (status, body)

    def test_accepts_post_only(self, client: Client):
        answer = client.http.get("/webhook/demo")

        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
