"""What is due, the earliest first, over one partition or many."""

from datetime import timedelta
from typing import Any

import pytest

from publishing import table as shape
from publishing.domain.delivery import DeliveryState
from publishing.domain.ids import new_id
from publishing.domain.message import MessageStatus
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.store import messages, timers, writes
from publishing.store.binding import bind
from publishing.store.deliveries import apply
from publishing.store.timers import Timer
from tests.builders import NOW, build_message
from tests.store.rows import MINUTE, operations, put_message_row, put_row, raw

pytestmark = pytest.mark.usefixtures("table")


def schedule(*minutes: int) -> list[str]:
    """Put messages due at these minutes from now and return their ids in the order of their due times."""
    due = {}
    for minute in minutes:
        message = build_message(
            id=new_id(NOW), status=MessageStatus.SCHEDULED, scheduled_at=NOW + timedelta(minutes=minute)
        )
        writes.run(messages.put_message(message))
        due[minute] = message.id
    return [due[minute] for minute in sorted(due)]


class TestTimers:
    def test_are_listed_the_earliest_first_up_to_a_moment(self):
        ids = schedule(3, 1, 5, 2)

        due = timers.list_scheduled(NOW + 3 * MINUTE, limit=10)

        assert [timer.message_id for timer in due] == ids[:3]
        assert due[0] == Timer(message_id=ids[0], delivery_id=None, at=NOW + MINUTE)

    def test_are_listed_up_to_a_number(self):
        ids = schedule(3, 1, 5, 2)

        assert [timer.message_id for timer in timers.list_scheduled(NOW + 9 * MINUTE, limit=2)] == ids[:2]

    def test_of_deliveries_name_them(self):
        waiting = put_row(DeliveryState.RETRY, id="webhook.01KBCD00000000000000000ABC")

        assert timers.list_waiting(NOW, limit=10) == (
            Timer(message_id=waiting.message_id, delivery_id=waiting.id, at=NOW - MINUTE),
        )

    def test_of_each_kind_are_apart(self):
        schedule(0)
        stalled = put_message_row(MessageStatus.PUBLISHING)
        waiting = put_row(DeliveryState.UNKNOWN)

        assert len(timers.list_scheduled(NOW, limit=10)) == 1
        assert [timer.message_id for timer in timers.list_stalled(NOW, limit=10)] == [stalled.id]
        assert [timer.message_id for timer in timers.list_waiting(NOW, limit=10)] == [waiting.message_id]

    def test_hold_keys_only(self):
        definition: Any = shape.definition("t")
        projection = {index["IndexName"]: index["Projection"] for index in definition["GlobalSecondaryIndexes"]}

        assert projection[shape.TIMERS] == {"ProjectionType": "KEYS_ONLY"}


class TestSpreadTimers:
    def test_lie_in_partitions_with_a_suffix_and_are_listed_in_one_order(self, table):
        bind(table, timer_shards=4)
        ids = schedule(*range(12))

        due = timers.list_scheduled(NOW + 60 * MINUTE, limit=100)

        partitions = {str(raw(f"MSG#{message_id}", "METADATA")["GSI2PK"]["S"]) for message_id in ids}
        assert [timer.message_id for timer in due] == ids
        assert partitions <= {f"STATUS#scheduled#{shard}" for shard in range(4)}
        assert len(partitions) > 1

    def test_show_what_was_scheduled_before_they_were_spread(self, table):
        (before,) = schedule(1)

        bind(table, timer_shards=4)

        assert [timer.message_id for timer in timers.list_scheduled(NOW + MINUTE, limit=10)] == [before]

    def test_stay_with_their_message_when_it_is_kicked(self, table):
        bind(table, timer_shards=4)
        (due,) = schedule(0)
        shard = keys.timer("x", due, 4)[1:]

        messages.kick_scheduled(due, now=NOW, watchdog=MINUTE, token="tick", review_on=False)

        assert raw(f"MSG#{due}", "METADATA")["GSI2PK"] == {"S": f"STATUS#publishing{shard}"}
        assert [timer.message_id for timer in timers.list_stalled(NOW + MINUTE, limit=10)] == [due]

    def test_of_deliveries_are_spread_by_their_message(self, table):
        bind(table, timer_shards=4)
        before = put_row(DeliveryState.SENDING)

        apply(operations(before)["deferred_before"])

        row = raw(f"MSG#{before.message_id}", "CHANNEL#webhook")
        assert row["GSI2PK"] == {"S": keys.timer("STATUS#waiting", before.message_id, 4)}
        assert TableItem.Meta.timer_shards == 4
