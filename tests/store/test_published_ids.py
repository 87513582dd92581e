"""What other deliveries to an account published, as a look-up asks for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.ids import new_id
from publishing.domain.outcome import Publication
from publishing.store import rows, writes
from publishing.store.deliveries import list_published_ids
from tests.builders import ACCOUNT_ID, NOW
from tests.store.rows import attempt, put_row

pytestmark = pytest.mark.usefixtures("table")

S = DeliveryState


def put_sent(state: DeliveryState, *, seconds: float = 0, **fields: Any) -> Delivery:
    """Put a delivery of the account with an attempt that began then."""
    delivery = put_row(state, **fields)
    begun = replace(attempt(delivery), started_at=NOW + timedelta(seconds=seconds))
    writes.run(writes.put(rows.attempt_item(begun, account_id=delivery.account_id)))
    return delivery


def put_published(remote_id: str, *, seconds: float = 0, **fields: Any) -> Delivery:
    return put_sent(S.PUBLISHED, seconds=seconds, publication=Publication(id=remote_id), **fields)


class TestWhatOthersPublished:
    def test_is_of_the_same_account_and_not_ones_own(self):
        own = put_published("ours")
        put_published("theirs", id=f"webhook.{ACCOUNT_ID}")
        put_published("elsewhere", account_id=new_id(NOW))

        assert list_published_ids(ACCOUNT_ID, since=NOW, but=own) == {"theirs"}

    def test_is_looked_for_since_a_moment(self):
        own = put_row(S.UNKNOWN)
        put_published("before", seconds=-1)
        put_published("then")
        put_published("after", seconds=1)

        assert list_published_ids(ACCOUNT_ID, since=NOW, but=own) == {"then", "after"}

    def test_is_nothing_where_nobody_knows_yet(self):
        own = put_row(S.UNKNOWN)
        put_sent(S.UNKNOWN)
        put_sent(S.COMMITTING)

        assert list_published_ids(ACCOUNT_ID, since=NOW, but=own) == frozenset()

    def test_counts_a_delivery_with_several_attempts_once(self):
        own = put_row(S.UNKNOWN)
        twice = put_published("theirs")
        again = replace(attempt(twice), fence=9, started_at=NOW)
        writes.run(writes.put(rows.attempt_item(again, account_id=ACCOUNT_ID)))

        assert list_published_ids(ACCOUNT_ID, since=NOW, but=own) == {"theirs"}
