"""The table of a message's life, and what follows from its deliveries."""

import itertools

import pytest

from publishing.domain.content import MediaUse
from publishing.domain.delivery import TERMINAL, DeliveryState
from publishing.domain.message import (
    FINAL,
    TRANSITIONS,
    MessageEvent,
    MessageStatus,
    MessageWithDeliveries,
    Target,
    Variant,
    allows,
    build_targets,
    final_status,
)
from publishing.domain.outcome import Problem, Reason
from tests.builders import build_delivery, build_message

S, E, D = MessageStatus, MessageEvent, DeliveryState

#: What may happen to a message in each status, written down a second time.
LIVES = {
    S.DRAFT: {E.EDIT, E.SUBMIT, E.SCHEDULE, E.CANCEL, E.DELETE},
    S.IN_REVIEW: {E.EDIT, E.SUBMIT, E.APPROVE, E.REJECT, E.SCHEDULE, E.CANCEL, E.DELETE},
    S.SCHEDULED: {E.EDIT, E.SUBMIT, E.APPROVE, E.HOLD, E.SCHEDULE, E.DISPATCH, E.CANCEL, E.DELETE, E.RESTORED},
    S.PUBLISHING: {E.CANCEL, E.FINISH, E.RETRY, E.RESOLVE, E.RESTORED},
    S.CANCELLING: {E.CANCEL, E.FINISH, E.RESOLVE},
    S.PUBLISHED: {E.RESOLVE},
    S.PARTLY_PUBLISHED: {E.SCHEDULE, E.RETRY, E.RESOLVE},
    S.FAILED: {E.SCHEDULE, E.RETRY, E.RESOLVE, E.DELETE},
    S.CANCELLED: {E.SCHEDULE, E.RETRY, E.RESOLVE, E.DELETE},
    S.NEEDS_ATTENTION: {E.SCHEDULE, E.RETRY, E.RESOLVE},
}


class TestAMessage:
    @pytest.mark.parametrize(("status", "event"), list(itertools.product(S, E)))
    def test_allows_what_the_table_holds_and_nothing_else(self, status, event):
        assert allows(status, event) == (event in LIVES[status])

    def test_is_dispatched_only_when_scheduled(self):
        assert {status for status, event in TRANSITIONS if event is E.DISPATCH} == {S.SCHEDULED}

    def test_ends_only_from_being_under_way(self):
        assert {status for status, event in TRANSITIONS if event is E.FINISH} == {s for s in S if s.is_under_way}

    def test_is_never_final_and_under_way(self):
        assert not [status for status in S if status.is_final and status.is_under_way]

    def test_says_its_variant_where_it_has_one(self):
        message = build_message(
            text="everywhere", variants={"mastodon": Variant(text="toot")}, title="T", link="https://example.org",
            media=(MediaUse(id="m"),),
        )  # fmt: skip

        assert message.content_for("mastodon").text == "toot"
        assert message.content_for("webhook").text == "everywhere"
        assert message.content_for("mastodon").media == message.media

    def test_finds_its_deliveries_by_id(self):
        found = MessageWithDeliveries(message=build_message(), deliveries=(build_delivery(id="webhook"),))

        assert found.delivery("webhook") == found.deliveries[0]
        assert found.delivery("mastodon") is None


class TestTheFinalStatus:
    @pytest.mark.parametrize("size", [1, 2, 3, 4])
    def test_follows_from_the_states_whatever_their_order(self, size):
        for states in itertools.combinations_with_replacement(D, size):
            deliveries = [build_delivery(id=f"webhook.{n}", state=state) for n, state in enumerate(states)]

            assert final_status(deliveries) is final_status(reversed(deliveries)) is expected(set(states))

    def test_of_no_deliveries_is_none(self):
        assert final_status(()) is None

    @pytest.mark.parametrize("state", sorted(TERMINAL - {D.UNCONFIRMED}))
    def test_asks_for_attention_when_something_did_not_start_in_time(self, state):
        late = build_delivery(state=D.FAILED, problem=Problem(code=Reason.LATE, detail="Too late.", retryable=True))

        assert final_status([late, build_delivery(id="webhook.other", state=state)]) is S.NEEDS_ATTENTION

    def test_covers_every_final_status(self):
        reached = {
            expected(set(states)) for size in (1, 2) for states in itertools.combinations_with_replacement(D, size)
        }

        assert reached == {*FINAL, None}


def expected(states: set[DeliveryState]) -> MessageStatus | None:
    """Ruling by ruling."""
    if states - {D.PUBLISHED, D.FAILED, D.CANCELLED, D.UNCONFIRMED}:
        return None
    if states == {D.PUBLISHED}:
        return S.PUBLISHED
    if states == {D.CANCELLED}:
        return S.CANCELLED
    if D.UNCONFIRMED in states:
        return S.NEEDS_ATTENTION
    return S.PARTLY_PUBLISHED if D.PUBLISHED in states else S.FAILED


class TestTargets:
    def test_are_named_by_channel_and_every_further_account_by_both(self):
        targets = build_targets([("A", "facebook"), ("B", "mastodon"), ("C", "facebook"), ("D", "facebook")])

        assert [target.delivery_id for target in targets] == ["facebook", "mastodon", "facebook.C", "facebook.D"]
        assert targets[2] == Target(delivery_id="facebook.C", channel="facebook", account_id="C")

    def test_of_nobody_are_none(self):
        assert build_targets([]) == ()
