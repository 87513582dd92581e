"""Feedback in the table: kept once, together with what it settles."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.feedback import FeedbackKind, KeptFeedback
from publishing.domain.message import MessageStatus
from publishing.store import messages
from publishing.store.feedback import Keeping, is_kept, keep, list_feedback
from tests.builders import NOW
from tests.store.rows import SECOND, operations, put_message_row, put_row, read_row

pytestmark = pytest.mark.usefixtures("table")
S = DeliveryState


def feedback_on(delivery: Delivery, **fields: object) -> KeptFeedback:
    feedback = KeptFeedback(
        id="feedback-1",
        message_id=delivery.message_id,
        delivery_id=delivery.id,
        gen=delivery.gen,
        kind=FeedbackKind.DELIVERED,
        at=NOW,
        received_at=NOW + SECOND,
        publication_id="post-1",
        detail="It arrived.",
    )
    return replace(feedback, **fields)  # type: ignore[arg-type]


class TestFeedback:
    def test_is_read_as_it_was_kept_the_oldest_first(self):
        delivery = put_row(S.PUBLISHED)
        later = feedback_on(delivery, id="a", kind=FeedbackKind.BOUNCED, at=NOW + timedelta(hours=1))
        earlier = feedback_on(delivery, id="b")
        of_another = feedback_on(delivery, delivery_id="webhook.other")

        assert [keep(one, effect=None) for one in (later, earlier, of_another)] == [Keeping.KEPT] * 3

        assert list_feedback(delivery.message_id, delivery.id) == (earlier, later)
        assert is_kept(earlier)
        assert not is_kept(feedback_on(delivery, id="c"))

    def test_settles_in_the_same_transaction(self):
        delivery = put_row(S.UNKNOWN)

        keeping = keep(feedback_on(delivery), effect=operations(delivery)["found"])

        assert (keeping, read_row(delivery).state) == (Keeping.KEPT, S.PUBLISHED)
        assert len(list_feedback(delivery.message_id, delivery.id)) == 1

    @pytest.mark.parametrize("effect", ["found", "returned"])
    def test_that_was_kept_before_settles_nothing_more(self, effect):
        delivery = put_row(S.UNKNOWN)
        keep(feedback_on(delivery), effect=None)

        keeping = keep(feedback_on(delivery), effect=operations(delivery)[effect])

        assert (keeping, read_row(delivery).state) == (Keeping.KNOWN, S.UNKNOWN)
        assert keep(feedback_on(delivery), effect=None) is Keeping.KNOWN

    def test_is_not_kept_when_the_delivery_moved_meanwhile(self):
        delivery = put_row(S.FAILED)

        keeping = keep(feedback_on(delivery), effect=operations(delivery)["returned"])

        assert keeping is Keeping.MOVED
        assert list_feedback(delivery.message_id, delivery.id) == ()

    def test_is_not_read_with_the_message(self):
        message = put_message_row(MessageStatus.PUBLISHED)
        delivery = put_row(S.PUBLISHED, message_id=message.id)
        keep(feedback_on(delivery), effect=None)

        assert messages.get_message(message.id).deliveries == (read_row(delivery),)
