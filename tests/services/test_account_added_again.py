"""An account that is taken off a message and added again, after attempts at it failed."""

from datetime import timedelta
from typing import Any

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import Changes
from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus, build_targets
from publishing.domain.operations import Applied, ClaimDelivery
from publishing.domain.schedule import due_now
from publishing.services.context import Context
from publishing.services.scheduling import edit_message, schedule_message
from publishing.store import accounts, messages, rows, writes
from publishing.store.deliveries import apply
from tests.builders import ACCOUNT_ID, NOW, build_account, build_actor
from tests.store.rows import attempt, operations, put_message_row, put_row
from tests.system import QuietWaker


@pytest.mark.usefixtures("table")
class TestAnAccountAddedAgain:
    def test_is_published_to_beside_the_attempts_that_are_kept(self):
        other = new_id(NOW)
        for account_id in (ACCOUNT_ID, other):
            writes.run(accounts.put_account(build_account(id=account_id)))
        targets = build_targets([(other, "webhook"), (ACCOUNT_ID, "webhook")])
        message = put_message_row(MessageStatus.FAILED, targets=targets)
        put_row(DeliveryState.FAILED, message_id=message.id, account_id=other)
        failed = put_row(DeliveryState.FAILED, message_id=message.id, id=targets[1].delivery_id, fence=1)
        writes.run(writes.put_new(rows.attempt_item(attempt(failed), account_id=failed.account_id)))
        asks: dict[str, Any] = {
            "actor": build_actor(),
            "message_id": message.id,
            "now": NOW,
            "context": Context(waker=QuietWaker()),
        }

        schedule_message(**asks, due=due_now(NOW))
        edit_message(**asks, changes=Changes(account_ids=(other,)), rev=None)
        edit_message(**asks, changes=Changes(account_ids=(other, ACCOUNT_ID)), rev=None)

        added = messages.get_message(message.id).delivery(failed.id)
        assert added is not None
        claimed = apply(
            ClaimDelivery(
                message_id=message.id, delivery_id=added.id, owner="the-owner", now=NOW, gen=added.gen,
                leased_until=NOW + timedelta(minutes=1),
            )
        )  # fmt: skip
        assert isinstance(claimed, Applied)
        assert claimed.delivery is not None
        assert isinstance(apply(operations(claimed.delivery)["commit"]), Applied)
