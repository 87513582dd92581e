"""The canary: one message to an address of the operator's own, by the whole path, read back with its evidence."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.registry import get_channel
from publishing.domain.account import Account
from publishing.domain.attempt import Attempt, AttemptOutcome
from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import Draft, StoredAnswer
from publishing.domain.errors import AnsweredError, ConflictError
from publishing.domain.ids import digest
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.permissions import Action, Actor, demand
from publishing.domain.schedule import due_now
from publishing.services.context import Context
from publishing.services.queries import get_account, get_delivery, get_message, is_dispatch_stopped
from publishing.services.scheduling import create_message
from publishing.services.settling import cancel_message

#: How often it is looked whether the message has arrived.
POLL: Final = timedelta(milliseconds=250)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What became of a canary."""

    message_id: str
    state: DeliveryState
    #: How long after the due time the visible call began; None when there was none that published.
    late: timedelta | None = None
    #: The receiver's id of what it took.
    publication_id: str = ""
    #: Whether this minute's canary had been sent already, and this is what became of that one.
    is_repeated: bool = False
    #: What was found that explains a canary that did not arrive.
    hint: str = ""

    @property
    def has_arrived(self) -> bool:
        """Whether it was published, and an attempt says so."""
        return self.state is DeliveryState.PUBLISHED and self.late is not None


def fly(
    *,
    actor: Actor,
    account_id: str,
    limit: timedelta,
    read_clock: Callable[[], datetime],
    pause: Callable[[timedelta], None],
    context: Context,
) -> Flight:
    """Publish one message to a private account, wait until it is published, and cancel it when the limit has come.

    Never two in one minute: whoever asks again within it is told about the first. Raises ConflictError for an account
    where others than the operator would see the message; NotFoundError when there is no such account.
    """
    demand(actor, Action.STOP_DISPATCH)
    account = get_account(actor=actor, account_id=account_id)
    _demand_private(account)
    began = read_clock()
    message_id, is_repeated = _release(actor, account, began, context)
    give_up_at = began + limit
    found = get_message(actor=actor, message_id=message_id)
    while not found.deliveries[0].state.is_terminal and read_clock() < give_up_at:
        pause(POLL)
        found = get_message(actor=actor, message_id=message_id)
    if not found.deliveries[0].state.is_terminal:
        found = _call_back(actor, found, read_clock(), context)
    flight = _judge(actor, found, is_repeated=is_repeated)
    _log(flight, waited=read_clock() - began)
    return flight


def _demand_private(account: Account) -> None:
    if not get_channel(account.channel).capabilities.is_private:
        raise ConflictError(
            f"{account.name} is an account of {account.channel}, where others would see the canary. "
            "Connect a webhook of your own and name that."
        )
    if account.open_to_members:
        raise ConflictError(f"{account.name} is open to members. Connect a webhook for the canary alone and name that.")
    if not account.may_receive:
        raise ConflictError(f"{account.name} is {account.status.value} and receives nothing. Connect or resume it.")


def _release(actor: Actor, account: Account, now: datetime, context: Context) -> tuple[str, bool]:
    """Create this minute's message; return its id, and whether it was there already."""
    minute = f"{now:%Y-%m-%dT%H:%MZ}"
    sha = digest("canary", account.id, minute)

    def remember(created: MessageWithDeliveries) -> StoredAnswer:
        body = json.dumps({"id": created.message.id})
        return StoredAnswer(user_id=actor.id, key_sha=sha, request_sha=sha, status=201, body=body)

    draft = Draft(text=f"omnipub canary {minute}", title="Canary", account_ids=(account.id,), due=due_now(now))
    try:
        created = create_message(actor=actor, draft=draft, now=now, context=context, answer=remember)
    except AnsweredError as error:
        stored = error.stored
        assert isinstance(stored, StoredAnswer)  # noqa: S101 - as AnsweredError says; the domain's errors know no drafts
        return str(json.loads(stored.body)["id"]), True
    return created.message.id, False


def _call_back(actor: Actor, found: MessageWithDeliveries, now: datetime, context: Context) -> MessageWithDeliveries:
    try:
        return cancel_message(actor=actor, message_id=found.message.id, now=now, context=context).result
    except ConflictError:
        # It ended just now.
        return get_message(actor=actor, message_id=found.message.id)


def _judge(actor: Actor, found: MessageWithDeliveries, *, is_repeated: bool) -> Flight:
    delivery = found.deliveries[0]
    history = get_delivery(actor=actor, message_id=found.message.id, delivery_id=delivery.id)
    evidence = next((each for each in history.attempts if each.outcome is AttemptOutcome.PUBLISHED), None)
    return Flight(
        message_id=found.message.id,
        state=history.delivery.state,
        late=_lateness(evidence, history.planned_at),
        publication_id=evidence.publication.id if evidence and evidence.publication else "",
        is_repeated=is_repeated,
        hint="" if evidence else _hint(found),
    )


def _lateness(evidence: Attempt | None, due: datetime | None) -> timedelta | None:
    return None if evidence is None or due is None else max(evidence.started_at - due, timedelta(0))


def _hint(found: MessageWithDeliveries) -> str:
    problem = found.deliveries[0].problem
    if is_dispatch_stopped():
        return "Dispatch is halted. Type: manage.py dispatch resume"
    return problem.detail if problem else ""


def _log(flight: Flight, *, waited: timedelta) -> None:
    """Log the result; an alarm reads how late it was: one that did not arrive is as late as it was waited for."""
    late = waited if flight.late is None else flight.late
    facts = {
        "message_id": flight.message_id,
        "state": flight.state.value,
        "late_ms": late // timedelta(milliseconds=1),
    }
    if flight.has_arrived:
        log.info("canary.arrived", extra=facts)
    else:
        log.error("canary.failed", extra=facts)
