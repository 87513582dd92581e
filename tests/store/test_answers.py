"""Answers kept under idempotency keys."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publishing.domain.draft import StoredAnswer
from publishing.store import answers, writes
from publishing.store.errors import ConditionFailedError
from tests.builders import NOW
from tests.store.rows import raw

pytestmark = pytest.mark.usefixtures("table")
ANSWER = StoredAnswer(
    user_id="editor-1", key_sha="k", request_sha="r", status=201, body='{"id":1}', headers={"ETag": '"1"'}
)
LATER = NOW + answers.RUNS_FOR + timedelta(seconds=1)
EXPIRED = NOW + answers.KEPT_FOR + timedelta(seconds=1)


def begin(now=NOW, request_sha="r"):
    return answers.begin(user_id="editor-1", key_sha="k", request_sha=request_sha, now=now)


def kept(item):
    assert item is not None
    return answers.stored(item, user_id="editor-1", key_sha="k")


class TestAKey:
    def test_is_free_once(self):
        assert begin() is None
        assert kept(begin()) is None  # being carried out

    def test_answers_as_it_did(self):
        begin()
        answers.finish(ANSWER, now=NOW)

        assert kept(begin()) == ANSWER

    def test_tells_which_request_it_was_used_for(self):
        begin()

        held = begin(request_sha="another")

        assert held is not None
        assert held.req_sha == "r"

    def test_of_a_request_that_died_is_free_for_that_one_only(self):
        begin()

        assert begin(LATER, request_sha="another") is not None
        assert begin(LATER) is None

    def test_of_a_request_that_changed_nothing_is_free_again(self):
        begin()

        answers.abandon(user_id="editor-1", key_sha="k")

        assert begin(request_sha="another") is None

    def test_that_was_answered_is_not_given_back(self):
        begin()
        answers.finish(ANSWER, now=NOW)

        answers.abandon(user_id="editor-1", key_sha="k")

        assert kept(begin()) == ANSWER

    def test_is_kept_for_48_hours(self):
        begin()
        answers.finish(ANSWER, now=NOW)

        assert raw("USER#editor-1", "IDEM#k")["ttl"] == {"N": str(int(NOW.timestamp()) + 48 * 3600)}
        assert kept(begin(NOW + answers.KEPT_FOR)) == ANSWER
        assert begin(EXPIRED, request_sha="another") is None

    def test_belongs_to_its_user(self):
        begin()

        assert answers.begin(user_id="editor-2", key_sha="k", request_sha="another", now=NOW) is None

    def test_taken_by_another_request_is_not_answered_by_this_one(self):
        begin(request_sha="another")

        answers.finish(ANSWER, now=NOW)

        held = begin(request_sha="another")
        assert held is not None
        assert (held.req_sha, held.status_code) == ("another", None)

    def test_is_its_takers_own_when_the_answer_of_taking_it_was_lost(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(answers, "new_token", lambda: "the same token")

        assert begin() is None
        assert begin() is None


class TestAnAnswerInItsChangesTransaction:
    def test_is_put_once(self):
        writes.transact([answers.put_answer(ANSWER, now=NOW)])

        with pytest.raises(ConditionFailedError) as refusal:
            writes.run(answers.put_answer(replace(ANSWER, body="other"), now=NOW))

        assert kept(answers.answer_item(refusal.value.old)) == ANSWER

    def test_takes_the_place_of_one_that_expired(self):
        writes.run(answers.put_answer(ANSWER, now=NOW))

        writes.run(answers.put_answer(replace(ANSWER, body="other"), now=EXPIRED))

        stored = kept(begin(EXPIRED))
        assert stored is not None
        assert stored.body == "other"


class TestARow:
    def test_that_is_no_answer_is_none(self):
        assert answers.answer_item(None) is None
