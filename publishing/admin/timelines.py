"""What a message's page says of each delivery: its timeline in words, what to do, and what can be done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from publishing.admin.sentences import say
from publishing.admin.words import label_of, reason_of
from publishing.domain.account import Account, AccountStatus
from publishing.domain.attempt import Attempt, AttemptOutcome
from publishing.domain.delivery import Delivery, DeliveryEvent, DeliveryState, allows
from publishing.domain.draft import DeliveryHistory, MessageHistory
from publishing.domain.ids import digest
from publishing.domain.message import Message, MessageEvent
from publishing.domain.message import allows as message_allows
from publishing.domain.outcome import Reason
from publishing.domain.overview import lateness_of
from publishing.domain.permissions import Action, Actor, Allowed, ReviewRules, may

#: What is there already, or may be.
_SENT: Final = frozenset({DeliveryState.PUBLISHED, DeliveryState.UNCONFIRMED, DeliveryState.UNKNOWN})
_ADDRESSES: Final = ("https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, or will."""

    #: Decides the mark's colour: a state, an outcome, or `planned`, `claimed`, `next`.
    kind: str
    title: str
    at: datetime | None
    detail: str = ""
    #: Of what is only shown on demand.
    is_minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One delivery as the page shows it."""

    delivery: Delivery
    account: Account | None
    steps: tuple[Step, ...]
    #: Exactly what was sent, or would be.
    text: str
    was_sent: bool
    lateness: float | None
    url: str
    advice: str
    may_retry: bool
    may_resolve: bool
    may_unblock: bool
    #: Changes whenever something of it does.
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the reader may do with the message as it is."""

    edit: bool
    duplicate: bool
    publish: bool
    cancel: bool
    delete: bool


def rights_of(history: MessageHistory, actor: Actor, *, review: ReviewRules) -> Rights:
    """Return which buttons the page offers: what the reader may do, and the message's status allows."""
    message = history.message

    def can(action: Action, event: MessageEvent | None = None) -> bool:
        allowed = isinstance(may(actor, action, message, review=review), Allowed)
        return allowed and (event is None or message_allows(message.status, event))

    # Nothing is left to send where everything was sent, or may have been: a person says that first.
    is_over = bool(history.deliveries) and all(each.delivery.state in _SENT for each in history.deliveries)
    tried = any(each.delivery.fence > 0 for each in history.deliveries)
    return Rights(
        edit=can(Action.EDIT_MESSAGE, MessageEvent.EDIT),
        duplicate=isinstance(may(actor, Action.CREATE_MESSAGE), Allowed),
        publish=can(Action.SCHEDULE_MESSAGE, MessageEvent.SCHEDULE) and not is_over,
        cancel=can(Action.CANCEL_MESSAGE, MessageEvent.CANCEL),
        delete=can(Action.DELETE_MESSAGE, MessageEvent.DELETE) and not tried,
    )


def cards_of(history: MessageHistory, actor: Actor, *, review: ReviewRules) -> tuple[Card, ...]:
    """Return the page's card of every delivery."""
    return tuple(_card(history, each, actor, review=review) for each in history.deliveries)


def _card(history: MessageHistory, evidence: DeliveryHistory, actor: Actor, *, review: ReviewRules) -> Card:
    message, delivery = history.message, evidence.delivery
    account = history.accounts.get(delivery.account_id)
    may_publish = isinstance(may(actor, Action.SCHEDULE_MESSAGE, message, review=review), Allowed)
    can_retry = allows(delivery.state, DeliveryEvent.REARM) and message_allows(message.status, MessageEvent.RETRY)
    publication = delivery.publication
    is_blocked = account is not None and account.status is AccountStatus.BLOCKED
    return Card(
        delivery=delivery,
        account=account,
        steps=tuple(_steps(message, evidence)),
        text=delivery.adapted or _last_text(evidence) or message.content_for(delivery.channel).text,
        was_sent=bool(evidence.attempts),
        lateness=lateness_of(message, delivery),
        # A platform says where its posts are; what is no web address is not made a link.
        url=publication.url if publication and publication.url and publication.url.startswith(_ADDRESSES) else "",
        advice=_advice(delivery, account),
        may_retry=can_retry and may_publish and isinstance(may(actor, Action.RETRY_DELIVERY, message), Allowed),
        may_resolve=delivery.state is DeliveryState.UNCONFIRMED
        and isinstance(may(actor, Action.RESOLVE_DELIVERY, message), Allowed),
        may_unblock=is_blocked and isinstance(may(actor, Action.MANAGE_ACCOUNTS, account), Allowed),
        version=digest(repr((evidence, message.status, account and account.status)))[:16],
    )


