"""Messages in any state for pages to show, and a count of what a page asks the table."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient

from publishing.domain.account import Account
from publishing.domain.attempt import Attempt, AttemptOutcome
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.ids import new_id
from publishing.domain.message import Message, MessageStatus, Target
from publishing.domain.outcome import Publication
from publishing.domain.quota import Quota
from publishing.store import account_rows, accounts, rows, writes
from tests.builders import build_delivery, build_message

#: What somebody may type that must be shown as it is.
HOSTILE = '<script>alert(1)</script> "quoted" \u202eRTL\u202c zero\u200bwidth 👩‍👩‍👧‍👦'


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the requests that are sent to the table, by operation."""
    found: Counter[str] = Counter()
    client: Any = BaseClient
    send = client._make_api_call

    def count(self: Any, operation: str, arguments: Any) -> Any:
        found[operation] += 1
        return send(self, operation, arguments)

    client._make_api_call = count
    try:
        yield found
    finally:
        client._make_api_call = send


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def put_account(**fields: Any) -> Account:
    values: dict[str, Any] = {
        "id": new_id(now()), "channel": "webhook", "name": "Intranet", "created_at": now(), "updated_at": now(),
    }  # fmt: skip
    account = Account(**{**values, **fields})
    writes.run(writes.put(account_rows.account_item(account)))
    return account


def put_message(status: MessageStatus, *to: Account, **fields: Any) -> Message:
    """Put a message, with the timer of one that is scheduled; its deliveries are put apart."""
    every = to or (put_account(),)
    targets = tuple(
        Target(delivery_id=f"{each.channel}.{each.id}", channel=each.channel, account_id=each.id) for each in every
    )
    message = build_message(**{
        "id": new_id(now()), "status": status, "targets": targets, "scheduled_at": now(), "created_at": now(),
        "updated_at": now(), "owner": "alice", **fields,
    })  # fmt: skip
    writes.run(writes.put(rows.message_item(message)))
    return message


def put_delivery(message: Message, state: DeliveryState, *, target: int = 0, **fields: Any) -> Delivery:
    """Put the delivery of one of a message's targets; with a publication or a commit it has an attempt."""
    to = message.targets[target]
    delivery = build_delivery(**{
        "message_id": message.id, "id": to.delivery_id, "channel": to.channel, "account_id": to.account_id,
        "state": state, "gen": message.gen, **fields,
    })  # fmt: skip
    item = rows.delivery_item(delivery)
    for name in ("commit_at", "first_commit_at", "published_at", "next_at", "parked_since"):
        setattr(item, name, getattr(delivery, name))
    item.last = None if delivery.last is None else delivery.last.value
    item.error = rows.problem_column(delivery.problem)
    item.quota = None if delivery.quota is None else rows.quota_column(delivery.quota)
    if delivery.publication is not None:
        item.post_id, item.post_url = delivery.publication.id, delivery.publication.url
    writes.run(writes.put(item))
    return delivery


def put_attempt(delivery: Delivery, *, fence: int = 1, **fields: Any) -> Attempt:
    """Put an attempt that ended, or was lost sight of when it has no outcome."""
    attempt = Attempt(**{
        "message_id": delivery.message_id, "delivery_id": delivery.id, "gen": delivery.gen, "fence": fence,
        "started_at": now(), "text": "We are live!", "payload_sha": "sha", "claimed_at": now(), **fields,
    })  # fmt: skip
    item = rows.attempt_item(attempt, account_id=delivery.account_id)
    item.ended_at, item.detail = attempt.ended_at, attempt.detail
    item.outcome = None if attempt.outcome is None else attempt.outcome.value
    item.reason = None if attempt.reason is None else attempt.reason.value
    writes.run(writes.put(item))
    return attempt


def put_published(
    message: Message, *, url: str = "https://example.org/post-1", target: int = 0, quota: Quota | None = None
) -> Delivery:
    """Put a delivery that was published a second after its due time, with its attempt."""
    began = message.scheduled_at or message.created_at
    delivery = put_delivery(
        message, DeliveryState.PUBLISHED, target=target, fence=1, first_commit_at=began, commit_at=began,
        published_at=began, publication=Publication(id="post-1", url=url), quota=quota,
    )  # fmt: skip
    put_attempt(delivery, started_at=began, ended_at=began, outcome=AttemptOutcome.PUBLISHED)
    return delivery


def stop() -> None:
    """Turn the stop switch on."""
    writes.run(accounts.put_stop_switch(is_on=True, actor_id="admin", now=now()))
