"""Every operation of the protocol in every state: where it is carried out, and what the row is then."""

from dataclasses import replace

import pytest

from publishing.domain.delivery import TRANSITIONS, DeliveryState
from publishing.domain.operations import Applied, ClaimDelivery, NotApplied, RecordDeferred, SettleAbsent
from publishing.domain.outcome import Publication, Reason
from publishing.store import rows
from publishing.store.deliveries import apply, list_attempts
from publishing.store.transitions import build
from tests.builders import NOW
from tests.store.rows import (
    MINUTE,
    OWNER,
    PROBLEM,
    PUBLICATION,
    SECOND,
    TIMED,
    attempt,
    operations,
    put_row,
    raw,
    read_row,
)

pytestmark = pytest.mark.usefixtures("table")
S = DeliveryState

#: Operation → (state, may it have been sent?) → the state after it. What is not here is refused.
UNSENT, SENT = False, True
BOTH = (UNSENT, SENT)
CARRIED_OUT: dict[str, dict[tuple[DeliveryState, bool], DeliveryState]] = {
    "claim": {(state, sent): S.SENDING for state in (S.PENDING, S.RETRY, S.SENDING) for sent in BOTH},
    "save_handle": {(S.SENDING, sent): S.SENDING for sent in BOTH},
    "commit": {(S.SENDING, sent): S.COMMITTING for sent in BOTH},
    "published": {
        (state, sent): S.PUBLISHED
        for state in (S.PENDING, S.SENDING, S.COMMITTING, S.RETRY, S.UNKNOWN, S.UNCONFIRMED)
        for sent in BOTH
    },
    "found": {
        (state, sent): S.PUBLISHED
        for state in (S.PENDING, S.SENDING, S.COMMITTING, S.RETRY, S.UNKNOWN, S.UNCONFIRMED)
        for sent in BOTH
    },
    "deferred_before": {(S.SENDING, sent): S.RETRY for sent in BOTH},
    "deferred_after": {(S.COMMITTING, sent): S.RETRY for sent in BOTH},
    "unknown": {(S.COMMITTING, sent): S.UNKNOWN for sent in BOTH},
    "rejected_before": {(S.SENDING, UNSENT): S.FAILED},
    "rejected_after": {(S.COMMITTING, sent): S.FAILED for sent in BOTH},  # no *earlier* attempt is in doubt
    "take_over": {(S.COMMITTING, sent): S.UNKNOWN for sent in BOTH},
    "enter_doubt": {(S.RETRY, SENT): S.UNKNOWN, (S.SENDING, SENT): S.UNKNOWN},
    "fail_unsent": {(state, UNSENT): S.FAILED for state in (S.PENDING, S.RETRY, S.SENDING)},
    "cancel": {(state, UNSENT): S.CANCELLED for state in (S.PENDING, S.RETRY, S.SENDING)},
    "absent_retry": {(S.UNKNOWN, sent): S.RETRY for sent in BOTH},
    "absent_failed": {(S.UNKNOWN, sent): S.FAILED for sent in BOTH},
    "absent_cancelled": {(S.UNKNOWN, sent): S.CANCELLED for sent in BOTH},
    "resend": {(S.UNKNOWN, sent): S.RETRY for sent in BOTH},
    "unconfirmed": {(S.UNKNOWN, sent): S.UNCONFIRMED for sent in BOTH},
    "returned": {(state, sent): S.FAILED for state in (S.UNKNOWN, S.UNCONFIRMED) for sent in BOTH},
    "look_again": {(S.UNKNOWN, sent): S.UNKNOWN for sent in BOTH},
}


