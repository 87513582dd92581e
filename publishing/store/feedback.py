"""What platforms reported later, kept with the delivery: each report once, together with what it settles."""

from enum import Enum, auto

from publishing.domain.feedback import FeedbackKind, KeptFeedback
from publishing.domain.operations import DeliveryOperation
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.message import FeedbackItem
from publishing.store import writes
from publishing.store.errors import ConditionFailedError, TransactionRefusedError
from publishing.store.reads import query
from publishing.store.transitions import build


class Keeping(Enum):
    """What became of a report that was to be kept."""

    KEPT = auto()
    #: It was kept before; nothing changed.
    KNOWN = auto()
    #: The delivery changed meanwhile, so nothing was kept: read it anew and decide again.
    MOVED = auto()


def keep(feedback: KeptFeedback, *, effect: DeliveryOperation | None) -> Keeping:
    """Keep a report and carry out what it settles, both or neither. Raises UnavailableError."""
    put = writes.put_new(_item(feedback))
    try:
        if effect is None:
            writes.run(put)
        else:
            writes.transact([put, *build(effect)])
    except ConditionFailedError:
        return Keeping.KNOWN
    except TransactionRefusedError as refusal:
        is_known, *_ = refusal.failed
        return Keeping.KNOWN if is_known else Keeping.MOVED
    return Keeping.KEPT


def is_kept(feedback: KeptFeedback) -> bool:
    """Tell whether a report was kept before; strongly consistent."""
    answer = writes.dispatch(
        "GetItem",
        {
            "TableName": TableItem.Meta.table_name,
            "Key": {
                "PK": {"S": keys.message(feedback.message_id)},
                "SK": {"S": keys.feedback(feedback.delivery_id, feedback.id)},
            },
            "ConsistentRead": True,
        },
    )
    return "Item" in answer


def list_feedback(message_id: str, delivery_id: str) -> tuple[KeptFeedback, ...]:
    """Return what was reported about a delivery, in the order in which it happened; strongly consistent."""
    begins = TableItem.SK.startswith(keys.feedbacks(delivery_id))
    found = query(TableItem, keys.message(message_id), begins, consistent_read=True)
    kept = [feedback_of(item) for item in found if isinstance(item, FeedbackItem)]
    return tuple(sorted(kept, key=lambda one: (one.at, one.received_at)))


def _item(feedback: KeptFeedback) -> FeedbackItem:
    item = FeedbackItem(keys.message(feedback.message_id), keys.feedback(feedback.delivery_id, feedback.id))
    item.delivery_id, item.gen, item.reported = feedback.delivery_id, feedback.gen, feedback.kind.value
    item.happened_at, item.received_at = feedback.at, feedback.received_at
    item.post_id, item.detail = feedback.publication_id, feedback.detail
    return item


def feedback_of(item: FeedbackItem) -> KeptFeedback:
    """Return the report of a row."""
    return KeptFeedback(
        id=item.SK.removeprefix(keys.feedbacks(item.delivery_id)),
        message_id=keys.message_id_of(item.PK),
        delivery_id=item.delivery_id,
        gen=int(item.gen),
        kind=FeedbackKind(item.reported),
        at=item.happened_at,
        received_at=item.received_at,
        publication_id=item.post_id,
        detail=item.detail,
    )
