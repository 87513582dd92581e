"""List attempts by account, as those that begin now are listed.

Whoever looks for evidence about a delivery leaves out what other deliveries published, and finds those by this index.
"""

from datetime import UTC, date, datetime
from typing import Final

from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.evolutions.evolution import Changes, Evolution, Row


def _delivery_of(attempt: Row) -> tuple[str, str] | None:
    if "GSI3PK" in attempt:
        return None
    delivery_id = keys.delivery_id_of_attempt(str(attempt["SK"]["S"]))
    return str(attempt["PK"]["S"]), keys.delivery(delivery_id)


def _list_it(attempt: Row, delivery: Row | None) -> Changes | None:
    if "GSI3PK" in attempt or "started_at" not in attempt or delivery is None:
        return None
    account_id = str(delivery["account_id"]["S"])
    started_at = datetime.fromtimestamp(int(attempt["started_at"]["N"]) / 1000, tz=UTC)
    return Changes(sets={"GSI3PK": {"S": keys.sent(account_id)}, "GSI3SK": {"S": write_instant(started_at)}})


ATTEMPTS_BY_ACCOUNT: Final = Evolution(
    id="0001_attempts_by_account",
    description="List every attempt by its account, so that no other delivery's post is taken for evidence.",
    made_on=date(2026, 11, 22),
    kind="attempt",
    reads=("started_at", "GSI3PK", "GSI3SK"),
    change=_list_it,
    companion=_delivery_of,
)