class TestAnOperation:
    @pytest.mark.parametrize("name", CARRIED_OUT)
    def test_is_carried_out_where_it_may_and_refused_elsewhere(self, name):
        after = {}
        for state in S:
            for sent in BOTH:
                before = put_row(state, maybe_sent=sent)

                result = apply(operations(before)[name])

                row = raw(f"MSG#{before.message_id}", "CHANNEL#webhook")
                if isinstance(result, Applied):
                    after[state, sent] = DeliveryState(row["state"]["S"])
                    assert_invariants(before, row)
                else:
                    assert result.delivery == rows.raw_delivery(row), (state, sent)
                    assert row["state"]["S"] == state
                    assert "GSI2PK" not in row or state in TIMED
        assert after == CARRIED_OUT[name]

    def test_is_known_for_every_kind(self):
        assert set(CARRIED_OUT) == set(operations(put_row(S.PENDING)))

    @pytest.mark.parametrize("name", CARRIED_OUT)
    def test_leads_where_the_table_of_states_leads(self, name):
        ways = {(state, to) for (state, _), targets in TRANSITIONS.items() for to in targets}
        ways |= {(state, state) for state in S}

        assert {(state, to) for (state, _), to in CARRIED_OUT[name].items()} <= ways

    @pytest.mark.parametrize("name", sorted(set(CARRIED_OUT) - {"published", "found"}))
    def test_by_one_whose_claim_was_taken_over_is_refused(self, name):
        for state, sent in CARRIED_OUT[name]:
            before = put_row(state, maybe_sent=sent)
            stale = operations(replace(before, fence=2, gen=0))[name]

            result = apply(stale)

            assert isinstance(result, NotApplied)
            assert read_row(before).fence == 3

    @pytest.mark.parametrize("name", ["published", "found"])
    def test_that_records_success_needs_no_fence_but_the_generation(self, name):
        before = put_row(S.SENDING)

        assert isinstance(apply(operations(replace(before, gen=2))[name]), NotApplied)
        assert isinstance(apply(operations(replace(before, fence=1))[name]), Applied)

    @pytest.mark.parametrize("name", CARRIED_OUT)
    def test_on_a_row_that_is_gone_is_refused(self, name):
        gone = replace(put_row(S.PENDING), message_id="01KBCD00000000000000000GNE")

        assert apply(operations(gone)[name]) == NotApplied(delivery=None)

    def test_of_an_unknown_kind_has_no_writes(self):
        with pytest.raises(TypeError, match="No writes are known for"):
            build(object())  # type: ignore[arg-type]


def assert_invariants(before, row):
    """I6 and I7: a timer exactly where something waits, and counters that never decrease."""
    after = rows.raw_delivery(row)
    assert after is not None
    assert ("GSI2PK" in row) == ("GSI2SK" in row) == (after.state in TIMED)
    if after.state in TIMED:
        assert row["GSI2PK"] == {"S": "STATUS#waiting"}
        assert after.next_at is not None
    if after.state.is_terminal:
        assert not {"lease_until", "next_at", "parked_since"} & row.keys()
    assert after.fence >= before.fence
    assert after.claims >= before.claims
    assert after.gen >= before.gen


class TestAClaim:
    def test_takes_a_new_fence_a_lease_and_is_counted(self):
        before = put_row(S.PENDING)

        result = apply(operations(before)["claim"])

        assert isinstance(result, Applied)
        assert result.delivery is not None
        after = result.delivery
        assert (after.fence, after.claims, after.owner, after.leased_until) == (4, 4, OWNER, NOW + MINUTE)

    @pytest.mark.parametrize(
        ("state", "fields"),
        [
            (S.RETRY, {"next_at": NOW + SECOND}),
            (S.SENDING, {"leased_until": NOW}),
            (S.PENDING, {"gen": 2}),
        ],
    )
    def test_is_refused_before_its_time(self, state, fields):
        before = put_row(state, **fields)
        claim = ClaimDelivery(
            message_id=before.message_id, delivery_id="webhook", owner=OWNER, now=NOW, gen=1, leased_until=NOW + MINUTE
        )

        assert isinstance(apply(claim), NotApplied)

    def test_is_possible_at_the_very_moment(self):
        assert isinstance(apply(operations(put_row(S.RETRY, next_at=NOW))["claim"]), Applied)


class TestTheCommitMark:
    def test_keeps_the_doubt_there_was_and_when_the_first_one_was_set(self):
        before = put_row(S.SENDING, maybe_sent=True)

        apply(operations(before)["commit"])

        after = read_row(before)
        assert (after.maybe_sent, after.maybe_before) == (True, True)
        assert (after.commit_at, after.first_commit_at) == (NOW, NOW - MINUTE)

    def test_of_a_first_attempt_has_no_earlier_doubt(self):
        before = put_row(S.SENDING)

        apply(operations(before)["commit"])

        after = read_row(before)
        assert (after.maybe_sent, after.maybe_before) == (True, False)
        assert after.commit_at == after.first_commit_at == NOW
        assert after.payload_sha == "sha"

    def test_opens_its_attempt_in_the_same_transaction(self):
        before = put_row(S.SENDING)

        apply(operations(before)["commit"])

        assert list_attempts(before.message_id, "webhook") == (attempt(before),)

    def test_that_is_refused_opens_no_attempt(self):
        before = put_row(S.CANCELLED)

        apply(operations(before)["commit"])

        assert list_attempts(before.message_id, "webhook") == ()


