"""Rows put into the table in any state, every operation of the protocol, and rows read back as they are."""

from datetime import timedelta
from typing import Any

from publishing.domain.attempt import Attempt
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.ids import new_id
from publishing.domain.message import Message, MessageStatus
from publishing.domain.operations import (
    CancelUnsent,
    ClaimDelivery,
    CommitDelivery,
    DeliveryOperation,
    EnterDoubt,
    FailUnsent,
    LookAgain,
    RecordDeferred,
    RecordPublished,
    RecordRejected,
    RecordUnknown,
    SaveHandle,
    SettleAbsent,
    SettleResend,
    SettleReturned,
    SettleUnconfirmed,
    TakeOver,
)
from publishing.domain.outcome import Problem, Publication, Reason
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.store import messages, rows, writes
from tests.builders import NOW, build_delivery, build_message

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OWNER = "the-owner"
PROBLEM = Problem(code="rate", detail="Wait.", retryable=True)
PUBLICATION = Publication(id="post-1", url="https://example.org/post-1")
TIMED = {DeliveryState.RETRY, DeliveryState.UNKNOWN}


def put_row(state: DeliveryState, **fields: Any) -> Delivery:
    """Put a delivery in this state, its lease run out, its waiting time over, its attempt begun where it has one."""
    committed = state in {DeliveryState.COMMITTING, DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED}
    values: dict[str, Any] = {
        "message_id": new_id(NOW),
        "state": state,
        "fence": 3,
        "claims": 3,
        "attempts": 2,
        "owner": "a-former-owner",
        "leased_until": NOW - MINUTE,
        "next_at": NOW - MINUTE if state in TIMED else None,
        "maybe_sent": committed,
        **fields,
    }
    delivery = build_delivery(**values)
    item = rows.delivery_item(delivery)
    item.owner, item.lease_until, item.next_at = delivery.owner, delivery.leased_until, delivery.next_at
    item.maybe_sent, item.maybe_before = delivery.maybe_sent, delivery.maybe_before
    item.probed, item.doubted = delivery.probed or None, delivery.doubted or None
    item.commit_at = item.first_commit_at = NOW - MINUTE if delivery.maybe_sent else None
    item.last = None if delivery.last is None else delivery.last.value
    item.parked_since, item.handle, item.adapted = delivery.parked_since, delivery.handle, delivery.adapted
    item.error = rows.problem_column(delivery.problem)
    if delivery.publication is not None:
        item.post_id, item.post_url = delivery.publication.id, delivery.publication.url
    if state in TIMED:
        item.GSI2PK, item.GSI2SK = "STATUS#waiting", write_instant(delivery.next_at or NOW)
    writes.run(writes.put(item))
    if state is DeliveryState.COMMITTING:
        writes.run(writes.put_new(rows.attempt_item(attempt(delivery), account_id=delivery.account_id)))
    return delivery


def put_message_row(status: MessageStatus, **fields: Any) -> Message:
    """Put a message in this status, with the timer that belongs to it."""
    message = build_message(**{"id": new_id(NOW), "status": status, **fields})
    item = rows.message_item(message)
    if status.is_under_way:
        item.GSI2PK, item.GSI2SK = "STATUS#publishing", write_instant(NOW)
    writes.run(writes.put(item))
    return message


def attempt(delivery: Delivery) -> Attempt:
    return Attempt(
        message_id=delivery.message_id, delivery_id=delivery.id, gen=delivery.gen, fence=delivery.fence,
        started_at=NOW, text="We are live!", payload_sha="sha", claimed_at=NOW - SECOND,
    )  # fmt: skip


def operations(delivery: Delivery) -> dict[str, DeliveryOperation]:
    """Every operation of the protocol, as somebody would do it who read this delivery."""
    who: dict[str, Any] = {"message_id": delivery.message_id, "delivery_id": delivery.id, "owner": OWNER, "now": NOW}
    gen: dict[str, Any] = {**who, "gen": delivery.gen}
    fence: dict[str, Any] = {**who, "fence": delivery.fence}
    later = NOW + MINUTE
    absent: dict[str, Any] = {**fence, "problem": PROBLEM}
    deferred: dict[str, Any] = {
        **fence, "reason": Reason.UNAVAILABLE, "problem": PROBLEM, "next_at": later, "parked_since": None,
    }  # fmt: skip
    rejected: dict[str, Any] = {**fence, "reason": Reason.CONTENT, "problem": PROBLEM}
    return {
        "claim": ClaimDelivery(**gen, leased_until=later),
        "save_handle": SaveHandle(**fence, handle="container-1"),
        "commit": CommitDelivery(**who, account_id=delivery.account_id, attempt=attempt(delivery)),
        "published": RecordPublished(**gen, publication=PUBLICATION, fence=delivery.fence),
        "found": RecordPublished(**gen, publication=PUBLICATION),
        "deferred_before": RecordDeferred(**deferred, is_committed=False),
        "deferred_after": RecordDeferred(**deferred, is_committed=True),
        "unknown": RecordUnknown(**fence, reason=Reason.SERVER_ERROR, problem=PROBLEM, next_at=later),
        "rejected_before": RecordRejected(**rejected, is_committed=False),
        "rejected_after": RecordRejected(**rejected, is_committed=True),
        "take_over": TakeOver(**gen, problem=PROBLEM),
        "enter_doubt": EnterDoubt(**gen, reason=Reason.EXPIRED, problem=PROBLEM),
        "fail_unsent": FailUnsent(**gen, reason=Reason.EXPIRED, problem=PROBLEM),
        "cancel": CancelUnsent(**gen),
        "absent_retry": SettleAbsent(**absent, state=DeliveryState.RETRY, next_at=later),
        "absent_failed": SettleAbsent(**absent, state=DeliveryState.FAILED, next_at=None),
        "absent_cancelled": SettleAbsent(**absent, state=DeliveryState.CANCELLED, next_at=None),
        "resend": SettleResend(**fence, next_at=later),
        "unconfirmed": SettleUnconfirmed(**fence, problem=PROBLEM),
        "returned": SettleReturned(**gen, reason=Reason.DESTINATION, problem=PROBLEM),
        "look_again": LookAgain(**fence, next_at=later),
    }


def read_row(delivery: Delivery) -> Delivery:
    found = rows.raw_delivery(raw(f"MSG#{delivery.message_id}", "CHANNEL#" + delivery.id.replace(".", "#")))
    assert found is not None
    return found


def read_message(message: Message) -> Message:
    return messages.get_message(message.id).message


def raw(partition: str, sort: str) -> dict[str, Any]:
    """One row as DynamoDB holds it; empty when there is none."""
    answer = writes.dispatch(
        "GetItem",
        {
            "TableName": TableItem.Meta.table_name,
            "Key": {"PK": {"S": partition}, "SK": {"S": sort}},
            "ConsistentRead": True,
        },
    )
    item: dict[str, Any] = answer.get("Item", {})
    return item
