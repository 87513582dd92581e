"""What stands for a look-up that nobody may make: one identical repeat, and what a platform says to a duplicate."""

from datetime import timedelta
from random import Random

import pytest

from publishing.channels.base.contract import Payload, Prepared
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.operations import (
    CommitDelivery,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    RecordUnknown,
    SaveHandle,
)
from publishing.domain.outcome import Publication, Reason, Rejected
from publishing.domain.timing import Timing
from publishing.services import steps
from publishing.services.job import Job, submission_of
from tests.builders import NOW, build_account, build_delivery, build_message
from tests.services.test_delivering import Script
from tests.simulation.platforms import CHANNELS, ProbedChannel

S = DeliveryState
AGO = NOW - timedelta(minutes=3)
NAMED = Rejected(reason=Reason.DUPLICATE, detail="It is there.", publication=Publication(id="first"))
UNNAMED = Rejected(reason=Reason.DUPLICATE, detail="It is there.")


def in_doubt(**fields) -> Delivery:
    """Build a delivery whose only attempt settled without anybody knowing what became of it."""
    values = {
        "state": S.RETRY, "next_at": NOW, "maybe_sent": True, "commit_at": AGO, "first_commit_at": AGO, "fence": 1,
        "claims": 1, "attempts": 1, "last": Reason.LOST_SIGHT, "payload_sha": sent().sha(),
    }  # fmt: skip
    return build_delivery(**{**values, **fields})


def sent() -> Payload:
    channel = CHANNELS["probed"]
    job = Job(message=build_message(), delivery=build_delivery(), channel=channel, timing=Timing(), random=Random(1))
    return channel.build(submission_of(job), build_account())


def script_of(delivery: Delivery, *, kind: str = "probed", refused: tuple[type, ...] = ()) -> Script:
    return Script(build_message(), delivery, kind=kind, refused=refused)


class TestAProbe:
    def test_repeats_the_identical_request_under_a_commit_mark_of_its_own(self):
        script = script_of(in_doubt())

        script.deliver()

        (mark,) = [operation for operation in script.applied if isinstance(operation, CommitDelivery)]
        assert mark.is_probe
        assert mark.attempt.payload_sha == script.delivery.payload_sha
        assert script.published == 1

    def test_is_not_made_with_another_request(self):
        script = script_of(in_doubt(payload_sha="of something else"), refused=(RecordRejected,))

        report = script.deliver()

        assert script.published == 0
        assert report.what == "rejected_content"
        assert isinstance(script.applied[-1], RecordDeferred)
        assert "not sent again" in script.applied[-1].problem.detail

    def test_is_not_made_with_pictures_that_were_put_in_place_anew(self, monkeypatch: pytest.MonkeyPatch):
        class Illustrated(ProbedChannel):
            def needs_preparing(self, payload: Payload) -> bool:
                return True

        class Forgetful(Script):
            def __call__(self, step):
                is_upload = isinstance(step, steps.Prepare)
                return Prepared(handle="another upload", is_complete=True) if is_upload else super().__call__(step)

        monkeypatch.setitem(CHANNELS, "probed", Illustrated())
        script = Forgetful(build_message(), in_doubt(handle="the upload"), kind="probed", refused=(RecordRejected,))

        script.deliver()

        assert script.published == 0
        assert not [operation for operation in script.applied if isinstance(operation, SaveHandle)]

    def test_that_was_certainly_not_carried_out_is_given_back(self):
        script = script_of(in_doubt())
        script.commit_takes = timedelta(seconds=16)

        script.deliver()

        assert isinstance(script.applied[-1], RecordDeferred)
        assert script.applied[-1].is_probe


class TestARefusedDuplicate:
    def test_is_a_failure_where_nothing_was_ever_in_doubt(self):
        script = script_of(build_delivery())
        script.outcome = NAMED

        script.deliver()

        assert isinstance(script.applied[-1], RecordRejected)

    @pytest.mark.parametrize("delivery", [in_doubt(), in_doubt(maybe_sent=False, doubted=True)], ids=["open", "absent"])
    def test_is_evidence_of_what_it_names_after_doubt(self, delivery: Delivery):
        script = script_of(delivery)
        script.outcome = NAMED

        report = script.deliver()

        assert isinstance(script.applied[-1], RecordPublished)
        assert script.applied[-1].publication == NAMED.publication
        assert script.applied[-1].fence == script.delivery.fence
        assert report.what == "published_before"

    @pytest.mark.parametrize("outcome", [NAMED, UNNAMED], ids=["named", "unnamed"])
    def test_is_looked_up_where_that_is_possible(self, outcome: Rejected):
        script = script_of(in_doubt(maybe_sent=False, doubted=True), kind="refusing")
        script.outcome = outcome

        script.deliver()

        assert isinstance(script.applied[-1], RecordUnknown)
        assert script.applied[-1].reason is Reason.DUPLICATE