class TestTheResultOfAnAttempt:
    @pytest.mark.parametrize(
        ("name", "outcome", "reason"),
        [
            ("published", "published", None),
            ("deferred_after", "deferred", Reason.UNAVAILABLE),
            ("unknown", "unknown", Reason.SERVER_ERROR),
            ("rejected_after", "rejected", Reason.CONTENT),
        ],
    )
    def test_ends_the_attempt_with_it(self, name, outcome, reason):
        before = put_row(S.COMMITTING)

        apply(operations(before)[name])

        (ended,) = list_attempts(before.message_id, "webhook")
        assert (ended.outcome, ended.reason, ended.ended_at) == (outcome, reason, NOW)
        assert ended.publication == (PUBLICATION if name == "published" else None)

    @pytest.mark.parametrize("name", ["deferred_after", "unknown", "rejected_after"])
    def test_that_comes_after_a_take_over_still_ends_the_attempt(self, name):
        before = put_row(S.COMMITTING)
        apply(replace(operations(before)["take_over"], owner="another-worker"))

        result = apply(operations(before)[name])

        (ended,) = list_attempts(before.message_id, "webhook")
        assert isinstance(result, NotApplied)
        assert read_row(before).state is S.UNKNOWN
        assert ended.outcome is not None

    def test_that_comes_after_a_take_over_counts_when_it_is_success(self):
        before = put_row(S.COMMITTING)
        apply(operations(before)["take_over"])

        result = apply(operations(before)["published"])

        (ended,) = list_attempts(before.message_id, "webhook")
        assert isinstance(result, Applied)
        assert read_row(before).publication == ended.publication == PUBLICATION

    def test_is_recorded_once_in_the_attempt(self):
        before = put_row(S.COMMITTING, maybe_before=True)
        apply(operations(before)["rejected_after"])

        result = apply(operations(before)["unknown"])

        (ended,) = list_attempts(before.message_id, "webhook")
        assert isinstance(result, Applied)
        assert read_row(before).state is S.UNKNOWN
        assert ended.outcome == "rejected"


class TestARefusalByThePlatform:
    def test_says_nothing_about_an_earlier_attempt_in_doubt(self):
        before = put_row(S.COMMITTING, maybe_before=True)

        result = apply(operations(before)["rejected_after"])

        assert isinstance(result, NotApplied)
        assert read_row(before).state is S.COMMITTING

    def test_clears_the_doubt_of_its_own_attempt(self):
        before = put_row(S.COMMITTING)

        apply(operations(before)["rejected_after"])

        after = read_row(before)
        assert (after.state, after.maybe_sent, after.last) == (S.FAILED, False, Reason.CONTENT)
        assert after.problem == PROBLEM


class TestAPostponement:
    @pytest.mark.parametrize("doubt", [False, True])
    def test_after_the_commit_mark_sets_the_doubt_back_to_what_it_was(self, doubt):
        before = put_row(S.COMMITTING, maybe_before=doubt)

        apply(operations(before)["deferred_after"])

        assert read_row(before).maybe_sent is doubt

    @pytest.mark.parametrize("doubt", [False, True])
    def test_before_the_commit_mark_leaves_the_doubt_alone(self, doubt):
        before = put_row(S.SENDING, maybe_sent=doubt)

        apply(operations(before)["deferred_before"])

        assert read_row(before).maybe_sent is doubt

    @pytest.mark.parametrize("reason", list(Reason))
    def test_counts_as_a_try_or_as_a_wait(self, reason):
        before = put_row(S.SENDING)
        deferral = operations(before)["deferred_before"]
        assert isinstance(deferral, RecordDeferred)

        apply(replace(deferral, reason=reason))

        after = read_row(before)
        assert (after.attempts, after.waits) == ((3, 0) if reason.counts else (2, 1))

    def test_waits_for_a_person_since_its_first_time(self):
        before = put_row(S.SENDING)
        deferral = operations(before)["deferred_before"]
        assert isinstance(deferral, RecordDeferred)

        apply(replace(deferral, parked_since=NOW - MINUTE))
        parked = read_row(before)
        apply(operations(before)["claim"])
        claimed = read_row(before)

        assert parked.parked_since == claimed.parked_since == NOW - MINUTE

    def test_for_another_reason_ends_the_parking(self):
        before = put_row(S.SENDING, parked_since=NOW - MINUTE)

        apply(operations(before)["deferred_before"])

        assert read_row(before).parked_since is None

    def test_has_its_timer_at_the_next_try(self):
        before = put_row(S.SENDING)

        apply(operations(before)["deferred_before"])

        assert raw(f"MSG#{before.message_id}", "CHANNEL#webhook")["GSI2SK"] == {"S": "2026-12-01T08:01:00.000Z"}
        assert read_row(before).next_at == NOW + MINUTE


