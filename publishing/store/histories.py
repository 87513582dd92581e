"""A message with all evidence about it, for its page: everything in its partition, read at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from publishing.domain.account import Account
from publishing.domain.attempt import Attempt
from publishing.domain.decision import due_of
from publishing.domain.delivery import Delivery
from publishing.domain.draft import DeliveryHistory
from publishing.domain.errors import NotFoundError
from publishing.domain.feedback import KeptFeedback
from publishing.domain.message import Message
from publishing.items import keys
from publishing.items.account import AccountItem
from publishing.items.base import TableItem
from publishing.items.message import AttemptItem, DeliveryItem, FeedbackItem, MessageItem
from publishing.items.user import UserItem
from publishing.store import account_rows, rows
from publishing.store.feedback import feedback_of
from publishing.store.reads import batch_get, query


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom and what a message names."""

    accounts: tuple[Account, ...]
    #: Names of users by id, of those that somebody knows by name.
    names: Mapping[str, str]


def get_history(message_id: str) -> tuple[Message, tuple[DeliveryHistory, ...]]:
    """Return a message and the evidence about each delivery, in the order of its targets; one consistent query.

    Raises NotFoundError when there is no such message.
    """
    items = list(query(TableItem, keys.message(message_id), consistent_read=True))
    head = next((item for item in items if isinstance(item, MessageItem)), None)
    if head is None:
        raise NotFoundError("There is no such message.")
    message = rows.message(head)
    attempts = [rows.attempt(item) for item in items if isinstance(item, AttemptItem)]
    feedback = [feedback_of(item) for item in items if isinstance(item, FeedbackItem)]
    order = {target.delivery_id: place for place, target in enumerate(message.targets)}
    deliveries = [rows.delivery(item) for item in items if isinstance(item, DeliveryItem)]
    deliveries.sort(key=lambda delivery: order.get(delivery.id, len(order)))
    return message, tuple(_history(message, each, attempts, feedback) for each in deliveries)


def read_named(*, account_ids: Iterable[str], user_ids: Iterable[str]) -> Named:
    """Return accounts, those that were disconnected too, and users' names; one request."""
    wanted = [(keys.user(each), keys.PROFILE) for each in user_ids]
    wanted += [(keys.account(each), keys.METADATA) for each in account_ids]
    items = [TableItem.from_raw_data(raw) for raw in batch_get(wanted)]
    return Named(
        accounts=tuple(account_rows.account(item) for item in items if isinstance(item, AccountItem)),
        names={item.id: item.name for item in items if isinstance(item, UserItem) and item.name},
    )


def _history(
    message: Message, delivery: Delivery, attempts: Sequence[Attempt], feedback: Sequence[KeptFeedback]
) -> DeliveryHistory:
    reports = [one for one in feedback if one.delivery_id == delivery.id]
    return DeliveryHistory(
        delivery=delivery,
        planned_at=due_of(message, delivery),
        attempts=tuple(one for one in attempts if one.delivery_id == delivery.id),
        feedback=tuple(sorted(reports, key=lambda one: (one.at, one.received_at))),
    )
