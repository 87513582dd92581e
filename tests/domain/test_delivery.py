"""The table of a delivery's life."""

import itertools

import pytest

from publishing.domain.delivery import TERMINAL, TRANSITIONS, DeliveryEvent, DeliveryState, allows
from tests.builders import build_delivery

S, E = DeliveryState, DeliveryEvent

#: What may happen to a delivery in each state, written down a second time.
LIVES = {
    S.PENDING: {E.CLAIM, E.CANCEL, E.GIVE_UP, E.PUBLISHED, E.RESTORED},
    S.SENDING: {E.CLAIM, E.COMMIT, E.DEFERRED, E.REJECTED, E.CANCEL, E.GIVE_UP, E.PUBLISHED, E.RESTORED},
    S.COMMITTING: {E.PUBLISHED, E.DEFERRED, E.REJECTED, E.AMBIGUOUS, E.LEASE_EXPIRED, E.RESTORED},
    S.RETRY: {E.CLAIM, E.CANCEL, E.GIVE_UP, E.PUBLISHED, E.RESTORED},
    S.UNKNOWN: {
        E.PUBLISHED,
        E.FOUND,
        E.ABSENT,
        E.RESEND,
        E.UNDECIDABLE,
        E.LOOK_AGAIN,
        E.GIVE_UP,
        E.RETURNED,
        E.RESTORED,
    },
    S.PUBLISHED: set(),
    S.FAILED: {E.REARM},
    S.CANCELLED: {E.REARM},
    S.UNCONFIRMED: {E.PUBLISHED, E.RETURNED, E.RESOLVE_PUBLISHED, E.RESOLVE_ABSENT},
}


class TestADelivery:
    @pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
    def test_allows_what_the_table_holds_and_nothing_else(self, state, event):
        assert allows(state, event) == (event in LIVES[state])

    def test_leads_somewhere_with_every_event(self):
        assert all(TRANSITIONS.values())

    def test_is_ended_by_nothing_but_a_person_or_late_evidence(self):
        leaving = {event for state, event in TRANSITIONS if state in TERMINAL}

        assert leaving == {E.REARM, E.PUBLISHED, E.RETURNED, E.RESOLVE_PUBLISHED, E.RESOLVE_ABSENT}

    def test_once_published_stays_so(self):
        assert not [event for event in E if allows(S.PUBLISHED, event)]

    def test_is_committed_from_a_claim_only(self):
        assert {state for (state, _), to in TRANSITIONS.items() if S.COMMITTING in to} == {S.SENDING}

    def test_ends_from_everywhere(self):
        reached = set(TERMINAL)
        for _ in S:
            reached |= {state for (state, _), to in TRANSITIONS.items() if to & reached}

        assert reached == set(S)

    def test_has_one_key_in_each_generation(self):
        first, again, rearmed = build_delivery(), build_delivery(fence=7), build_delivery(gen=2)

        assert first.key == again.key
        assert first.key != rearmed.key
        assert first.key != build_delivery(id="webhook.other").key
