"""Errors say what to do, one sentence for each field."""

from publishing.domain.errors import AnsweredError, FieldProblem, InvalidError
from publishing.domain.outcome import Reason


class TestAnInvalidRequest:
    def test_names_every_field_that_is_wrong(self):
        problems = [FieldProblem(pointer=f"/{name}", code="blank", detail=f"{name} is empty.") for name in ("a", "b")]

        error = InvalidError(*problems)

        assert str(error) == "a is empty. b is empty."
        assert error.problems == tuple(problems)


class TestAnAnsweredRequest:
    def test_carries_its_answer(self):
        assert AnsweredError("the answer").stored == "the answer"


class TestAReason:
    def test_parks_for_a_person_or_a_quota(self):
        assert {reason for reason in Reason if reason.is_parking} == {Reason.CREDENTIAL, Reason.QUOTA}

    def test_counts_unless_it_is_a_wait(self):
        uncounted = {reason for reason in Reason if not reason.counts}

        assert uncounted == {Reason.RATE, Reason.CREDENTIAL, Reason.QUOTA, Reason.NO_TIME}
