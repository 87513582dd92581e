"""What is put in place before the visible call: in steps, each stored, never visible."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.channels.base.contract import Prepared
from publishing.domain.operations import (
    ClaimDelivery,
    CommitDelivery,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    SaveHandle,
)
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.services import steps
from tests.builders import build_delivery, build_message
from tests.services.test_delivering import Script

UNAVAILABLE = Deferred(reason=Reason.UNAVAILABLE, detail="Away.")


class Preparing(Script):
    """A delivery on a channel that wants things in place first; `answers` are its steps' answers."""

    def __init__(self, *answers: Any, takes: float = 1, **fields: Any) -> None:
        refused = fields.pop("refused", ())
        super().__init__(build_message(), build_delivery(**fields), kind="handle", refused=refused)
        self.answers = list(answers)
        self.takes = timedelta(seconds=takes)
        self.given: list[str | None] = []
        self.published_with: list[str | None] = []

    def __call__(self, step: Any) -> Any:
        match step:
            case steps.Prepare():
                self.given.append(step.payload.handle)
                self.now += self.takes
                return self.answers.pop(0)
            case steps.Publish():
                self.published_with.append(step.payload.handle)
        return super().__call__(step)

    def kinds(self) -> list[type]:
        return [type(operation) for operation in self.applied]


def prepared(handle: str, *, is_complete: bool = False) -> Prepared:
    return Prepared(handle=handle, is_complete=is_complete)


class TestPreparing:
    def test_stores_each_step_before_the_next_and_publishes_with_the_last(self):
        script = Preparing(prepared("a"), prepared("a b"), prepared("a b", is_complete=True))

        assert script.deliver().what == "published"

        assert script.given == [None, "a", "a b"]
        assert script.published_with == ["a b"]
        # The last step changed nothing, so there was nothing to store.
        assert script.kinds() == [ClaimDelivery, SaveHandle, SaveHandle, CommitDelivery, RecordPublished]

    def test_goes_on_with_what_an_earlier_attempt_left(self):
        script = Preparing(prepared("a b", is_complete=True), handle="a")

        script.deliver()

        assert script.given == ["a"]

    @pytest.mark.parametrize(
        ("refusal", "operation"),
        [(UNAVAILABLE, RecordDeferred), (Rejected(reason=Reason.CONTENT, detail="No picture."), RecordRejected)],
    )
    def test_ends_the_attempt_without_a_visible_call_when_a_step_is_refused(self, refusal, operation):
        script = Preparing(prepared("a"), refusal)

        script.deliver()

        assert script.kinds() == [ClaimDelivery, SaveHandle, operation]
        assert not script.applied[-1].is_committed
        assert script.published == 0

    def test_leaves_the_delivery_to_whoever_took_it_meanwhile(self):
        script = Preparing(prepared("a"), refused=(SaveHandle,))

        assert script.deliver().what == "prepare_lost"

        assert script.kinds() == [ClaimDelivery, SaveHandle]
        assert script.published == 0

    def test_stops_in_time_and_goes_on_at_the_next_attempt(self):
        script = Preparing(*(prepared(f"{number}") for number in range(40)), takes=14)

        script.deliver()

        deferred = script.applied[-1]
        assert isinstance(deferred, RecordDeferred)
        assert deferred.reason is Reason.NO_TIME
        assert script.delivery.leased_until is not None
        assert script.now < script.delivery.leased_until
        assert script.published == 0

    def test_ends_even_when_a_channel_never_comes_to_an_end(self):
        script = Preparing(*(prepared(f"{number}") for number in range(1_000)), takes=0)

        script.deliver()

        deferred = script.applied[-1]
        assert isinstance(deferred, RecordDeferred)
        assert deferred.reason is Reason.INTERNAL

    def test_keeps_the_payload_that_is_hashed_the_same_whatever_was_put_in_place(self):
        first, second = (Preparing(prepared(handle, is_complete=True)) for handle in ("a", "b"))

        for script in (first, second):
            script.deliver()

        marks = [script.applied[2].attempt.payload_sha for script in (first, second)]
        assert marks[0] == marks[1]
        assert replace(first.applied[1], handle="b", owner="") == replace(second.applied[1], owner="")
