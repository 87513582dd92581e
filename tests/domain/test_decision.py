"""Every combination that a worker can read, and what may be decided about it."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from publishing.domain.decision import (
    Action,
    Cancel,
    Claim,
    Doubt,
    Fail,
    Leave,
    LookUp,
    Policy,
    Postpone,
    Probe,
    Resend,
    decide,
    ends_when_absent,
    leaves_to_person,
)
from publishing.domain.delivery import Delivery, DeliveryEvent, DeliveryState, allows
from publishing.domain.message import Message, MessageStatus
from publishing.domain.outcome import Reason
from publishing.domain.timing import Timing
from tests.builders import NOW, build_delivery, build_message

TIMING = Timing()
KEY_WINDOW = timedelta(minutes=54)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

S = DeliveryState
BEFORE_COMMIT = {S.PENDING, S.RETRY, S.SENDING}

#: How a delivery's history can look: (age of the message's due time, fields of the delivery).
HISTORIES: dict[str, tuple[timedelta, dict[str, Any]]] = {
    "fresh": (MINUTE, {"claims": 1, "attempts": 1}),
    "late": (7 * HOUR, {}),
    "expired": (7 * HOUR, {"claims": 1, "attempts": 1}),
    "claims": (MINUTE, {"claims": 30, "attempts": 3, "waits": 2}),
    "parked": (7 * HOUR, {"claims": 1, "waits": 1, "parked_since": NOW - DAY}),
    "parked_too_long": (9 * DAY, {"claims": 1, "waits": 1, "parked_since": NOW - 8 * DAY}),
}
HOPELESS = {"late", "expired", "claims", "parked_too_long"}
LEASES = {"none": None, "held": NOW + MINUTE, "ran_out": NOW - SECOND}
WAITS = {"none": None, "not_due": NOW + MINUTE, "due": NOW - SECOND}
COMMITS = {
    "never": None,
    "now": NOW - 10 * SECOND,
    "gap_over": NOW - MINUTE,
    "settled": NOW - 3 * MINUTE,
    "long_ago": NOW - 2 * HOUR,
}
#: What allows to make a request again: a key's window, whether the account probes, and whether it did.
REPEATS = ((None, False, False), (KEY_WINDOW, False, False), (None, True, False), (None, True, True))


@dataclass(frozen=True)
class Case:
    """One combination, what was decided about it, and what is true of it by a reckoning of its own."""

    message: Message
    delivery: Delivery
    policy: Policy
    history: str
    action: Action

    @property
    def is_leased(self) -> bool:
        return self.delivery.leased_until is not None and self.delivery.leased_until >= NOW

    @property
    def waits(self) -> bool:
        return self.delivery.next_at is not None and self.delivery.next_at > NOW

    @property
    def key_holds(self) -> bool:
        window, first = self.policy.key_window, self.delivery.first_commit_at
        return window is not None and first is not None and first + window > NOW + TIMING.call + TIMING.key_gap

    @property
    def is_hopeless(self) -> bool:
        return self.history in HOPELESS


@cache
def cases() -> tuple[Case, ...]:
    """Every combination."""
    found = []
    product = itertools.product(
        MessageStatus, S, HISTORIES, LEASES.values(), WAITS.values(), COMMITS.values(), REPEATS,
        (False, True), (Reason.LOST_SIGHT, Reason.EXPIRED),
    )  # fmt: skip
    for status, state, history, lease, next_at, commit_at, (window, probes, probed), is_stopped, last in product:
        under_way = status in {MessageStatus.PUBLISHING, MessageStatus.CANCELLING}
        if not under_way and (history, lease, next_at, window) != ("fresh", None, None, None):
            continue  # nothing but the status is looked at
        if state is S.PENDING and commit_at is not None:
            continue  # a pending delivery was never committed in its generation
        age, fields = HISTORIES[history]
        message = build_message(status=status, scheduled_at=NOW - age, created_at=NOW - 30 * DAY)
        delivery = build_delivery(
            state=state, leased_until=lease, next_at=next_at, maybe_sent=commit_at is not None, commit_at=commit_at,
            first_commit_at=commit_at, last=last, probed=probed, **fields,
        )  # fmt: skip
        policy = Policy(timing=TIMING, key_window=window, probes=probes, is_stopped=is_stopped)
        action = decide(message, delivery, NOW, policy=policy)
        found.append(Case(message, delivery, policy, history, action))
    return tuple(found)


def decided(kind: type) -> list[Case]:
    """The combinations about which this was decided; some are."""
    found = [case for case in cases() if isinstance(case.action, kind)]
    assert found
    return found


class TestEveryDecision:
    def test_leaves_what_has_ended(self):
        assert all(isinstance(case.action, Leave) for case in cases() if case.delivery.state.is_terminal)

    def test_leaves_a_message_that_is_not_under_way(self):
        assert all(isinstance(case.action, Leave) for case in cases() if not case.message.status.is_under_way)

    def test_is_an_event_of_the_table(self):
        events = {
            Claim: {DeliveryEvent.CLAIM},
            Probe: {DeliveryEvent.CLAIM},
            Cancel: {DeliveryEvent.CANCEL},
            Fail: {DeliveryEvent.GIVE_UP},
            Doubt: {DeliveryEvent.LEASE_EXPIRED, DeliveryEvent.GIVE_UP, DeliveryEvent.CANCEL},
            Resend: {DeliveryEvent.RESEND},
            Postpone: {DeliveryEvent.LOOK_AGAIN},
            LookUp: {DeliveryEvent.LOOK_AGAIN},
        }

        for case in cases():
            if not isinstance(case.action, Leave):
                assert any(allows(case.delivery.state, event) for event in events[type(case.action)]), case

    def test_goes_on_with_whatever_is_neither_held_nor_waiting_nor_stopped(self):
        for case in cases():
            if case.message.status.is_under_way and not case.delivery.state.is_terminal and not case.policy.is_stopped:
                holds = case.is_leased and case.delivery.state in {S.SENDING, S.COMMITTING}
                waits = case.waits and case.delivery.state in {S.RETRY, S.UNKNOWN}
                assert holds or waits or not isinstance(case.action, Leave), case


class TestAClaim:
    def test_is_made_only_while_the_message_is_publishing(self):
        assert {case.message.status for case in decided(Claim)} == {MessageStatus.PUBLISHING}

    def test_is_made_only_before_a_commit_mark(self):
        assert {case.delivery.state for case in decided(Claim)} == BEFORE_COMMIT

    def test_never_takes_what_is_leased(self):
        assert not [case for case in decided(Claim) if case.delivery.state is S.SENDING and case.is_leased]

    def test_never_takes_a_retry_before_its_time(self):
        assert not [case for case in decided(Claim) if case.delivery.state is S.RETRY and case.waits]

    def test_is_never_made_while_all_is_stopped(self):
        assert not [case for case in decided(Claim) if case.policy.is_stopped]

    def test_after_doubt_needs_a_key_that_still_holds(self):
        assert all(case.key_holds for case in decided(Claim) if case.delivery.maybe_sent)

    def test_is_never_made_of_what_is_hopeless(self):
        assert not [case for case in decided(Claim) if case.is_hopeless]


class TestACancelOrAFailure:
    def test_never_ends_what_may_have_been_sent(self):
        assert not [case for case in decided(Cancel) + decided(Fail) if case.delivery.maybe_sent]

    def test_comes_only_before_a_commit_mark(self):
        assert {case.delivery.state for case in decided(Cancel) + decided(Fail)} == BEFORE_COMMIT

    def test_is_a_cancel_exactly_while_cancelling(self):
        assert {case.message.status for case in decided(Cancel)} == {MessageStatus.CANCELLING}
        assert {case.message.status for case in decided(Fail)} == {MessageStatus.PUBLISHING}

    def test_of_a_cancelled_message_takes_everything_unsent_at_once(self):
        for case in cases():
            is_unsent = case.delivery.state in BEFORE_COMMIT and not case.delivery.maybe_sent
            if case.message.status is MessageStatus.CANCELLING and is_unsent:
                assert isinstance(case.action, Cancel), case

    def test_as_a_failure_needs_a_reason_to_give_up(self):
        assert all(case.is_hopeless for case in decided(Fail))

    def test_as_a_failure_never_takes_a_delivery_from_its_worker(self):
        assert not [case for case in decided(Fail) if case.delivery.state is S.SENDING and case.is_leased]


class TestDoubt:
    def test_arises_only_where_something_may_have_been_sent(self):
        for case in decided(Doubt):
            assert case.delivery.maybe_sent or case.delivery.state is S.COMMITTING

    def test_never_arises_under_a_lease(self):
        assert not [
            case for case in decided(Doubt) if case.is_leased and case.delivery.state in {S.SENDING, S.COMMITTING}
        ]

    def test_is_all_that_follows_a_commit_mark(self):
        committing: set[type] = {type(case.action) for case in cases() if case.delivery.state is S.COMMITTING}

        assert committing == set[type]((Leave, Doubt))

    def test_never_leads_to_a_claim_directly(self):
        unknown: set[type] = {type(case.action) for case in cases() if case.delivery.state is S.UNKNOWN}

        assert unknown == {Leave, Postpone, Resend, LookUp}

    def test_is_looked_up_only_once_the_platform_has_settled(self):
        for case in decided(LookUp):
            assert case.delivery.commit_at is None or case.delivery.commit_at + TIMING.settle <= NOW

    def test_is_looked_up_at_the_latest_then(self):
        for case in decided(Postpone):
            assert isinstance(case.action, Postpone)
            assert NOW < case.action.until <= (case.delivery.commit_at or NOW) + TIMING.settle

    def test_is_left_alone_until_its_time(self):
        unknown = [case for case in cases() if case.delivery.state is S.UNKNOWN and case.waits]

        assert unknown
        assert all(isinstance(case.action, Leave) for case in unknown)


class TestAResend:
    def test_is_never_made_while_cancelling(self):
        assert {case.message.status for case in decided(Resend)} == {MessageStatus.PUBLISHING}

    def test_needs_a_key_that_still_holds_or_is_the_way_to_a_probe(self):
        assert all(case.key_holds or case.policy.probes for case in decided(Resend))

    def test_keeps_its_distance_from_the_request_before(self):
        for case in decided(Resend):
            assert isinstance(case.action, Resend)
            assert case.delivery.commit_at is not None
            assert case.action.at >= case.delivery.commit_at + TIMING.key_gap
            assert case.action.at >= NOW

    def test_is_never_made_of_what_is_hopeless(self):
        assert not [case for case in decided(Resend) if case.is_hopeless]

    def test_is_never_made_when_the_doubt_was_to_end_the_delivery(self):
        assert not [case for case in decided(Resend) if ends_when_absent(case.delivery.last)]

    @pytest.mark.parametrize(("attempts", "gaps"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16)])
    def test_waits_longer_each_time(self, attempts, gaps):
        delivery = in_doubt(attempts=attempts, claims=attempts, commit_at=NOW - SECOND, first_commit_at=NOW - SECOND)

        action = decide(build_message(), delivery, NOW, policy=Policy(timing=TIMING, key_window=KEY_WINDOW))

        assert action == Resend(at=NOW - SECOND + gaps * TIMING.key_gap)


class TestAProbe:
    def test_is_made_once_of_what_settled_where_a_double_is_refused(self):
        for case in decided(Probe):
            delivery = case.delivery
            assert case.policy.probes
            assert delivery.maybe_sent
            assert not delivery.probed
            assert delivery.commit_at is not None
            assert delivery.commit_at + TIMING.settle <= NOW

    def test_is_made_before_a_commit_mark_of_a_message_that_is_publishing(self):
        assert {case.delivery.state for case in decided(Probe)} == BEFORE_COMMIT - {S.PENDING}
        assert {case.message.status for case in decided(Probe)} == {MessageStatus.PUBLISHING}

    def test_is_never_made_while_a_key_holds_or_all_is_stopped(self):
        assert not [case for case in decided(Probe) if case.key_holds or case.policy.is_stopped]

    def test_is_never_made_of_what_is_hopeless_or_was_to_end(self):
        assert not [case for case in decided(Probe) if case.is_hopeless or ends_when_absent(case.delivery.last)]

    def test_is_led_to_from_doubt_in_the_same_cases(self):
        leads = [case for case in decided(Resend) if not case.key_holds]

        assert leads
        for case in leads:
            assert case.action == Resend(at=NOW)
            assert case.policy.probes
            assert not case.delivery.probed
            assert case.delivery.commit_at is not None
            assert case.delivery.commit_at + TIMING.settle <= NOW

    def test_comes_no_later_than_a_delivery_may_be_tried(self):
        parked = {"claims": 1, "parked_since": NOW - HOUR, "state": S.RETRY, "next_at": NOW, "maybe_sent": True}
        just_inside = build_delivery(**parked, commit_at=NOW - HOUR, first_commit_at=NOW - 6 * HOUR + SECOND)
        just_over = build_delivery(**parked, commit_at=NOW - HOUR, first_commit_at=NOW - 6 * HOUR)

        assert action_of(just_inside, probes=True) == Probe()
        assert action_of(just_over, probes=True) == Doubt(reason=Reason.LOST_SIGHT)


def in_doubt(**fields):
    defaults = {
        "state": S.UNKNOWN,
        "maybe_sent": True,
        "commit_at": NOW - 10 * MINUTE,
        "first_commit_at": NOW - 10 * MINUTE,
    }
    return build_delivery(**{**defaults, **fields})


def action_of(delivery: Delivery, message: Message | None = None, **policy) -> Action:
    return decide(message or build_message(), delivery, NOW, policy=Policy(timing=TIMING, **policy))


class TestAnExample:
    def test_of_a_new_delivery_is_claimed(self):
        assert action_of(build_delivery()) == Claim()

    def test_of_a_retry_waits_for_its_time(self):
        delivery = build_delivery(state=S.RETRY, next_at=NOW + SECOND)

        assert action_of(delivery) == Leave(because="not_due")

    def test_of_a_dead_worker_before_its_commit_mark_is_claimed_anew(self):
        assert action_of(build_delivery(state=S.SENDING, claims=1, leased_until=NOW - SECOND)) == Claim()

    def test_of_a_dead_worker_after_its_commit_mark_is_in_doubt(self):
        delivery = build_delivery(state=S.COMMITTING, maybe_sent=True, leased_until=NOW - SECOND)

        assert action_of(delivery) == Doubt(reason=Reason.LOST_SIGHT)

    def test_of_doubt_without_a_key_waits_until_it_settled(self):
        delivery = in_doubt(commit_at=NOW - MINUTE)

        assert action_of(delivery) == Postpone(until=NOW + MINUTE)

    def test_of_doubt_without_a_key_is_looked_up_then(self):
        assert action_of(in_doubt()) == LookUp()

    def test_of_a_message_that_did_not_start_in_time_fails_as_late(self):
        message = build_message(scheduled_at=NOW - 7 * HOUR)

        assert action_of(build_delivery(), message) == Fail(reason=Reason.LATE)

    def test_of_what_was_tried_too_long_fails_as_expired(self):
        message = build_message(scheduled_at=NOW - 7 * HOUR)

        assert action_of(build_delivery(claims=1, attempts=1), message) == Fail(reason=Reason.EXPIRED)

    def test_of_a_message_without_due_time_counts_from_its_making(self):
        message = build_message(scheduled_at=None, created_at=NOW - 7 * HOUR)

        assert action_of(build_delivery(), message) == Fail(reason=Reason.LATE)

    def test_of_claims_that_left_no_result_counts_only_those(self):
        breaking = build_delivery(claims=25)
        busy = build_delivery(claims=100, attempts=50, waits=26)

        assert action_of(breaking) == Fail(reason=Reason.CLAIMS)
        assert action_of(busy) == Claim()

    def test_of_a_parked_delivery_outlives_the_time_of_others(self):
        message = build_message(scheduled_at=NOW - 2 * DAY)
        parked = build_delivery(state=S.RETRY, next_at=NOW, claims=1, parked_since=NOW - DAY, last=Reason.CREDENTIAL)

        assert action_of(parked, message) == Claim()

    def test_of_a_delivery_parked_too_long_fails_with_its_own_reason(self):
        message = build_message(scheduled_at=NOW - 9 * DAY)
        parked = build_delivery(state=S.RETRY, claims=1, parked_since=NOW - 8 * DAY, last=Reason.CREDENTIAL)

        assert action_of(parked, message) == Fail(reason=Reason.CREDENTIAL)

    def test_of_a_cancel_after_doubt_is_looked_up_not_cancelled(self):
        message = build_message(status=MessageStatus.CANCELLING)
        delivery = build_delivery(state=S.RETRY, maybe_sent=True)

        assert action_of(delivery, message) == Doubt(reason=Reason.CANCELLED)

    def test_of_a_stop_lets_doubt_be_settled(self):
        assert action_of(in_doubt(), is_stopped=True) == LookUp()

    def test_of_a_key_whose_window_ends_during_the_call_is_in_doubt(self):
        first = NOW + TIMING.call + TIMING.key_gap - KEY_WINDOW
        just_over = build_delivery(state=S.RETRY, maybe_sent=True, first_commit_at=first, last=Reason.RATE)
        just_inside = build_delivery(state=S.RETRY, maybe_sent=True, first_commit_at=first + SECOND)

        assert action_of(just_over, key_window=KEY_WINDOW) == Doubt(reason=Reason.RATE)
        assert action_of(just_inside, key_window=KEY_WINDOW) == Claim()


class TestALookUpThatKeepsFailing:
    def test_is_left_to_a_person_half_an_hour_after_giving_up(self):
        policy = Policy(timing=TIMING)
        limit = NOW + TIMING.give_up + TIMING.unsettled

        assert not leaves_to_person(build_message(), in_doubt(), limit, policy=policy)
        assert leaves_to_person(build_message(), in_doubt(), limit + SECOND, policy=policy)

    def test_of_a_late_commit_counts_from_when_that_settled(self):
        policy = Policy(timing=TIMING)
        committed = NOW + TIMING.give_up
        limit = committed + TIMING.settle + TIMING.unsettled

        assert not leaves_to_person(build_message(), in_doubt(commit_at=committed), limit, policy=policy)
        assert leaves_to_person(build_message(), in_doubt(commit_at=committed), limit + SECOND, policy=policy)
