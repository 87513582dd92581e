"""Read: what actors may see of messages, deliveries, channels and accounts."""

from datetime import datetime

from publishing.domain.account import Account, AccountStatus
from publishing.domain.decision import due_of
from publishing.domain.draft import DeliveryHistory, MessageFilter, MessageHistory, Page
from publishing.domain.errors import NotFoundError
from publishing.domain.message import Message, MessageSummary, MessageWithDeliveries
from publishing.domain.permissions import SYSTEM, Action, Actor, Allowed, Role, demand, may
from publishing.store import accounts, deliveries, histories, lists, messages
from publishing.store.feedback import list_feedback


def get_message(*, actor: Actor, message_id: str) -> MessageWithDeliveries:
    """Return a message with its deliveries; NotFoundError when there is none that the actor may see."""
    found = messages.get_message(message_id)
    demand(actor, Action.READ_MESSAGE, found.message)
    return found


def list_messages(
    *,
    actor: Actor,
    filter: MessageFilter,  # noqa: A002 - the word for it
    cursor: str | None,
    limit: int,
    now: datetime,
) -> Page[MessageSummary]:
    """Return a page of messages, the latest due (else made) first; members see their own, the newest first.

    A page may be shorter than `limit` and still have a next one: a selective filter bounds how far one request looks.
    Raises ValueError for a cursor that is none of this list's.
    """
    demand(actor, Action.READ_MESSAGE)
    sees_all = actor.is_system or actor.has(Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)
    if filter.mine or not sees_all:
        return lists.list_owned(owner=actor.id, wanted=filter, cursor=cursor, limit=limit)
    return lists.list_by_month(wanted=filter, cursor=cursor, limit=limit, now=now)


def get_delivery(*, actor: Actor, message_id: str, delivery_id: str) -> DeliveryHistory:
    """Return one delivery with its due time, all attempts at it and what was reported later, the oldest first."""
    found = get_message(actor=actor, message_id=message_id)
    delivery = found.delivery(delivery_id)
    if delivery is None:
        raise NotFoundError("The message has no such delivery.")
    attempts = deliveries.list_attempts(message_id, delivery_id)
    return DeliveryHistory(
        delivery=delivery,
        planned_at=due_of(found.message, delivery),
        attempts=attempts,
        feedback=list_feedback(message_id, delivery_id),
    )


def get_history(*, actor: Actor, message_id: str) -> MessageHistory:
    """Return a message with the evidence about all its deliveries, in one query and one read of what it names.

    NotFoundError when there is none that the actor may see.
    """
    message, evidence = histories.get_history(message_id)
    demand(actor, Action.READ_MESSAGE, message)
    ids = {target.account_id for target in message.targets} | {each.delivery.account_id for each in evidence}
    named = histories.read_named(account_ids=sorted(ids), user_ids=sorted(_people(message)))
    seen = {
        each.id: each for each in named.accounts if isinstance(may(actor, Action.SEE_ACCOUNT, each), Allowed)
    }  # fmt: skip
    return MessageHistory(message=message, deliveries=evidence, accounts=seen, names=named.names)


def _people(message: Message) -> set[str]:
    """Return the ids of those who wrote a message, changed it, and reviewed it."""
    review = message.review
    asked = (review.submitted_by, review.decided_by) if review else ()
    return {each for each in (message.owner, message.edited_by, *asked) if each and each != SYSTEM.id}


def get_editor_name(*, actor: Actor, message: Message) -> str:
    """Return the name of whoever changed a message last; empty where it is not known."""
    demand(actor, Action.READ_MESSAGE, message)
    if not message.edited_by:
        return ""
    return histories.read_named(account_ids=(), user_ids=[message.edited_by]).names.get(message.edited_by, "")


def list_accounts(*, actor: Actor) -> tuple[Account, ...]:
    """Return the connected accounts that the actor may see, by channel.

    One that was disconnected can still be read by its id, for the sake of what was published to it.
    """
    demand(actor, Action.SEE_ACCOUNT)
    every = [each for each in accounts.list_accounts() if each.status is not AccountStatus.DISCONNECTED]
    return tuple(account for account in every if isinstance(may(actor, Action.SEE_ACCOUNT, account), Allowed))


def get_account(*, actor: Actor, account_id: str) -> Account:
    """Return an account; NotFoundError when there is none that the actor may see."""
    account = accounts.get_account(account_id)
    demand(actor, Action.SEE_ACCOUNT, account)
    return account


def is_dispatch_stopped() -> bool:
    """Tell whether the stop switch is on."""
    return accounts.is_stopped()