def _steps(message: Message, evidence: DeliveryHistory) -> Iterator[Step]:
    delivery = evidence.delivery
    if message.scheduled_at or delivery.due_at:
        yield Step(kind="planned", title=_("Due"), at=evidence.planned_at)
    for attempt in evidence.attempts:
        yield from _attempt_steps(attempt, delivery)
    if delivery.state is DeliveryState.PUBLISHED and not _is_confirmed(evidence):
        yield _published(delivery)
    for report in evidence.feedback:
        yield Step(kind=report.kind.value, title=label_of(report.kind), at=report.at, detail=say(report.detail))
    yield from _present(delivery)


def _attempt_steps(attempt: Attempt, delivery: Delivery) -> Iterator[Step]:
    number = _("Attempt %(number)s") % {"number": attempt.fence}
    earlier = attempt.gen != delivery.gen
    note = _("before it was started anew") if earlier else ""
    yield Step(kind="claimed", title=_("Claimed by a worker"), at=attempt.claimed_at, detail=note, is_minor=True)
    yield Step(kind="committed", title=_("Sending began"), at=attempt.started_at, detail=number)
    if attempt.outcome is not None:
        why = reason_of(attempt.reason) if attempt.reason else ""
        said = " – ".join(part for part in (why[:1].upper() + why[1:], say(attempt.detail or "")) if part)  # noqa: RUF001
        yield Step(kind=attempt.outcome.value, title=_outcome(attempt.outcome), at=attempt.ended_at, detail=said)
    elif delivery.state is not DeliveryState.COMMITTING or earlier or attempt.fence != delivery.fence:
        detail = _("The worker was lost before the platform's answer was written down; evidence is sought instead.")
        yield Step(kind="unknown", title=_("Lost sight of"), at=None, detail=detail)


def _outcome(outcome: AttemptOutcome) -> str:
    match outcome:
        case AttemptOutcome.PUBLISHED:
            return _("Published, as the platform confirmed")
        case AttemptOutcome.DEFERRED:
            return _("Not done yet")
        case AttemptOutcome.REJECTED:
            return _("Refused")
        case AttemptOutcome.UNKNOWN:
            return _("Not known whether it was done")


def _is_confirmed(evidence: DeliveryHistory) -> bool:
    """Tell whether an attempt says already that this generation was published."""
    return any(
        each.outcome is AttemptOutcome.PUBLISHED and each.gen == evidence.delivery.gen for each in evidence.attempts
    )


def _published(delivery: Delivery) -> Step:
    publication = delivery.publication
    by_person = publication is not None and (
        publication.id.startswith("confirmed:") or publication.id == publication.url
    )
    title = _("A person saw it there") if by_person else _("Published")
    return Step(kind="published", title=title, at=delivery.published_at)


def _present(delivery: Delivery) -> Iterator[Step]:
    match delivery.state:
        case DeliveryState.SENDING:
            yield Step(kind="next", title=_("Texts and media are being prepared"), at=None)
        case DeliveryState.COMMITTING:
            yield Step(kind="next", title=_("Waiting for the platform's answer"), at=None)
        case DeliveryState.RETRY:
            why = reason_of(delivery.last) if delivery.last else ""
            title = _("Waits for a person or a quota") if delivery.parked_since else _("Tries again")
            yield Step(kind="next", title=title, at=delivery.next_at, detail=why[:1].upper() + why[1:])
        case DeliveryState.UNKNOWN:
            yield Step(kind="next", title=_("Looks again whether it is there"), at=delivery.next_at)
        case _:
            return


def _advice(delivery: Delivery, account: Account | None) -> str:
    """Return what a person can do about it; empty where there is nothing to do."""
    if account is not None and account.status is AccountStatus.BLOCKED:
        return _("The recipient must not be sent to. An administrator lifts that once it is settled with them.")
    code = delivery.problem.code if delivery.problem else delivery.last
    if delivery.state is DeliveryState.UNCONFIRMED:
        return _("Open the account, look whether it is there, and say so. Nothing is sent again before you do.")
    if code == Reason.CREDENTIAL:
        return _("Connect the account again. What waits for it then goes on by itself.")
    if delivery.state is DeliveryState.FAILED:
        advice = _FAILED.get(str(code))
        return advice() if advice else _("Retry it once what stood in the way is gone.")
    if delivery.state is DeliveryState.UNKNOWN:
        return _("Nothing to do: evidence is being sought, and it is not sent twice.")
    return ""


_FAILED: Final[dict[str, Callable[[], str]]] = {
    Reason.LATE.value: lambda: _("It did not start in time. If it is still wanted, retry it: it goes out at once."),
    Reason.CONTENT.value: lambda: _(
        "Duplicate the message, change what the platform does not take, and publish the copy."
    ),
    Reason.DESTINATION.value: lambda: _("Check the account's address, then retry."),
    Reason.PERMISSION.value: lambda: _("Give the account the right at the platform, then retry."),
    Reason.QUOTA.value: lambda: _("Retry once the platform's quota has been renewed."),
    Reason.DUPLICATE.value: lambda: _("The platform says that the same is there already. Look before you retry."),
}


def _last_text(evidence: DeliveryHistory) -> str:
    return evidence.attempts[-1].text if evidence.attempts else ""
