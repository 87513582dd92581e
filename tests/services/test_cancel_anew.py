"""A cancel of a message that was scheduled anew after a part of it was published."""

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import CancelVerdict
from publishing.domain.message import MessageStatus
from publishing.services.context import Context
from publishing.services.settling import cancel_message
from tests.builders import NOW, build_actor
from tests.store.rows import PUBLICATION, put_message_row, put_row
from tests.system import QuietWaker


@pytest.mark.usefixtures("table")
class TestACancelOfWhatWasScheduledAnew:
    def test_leaves_the_status_that_its_deliveries_make(self):
        message = put_message_row(MessageStatus.SCHEDULED, gen=2)
        put_row(DeliveryState.PUBLISHED, message_id=message.id, publication=PUBLICATION)
        put_row(DeliveryState.PENDING, message_id=message.id, id="webhook.other", gen=2)

        cancellation = cancel_message(
            actor=build_actor(), message_id=message.id, now=NOW, context=Context(waker=QuietWaker())
        )

        assert cancellation.result.message.status is MessageStatus.PARTLY_PUBLISHED
        assert cancellation.verdicts == {
            "webhook": CancelVerdict.TOO_LATE,
            "webhook.other": CancelVerdict.CANCELLED,
        }
