"""What feedback leads to, for every kind in every state."""

import itertools
from typing import Any

import pytest

from publishing.domain.delivery import TERMINAL, DeliveryState
from publishing.domain.feedback import (
    Feedback,
    FeedbackKind,
    Subject,
    confirmed_id,
    find_subject,
    is_second,
    settles,
)
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.operations import RecordPublished, SettleReturned
from publishing.domain.outcome import Publication, Reason
from tests.builders import MESSAGE_ID, NOW, build_delivery, build_message

S, K = DeliveryState, FeedbackKind
RETURNS = {K.BOUNCED, K.REFUSED}


def build_feedback(**fields: Any) -> Feedback:
    defaults: dict[str, Any] = {
        "id": "feedback-1",
        "kind": K.DELIVERED,
        "message_id": MESSAGE_ID,
        "delivery_key": build_delivery().key,
        "at": NOW,
        "publication": Publication(id="mail-1"),
        "detail": "The mail came back.",
    }
    return Feedback(**{**defaults, **fields})


class TestFeedback:
    @pytest.mark.parametrize(("kind", "state"), list(itertools.product(K, S)))
    def test_settles_doubt_and_nothing_that_ended(self, kind, state):
        delivery = build_delivery(state=state)

        operation = settles(build_feedback(kind=kind), Subject(delivery=delivery, gen=1), owner="hook", now=NOW)

        if state in TERMINAL - {S.UNCONFIRMED}:
            expected: type | None = None
        elif kind in RETURNS and state in {S.UNKNOWN, S.UNCONFIRMED}:
            expected = SettleReturned
        else:
            expected = RecordPublished
        assert type(operation) is (expected or type(None))

    @pytest.mark.parametrize(("state", "fence"), [(S.COMMITTING, 7), (S.UNKNOWN, None), (S.SENDING, None)])
    def test_ends_the_attempt_that_is_under_way(self, state, fence):
        subject = Subject(delivery=build_delivery(state=state, fence=7), gen=1)

        operation = settles(build_feedback(), subject, owner="hook", now=NOW)

        assert isinstance(operation, RecordPublished)
        assert operation.fence == fence

    def test_says_why_a_mail_came_back(self):
        subject = Subject(delivery=build_delivery(state=S.UNKNOWN), gen=1)

        operation = settles(build_feedback(kind=K.BOUNCED, reason=Reason.UNAVAILABLE), subject, owner="hook", now=NOW)

        assert isinstance(operation, SettleReturned)
        assert (operation.reason, operation.gen, operation.owner) == (Reason.UNAVAILABLE, 1, "hook")
        assert (operation.problem.code, operation.problem.detail) == ("unavailable", "The mail came back.")

    @pytest.mark.parametrize(("kind", "state"), list(itertools.product(K, S)))
    def test_on_an_earlier_generation_settles_nothing(self, kind, state):
        subject = Subject(delivery=build_delivery(state=state, gen=2), gen=1)

        assert settles(build_feedback(kind=kind), subject, owner="hook", now=NOW) is None

    def test_shows_its_recipients_nowhere(self):
        assert "list@example.org" not in repr(build_feedback(recipients=("list@example.org",)))


class TestTheDeliveryThatFeedbackIsAbout:
    def test_is_found_by_its_key_in_any_generation(self):
        first, second = build_delivery(id="email", gen=4), build_delivery(id="email.other", gen=4)
        found = MessageWithDeliveries(message=build_message(), deliveries=(first, second))

        present = find_subject(found, second.key)
        earlier = find_subject(found, build_delivery(id="email", gen=2).key)

        assert present == Subject(delivery=second, gen=4)
        assert earlier == Subject(delivery=first, gen=2)
        assert present.is_current
        assert not earlier.is_current

    @pytest.mark.parametrize("delivery", [{"gen": 5}, {"gen": 0}, {"id": "sms"}, {"message_id": "another"}])
    def test_is_none_for_any_other_key(self, delivery):
        found = MessageWithDeliveries(message=build_message(), deliveries=(build_delivery(gen=4),))

        assert find_subject(found, build_delivery(**delivery).key) is None


class TestASecondPublication:
    @pytest.mark.parametrize(
        ("state", "gen", "known", "is_second_one"),
        [
            (S.PUBLISHED, 1, Publication(id="mail-2"), True),
            (S.PUBLISHED, 1, Publication(id="mail-1"), False),
            (S.PUBLISHED, 2, Publication(id="mail-2"), False),
            (S.UNKNOWN, 1, None, False),
            (S.PUBLISHED, 1, Publication(id=confirmed_id(build_delivery())), False),
            (S.PUBLISHED, 1, Publication(id="https://example.org/1", url="https://example.org/1"), False),
        ],
    )
    def test_is_one_with_another_id_of_the_platform(self, state, gen, known, is_second_one):
        delivery = build_delivery(state=state, gen=gen, publication=known)

        assert is_second(build_feedback(), Subject(delivery=delivery, gen=1)) is is_second_one
