"""Single histories of one delivery, step by step; `tests/simulation` has the many."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from publishing.domain.account import Hold, SealedCredential
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.errors import UnavailableError
from publishing.domain.events import Deliver
from publishing.domain.message import Message, MessageStatus, MessageWithDeliveries
from publishing.domain.operations import (
    Applied,
    ClaimDelivery,
    CommitDelivery,
    NotApplied,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
)
from publishing.domain.outcome import Deferred, Outcome, Publication, Published, Reason, Rejected
from publishing.domain.timing import Timing
from publishing.services import sending, steps
from publishing.services.delivering import Report, Rules, deliver
from publishing.services.steps import drive
from publishing.store.accounts import Lane
from tests.builders import NOW, build_account, build_delivery, build_message
from tests.simulation.platforms import CHANNELS

S = DeliveryState


class Script:
    """Answers steps and keeps them; commit marks take `commit_takes`, operations of `refused` types do not apply."""

    def __init__(self, message: Message, delivery: Delivery, *, kind: str, refused: tuple[type, ...] = ()) -> None:
        self.message, self.delivery, self.refused = message, replace(delivery, channel=kind), refused
        self.kind = kind
        self.now: datetime = NOW
        self.commit_takes = timedelta(0)
        self.applied: list[Any] = []
        self.published = 0
        self.hold: Hold | None = None
        self.held: list[Hold] = []
        #: Whether the table is out of reach for what holds the account.
        self.is_table_away = False
        self.outcome: Outcome = Published(publication=Publication(id="1"))
        self.finalised: list[str] = []
        self.later: MessageWithDeliveries | None = None

    def __call__(self, step: Any) -> Any:  # noqa: C901 - one case a step
        match step:
            case steps.ReadClock():
                return steps.Reading(now=self.now, remaining=timedelta(seconds=200) - (self.now - NOW))
            case steps.ReadMessage():
                found = MessageWithDeliveries(message=self.message, deliveries=(self.delivery,))
                return self.later if self.later is not None and self.applied else found
            case steps.ReadLane():
                credential = SealedCredential(
                    account_id="01ACC", version=1, ciphertext=b"sealed", nonce=b"once", data_key=b"key"
                )
                account = build_account(channel=self.kind)
                return Lane(account=account, credential=credential, is_stopped=False, hold=self.hold)
            case steps.HoldAccount(hold=hold):
                if self.is_table_away:
                    raise UnavailableError("The table could not be written.")
                self.held.append(hold)
                return None
            case steps.OpenCredential():
                return "secret"
            case steps.Publish():
                self.published += 1
                return self.outcome
            case steps.Finalise(operation=operation):
                self.finalised.append(operation.status)
                return True
            case steps.Apply(operation=operation):
                return self.apply(operation)
            case _:
                raise TypeError(type(step).__name__)

    def apply(self, operation: Any) -> Applied | NotApplied:
        self.applied.append(operation)
        if isinstance(operation, self.refused):
            return NotApplied(delivery=self.delivery)
        if isinstance(operation, ClaimDelivery):
            taken: dict[str, Any] = {
                "state": S.SENDING,
                "fence": self.delivery.fence + 1,
                "leased_until": operation.leased_until,
            }
            self.delivery = replace(self.delivery, **taken, owner=operation.owner)
        if isinstance(operation, CommitDelivery):
            self.now += self.commit_takes
        return Applied(delivery=self.delivery)

    def deliver(self) -> Report:
        event = Deliver(
            message_id=self.message.id, delivery_id=self.delivery.id, gen=self.delivery.gen,
            account_id=self.delivery.account_id,
        )  # fmt: skip
        rules = Rules(timing=Timing(), random=Random(1), get_channel=CHANNELS.__getitem__)
        return drive(deliver(event, rules=rules), self)


class TestTheVisibleCall:
    def test_is_not_made_when_the_commit_mark_took_too_long(self):
        script = Script(build_message(), build_delivery(), kind="key")
        script.commit_takes = timedelta(seconds=16)

        report = script.deliver()

        assert script.published == 0
        assert report.what == "deferred_no_time"
        assert isinstance(script.applied[-1], RecordDeferred)
        assert script.applied[-1].is_committed

    def test_is_made_when_the_commit_mark_was_quick(self):
        script = Script(build_message(), build_delivery(), kind="key")

        assert script.deliver().what == "published"
        assert script.published == 1

    @pytest.mark.parametrize("lost", [ClaimDelivery, CommitDelivery])
    def test_is_not_made_when_somebody_else_won(self, lost: type):
        script = Script(build_message(), build_delivery(), kind="none", refused=(lost,))

        script.deliver()

        assert script.published == 0


class TestLateEvidence:
    def test_ends_a_message_anew_that_had_ended_without_it(self):
        script = Script(build_message(), build_delivery(), kind="none")
        script.later = MessageWithDeliveries(
            message=build_message(status=MessageStatus.NEEDS_ATTENTION), deliveries=(build_delivery(state=S.PUBLISHED),)
        )

        script.deliver()

        assert isinstance(script.applied[-1], RecordPublished)
        assert script.finalised == ["published"]


class TestARefusalBeforeTheCall:
    def test_of_a_delivery_in_doubt_lets_it_wait_instead_of_holding_its_lease(self, monkeypatch: pytest.MonkeyPatch):
        doubted = build_delivery(
            state=S.RETRY, maybe_sent=True, next_at=NOW, first_commit_at=NOW - timedelta(minutes=1), fence=1, claims=1,
            attempts=1,
        )  # fmt: skip
        refusal = Rejected(reason=Reason.CONTENT, detail="Too long by now.")
        monkeypatch.setattr(sending, "_refusal", lambda *_: refusal)
        script = Script(build_message(), doubted, kind="key", refused=(RecordRejected,))

        script.deliver()

        assert script.published == 0
        assert isinstance(script.applied[-1], RecordDeferred)
        assert not script.applied[-1].is_committed


class TestAPlatformsLimit:
    LATER = NOW + timedelta(minutes=5)

    @pytest.mark.parametrize("reason", [Reason.RATE, Reason.QUOTA])
    def test_with_a_known_time_holds_the_whole_account(self, reason: Reason):
        script = Script(build_message(), build_delivery(), kind="key")
        script.outcome = Deferred(reason=reason, detail="Wait until 08:05.", not_before=self.LATER)

        script.deliver()

        assert script.held == [Hold(until=self.LATER, reason=reason, detail="Wait until 08:05.")]

    @pytest.mark.parametrize(
        "outcome",
        [
            Deferred(reason=Reason.RATE, detail="Wait."),
            Deferred(reason=Reason.RATE, detail="Wait.", not_before=NOW),
            Deferred(reason=Reason.UNAVAILABLE, detail="Away.", not_before=NOW + timedelta(minutes=5)),
            Published(publication=Publication(id="1")),
        ],
    )
    def test_without_one_holds_nobody(self, outcome: Outcome):
        script = Script(build_message(), build_delivery(), kind="key")
        script.outcome = outcome

        script.deliver()

        assert script.held == []

    def test_beyond_all_reason_holds_for_as_long_as_a_delivery_may_take(self):
        script = Script(build_message(), build_delivery(), kind="key")
        script.outcome = Deferred(reason=Reason.RATE, detail="Wait.", not_before=NOW + timedelta(days=400))

        script.deliver()

        assert script.held[0].until == NOW + Timing().give_up

    def test_that_cannot_be_kept_is_logged_and_changes_nothing_else(self, caplog: pytest.LogCaptureFixture):
        script = Script(build_message(), build_delivery(), kind="key")
        script.outcome = Deferred(reason=Reason.RATE, detail="Wait.", not_before=self.LATER)
        script.is_table_away = True

        report = script.deliver()

        assert report.is_done
        assert isinstance(script.applied[-1], RecordDeferred)
        assert [each.message for each in caplog.records if each.levelname == "WARNING"] == ["account.not_held"]

    def test_that_holds_is_not_met_again(self):
        script = Script(build_message(), build_delivery(), kind="key")
        script.hold = Hold(until=self.LATER, reason=Reason.RATE, detail="Wait until 08:05.")

        report = script.deliver()

        deferred = script.applied[-1]
        assert (report.what, script.published) == ("deferred_rate", 0)
        assert isinstance(deferred, RecordDeferred)
        assert (deferred.is_committed, deferred.problem.detail) == (False, "Wait until 08:05.")
        assert self.LATER <= deferred.next_at < self.LATER + timedelta(seconds=2)

    def test_that_is_over_holds_nobody(self):
        script = Script(build_message(), build_delivery(), kind="key")
        script.hold = Hold(until=NOW, reason=Reason.RATE, detail="Wait.")

        assert script.deliver().what == "published"