class TestATakeOver:
    @pytest.mark.parametrize("name", ["take_over", "enter_doubt"])
    def test_takes_a_new_fence_and_is_due_at_once(self, name):
        before = put_row(S.COMMITTING if name == "take_over" else S.RETRY, maybe_sent=True)

        apply(operations(before)[name])

        after = read_row(before)
        assert (after.fence, after.next_at, after.leased_until, after.maybe_sent) == (4, NOW, None, True)

    def test_is_refused_while_the_lease_runs(self):
        before = put_row(S.COMMITTING, leased_until=NOW)

        assert isinstance(apply(operations(before)["take_over"]), NotApplied)

    def test_of_a_claim_that_runs_is_refused(self):
        before = put_row(S.SENDING, maybe_sent=True, leased_until=NOW)

        assert isinstance(apply(operations(before)["enter_doubt"]), NotApplied)
        assert isinstance(apply(operations(replace(before, maybe_sent=False))["fail_unsent"]), NotApplied)


class TestDoubt:
    def test_ends_when_nothing_was_found(self):
        before = put_row(S.UNKNOWN, maybe_before=True, problem=PROBLEM)

        apply(operations(before)["absent_retry"])

        after = read_row(before)
        assert (after.maybe_sent, after.maybe_before, after.next_at) == (False, False, NOW + MINUTE)

    def test_that_ended_leaves_no_problem_behind_when_there_is_none(self):
        before = put_row(S.UNKNOWN, problem=PROBLEM)
        settled = operations(before)["absent_cancelled"]
        assert isinstance(settled, SettleAbsent)

        apply(replace(settled, problem=None))

        assert read_row(before).problem is None

    def test_is_kept_when_the_request_is_made_again(self):
        before = put_row(S.UNKNOWN)

        apply(operations(before)["resend"])

        after = read_row(before)
        assert (after.state, after.maybe_sent, after.next_at) == (S.RETRY, True, NOW + MINUTE)


class TestASuccess:
    def test_forgets_what_stood_in_its_way(self):
        before = put_row(S.UNKNOWN, problem=PROBLEM, last=Reason.LOST_SIGHT, parked_since=NOW)

        apply(operations(before)["found"])

        after = read_row(before)
        assert after.publication == PUBLICATION
        assert after.published_at == NOW
        assert (after.problem, after.last, after.leased_until, after.next_at, after.parked_since) == (None,) * 5

    def test_is_counted_as_an_attempt_only_where_one_was_made(self):
        seen, made = put_row(S.UNKNOWN), put_row(S.COMMITTING)

        apply(operations(seen)["found"])
        apply(operations(made)["published"])

        assert (read_row(seen).attempts, read_row(made).attempts) == (2, 3)

    def test_recorded_again_is_the_same_success(self):
        before = put_row(S.UNKNOWN)
        apply(operations(before)["found"])

        result = apply(operations(before)["found"])

        assert isinstance(result, Applied)
        assert "dup_post_id" not in raw(f"MSG#{before.message_id}", "CHANNEL#webhook")

    def test_with_another_publication_is_noted_as_a_duplicate(self):
        before = put_row(S.COMMITTING)
        apply(operations(before)["found"])
        second = replace(operations(before)["published"], publication=Publication(id="post-2"))  # type: ignore[call-arg]

        result = apply(second)

        after = read_row(before)
        assert isinstance(result, NotApplied)
        assert after.publication == PUBLICATION
        assert raw(f"MSG#{before.message_id}", "CHANNEL#webhook")["dup_post_id"] == {"S": "post-2"}
