"""Limits as clients meet them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from publishing.adapters import clock
from publishing.api import context
from publishing.api.views.media import MediaView
from publishing.api.views.messages import PreviewView
from publishing.domain.limits import PREVIEW, UPLOAD
from publishing.services import limits
from tests.api.conftest import Api, Table

COUNT, ENOUGH = 10, 13


@pytest.fixture(autouse=True)
def _low(table: Table, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OMNIPUB_API_LIMIT", str(COUNT))
    monkeypatch.setenv("OMNIPUB_API_KEY_LIMIT", str(COUNT))
    context._counts.cache_clear()
    moment = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    yield
    context._counts.cache_clear()


def first_refused(answers: list[Any]) -> Any:
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    return refused[0]


class TestAUser:
    def test_that_asks_too_often_is_told_when_to_come_again(self, api: Api):
        answers = [api.get("me/") for _ in range(ENOUGH)]

        refused = first_refused(answers)
        assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "too_many_requests")
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert [answer.status_code for answer in answers[:COUNT]] == [200] * COUNT

    def test_does_not_use_up_what_others_have(self, api: Api, sign_in: Any):
        for _ in range(ENOUGH):
            api.get("me/")

        assert sign_in("editor", sub="somebody-else").get("me/").status_code == 200

    def test_gets_no_more_by_another_process_or_address(self, api: Api):
        answers = []
        for number in range(ENOUGH):
            limits.forget()  # as a process does that has just begun
            answers.append(api.get("me/", headers={"X-Forwarded-For": f"203.0.113.{number}"}))

        # One block of ten is the whole limit here, and the first process took it with it.
        assert [answer.status_code for answer in answers] == [200] + [429] * (ENOUGH - 1)


class TestAKey:
    def test_has_a_limit_of_its_own(self, api: Api):
        made = api.post("keys/", {"name": "bot", "scopes": ["read_message"]}).json()
        program = Api(key=made["token"])

        answers = [program.get("/keyed/v1/me/") for _ in range(ENOUGH)]

        assert first_refused(answers)["Retry-After"]
        assert api.get("me/").status_code == 200


class TestACostlyCall:
    @pytest.mark.parametrize(
        ("view", "limit", "path", "body"),
        [
            (PreviewView, PREVIEW, "messages/preview/", {"text": "x"}),
            (MediaView, UPLOAD, "media/", {"name": "x.jpg", "media_type": "image/jpeg", "size": 9}),
        ],
    )
    def test_has_a_limit_of_its_own(
        self, api: Api, monkeypatch: pytest.MonkeyPatch, view: Any, limit: Any, path: str, body: Any
    ):
        monkeypatch.setattr(view, "limits", {"POST": replace(limit, count=2, block=1)})

        answers = [api.post(path, body) for _ in range(3)]

        assert limit.what in first_refused(answers).json()["detail"]
        assert api.get("me/").status_code == 200
