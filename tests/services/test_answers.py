"""What an idempotency key means to use cases, whoever calls them."""

from dataclasses import replace

import pytest

from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError, KeyReusedError, RunningError
from publishing.domain.permissions import SYSTEM
from publishing.domain.template import TemplateDraft
from publishing.services import answers, templates
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("table")
ANSWER = StoredAnswer(user_id="editor-1", key_sha="k", request_sha="r", status=201, body='{"id":1}', headers={})


def begin(request_sha: str = ANSWER.request_sha) -> StoredAnswer | None:
    return answers.begin(user_id=ANSWER.user_id, key_sha=ANSWER.key_sha, request_sha=request_sha, now=NOW)


def create(name: str, answer: StoredAnswer) -> None:
    draft = TemplateDraft(name=name, text="Hello")
    templates.create_template(actor=SYSTEM, draft=draft, now=NOW, answer=lambda _: answer)


class TestAnActionUnderAKey:
    def test_is_carried_out_by_one_request_at_a_time(self):
        assert begin() is None

        with pytest.raises(RunningError):
            begin()

    def test_gets_the_answer_that_it_had(self):
        begin()
        answers.finish(answer=ANSWER, now=NOW)

        assert begin() == ANSWER

    @pytest.mark.parametrize("is_finished", [False, True])
    def test_is_refused_for_another_request(self, is_finished: bool):
        begin()
        if is_finished:
            answers.finish(answer=ANSWER, now=NOW)

        with pytest.raises(KeyReusedError):
            begin("another")


class TestACreationUnderAKey:
    def test_happens_once_and_gets_the_answer_that_it_had(self):
        create("Welcome", ANSWER)

        with pytest.raises(AnsweredError) as answered:
            create("Welcome", ANSWER)

        assert answered.value.stored == ANSWER
        assert [each.name for each in templates.list_templates(actor=SYSTEM)] == ["Welcome"]

    def test_is_refused_for_another_request(self):
        create("Welcome", ANSWER)

        with pytest.raises(KeyReusedError):
            create("Farewell", replace(ANSWER, request_sha="another"))

        assert [each.name for each in templates.list_templates(actor=SYSTEM)] == ["Welcome"]
