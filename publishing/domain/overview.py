"""What the desk's first page says: what comes next, what needs somebody, what went out, how well. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from publishing.domain.account import Account, AccountStatus, Hold
from publishing.domain.decision import due_of
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import Message, MessageStatus, MessageSummary
from publishing.domain.quota import Quota

#: How far back the page looks.
SPAN: Final = timedelta(days=7)
#: Statuses that ask for somebody, the most urgent first.
URGENT: Final = (MessageStatus.NEEDS_ATTENTION, MessageStatus.FAILED, MessageStatus.PARTLY_PUBLISHED)
_WAITING_FOR_SOMEBODY: Final = frozenset({AccountStatus.NEEDS_REAUTH, AccountStatus.BLOCKED})
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNext:
    """A message whose time comes."""

    id: str
    title: str
    summary: str
    channels: tuple[str, ...]
    at: datetime
    #: Its time has passed, and it did not start.
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How long after its due time one visible call began."""

    message_id: str
    channel: str
    due_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFailures:
    """What did not get through on one channel."""

    channel: str
    count: int
    #: The reason named most often.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What an account is up to."""

    account: Account
    #: Until when its platform wants no calls, and why; None where nothing holds it.
    hold: Hold | None
    #: What its platform said is left, as far as it told; all of it again once its time is over.
    quota: Quota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The desk's first page."""

    due_next: tuple[DueNext, ...]
    attention: tuple[MessageSummary, ...]
    attention_count: int
    #: Deliveries that wait for a person or a quota, by message.
    parked: tuple[Delivery, ...]
    published_today: tuple[MessageSummary, ...]
    published_today_count: int
    failures: tuple[ChannelFailures, ...]
    #: The oldest first.
    lateness: tuple[Lateness, ...]
    accounts: tuple[AccountState, ...]
    waiting_accounts: tuple[Account, ...]
    is_stopped: bool
    #: Nothing was ever written, as far as the page looks.
    is_new: bool
    #: More happened than the page looks at; counts are lower bounds then.
    is_partial: bool

    @property
    def held(self) -> tuple[AccountState, ...]:
        """Return the accounts whose platforms want no calls just now."""
        return tuple(state for state in self.accounts if state.hold is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read for the page."""

    recent: Sequence[MessageSummary]
    upcoming: Sequence[Message | MessageSummary]
    deliveries: Sequence[Delivery]
    accounts: Sequence[Account]
    holds: Mapping[str, Hold]
    is_stopped: bool
    is_partial: bool


def worth_a_look(recent: Iterable[MessageSummary], *, since: datetime) -> list[MessageSummary]:
    """Return the messages whose deliveries the page reads: those that ask for somebody first, then the latest ended."""
    rows = [row for row in recent if _at(row) >= since]
    urgent = [row for row in rows if row.status in URGENT or row.status.is_under_way]
    return urgent + [row for row in rows if row.status is MessageStatus.PUBLISHED]


def build_overview(seen: Seen, *, now: datetime, midnight: datetime) -> Overview:
    """Return the page's facts. `midnight` is when today began, where the reader is."""
    recent = [row for row in seen.recent if _at(row) >= now - SPAN]
    asking = sorted((row for row in recent if row.status in URGENT), key=lambda row: URGENT.index(row.status))
    today = [row for row in recent if row.status in _WENT_OUT and _at(row) >= midnight]
    quotas = _quotas(seen.deliveries, now)
    holds = {account_id: hold for account_id, hold in seen.holds.items() if hold.until > now}
    return Overview(
        due_next=_due_next(seen.upcoming, now),
        attention=tuple(asking[:_SHOWN]),
        attention_count=len(asking),
        parked=tuple(each for each in seen.deliveries if _is_parked(each))[:_SHOWN],
        published_today=tuple(today[:_SHOWN]),
        published_today_count=len(today),
        failures=_failures(seen.deliveries),
        lateness=_lateness(seen),
        accounts=tuple(
            AccountState(account=each, hold=holds.get(each.id), quota=quotas.get(each.id)) for each in seen.accounts
        ),
        waiting_accounts=tuple(each for each in seen.accounts if each.status in _WAITING_FOR_SOMEBODY),
        is_stopped=seen.is_stopped,
        is_new=not seen.recent and not seen.upcoming,
        is_partial=seen.is_partial,
    )


_WENT_OUT: Final = frozenset({MessageStatus.PUBLISHED, MessageStatus.PARTLY_PUBLISHED})


def _at(row: MessageSummary) -> datetime:
    return row.scheduled_at or row.created_at


def _due_next(upcoming: Iterable[Message | MessageSummary], now: datetime) -> tuple[DueNext, ...]:
    due = [
        DueNext(
            id=row.id,
            title=row.title,
            summary=row.summary if isinstance(row, MessageSummary) else " ".join(row.text.split())[:140],
            channels=tuple(dict.fromkeys(target.channel for target in row.targets)),
            at=row.scheduled_at,
            is_overdue=row.scheduled_at < now,
        )
        for row in upcoming
        # The index of timers lags: one that was dispatched meanwhile is not due any more.
        if row.status is MessageStatus.SCHEDULED and row.scheduled_at is not None
    ]
    return tuple(sorted(due, key=lambda row: row.at)[:_SHOWN])


def _is_parked(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.RETRY and delivery.parked_since is not None


def _failures(deliveries: Iterable[Delivery]) -> tuple[ChannelFailures, ...]:
    reasons: dict[str, Counter[str]] = {}
    for each in deliveries:
        if each.state in {DeliveryState.FAILED, DeliveryState.UNCONFIRMED}:
            code = each.problem.code if each.problem else each.state.value
            reasons.setdefault(each.channel, Counter())[code] += 1
    every = [
        ChannelFailures(channel=channel, count=sum(found.values()), reason=found.most_common(1)[0][0])
        for channel, found in reasons.items()
    ]
    return tuple(sorted(every, key=lambda row: (-row.count, row.channel)))


def _quotas(deliveries: Iterable[Delivery], now: datetime) -> dict[str, Quota]:
    """Return what is left for each account, by the latest publication whose platform told."""
    told = [(each.published_at, each) for each in deliveries if each.published_at is not None]
    told.sort(key=lambda pair: pair[0])
    return {each.account_id: each.quota.at(now) for _, each in told if each.quota is not None}


def _lateness(seen: Seen) -> tuple[Lateness, ...]:
    """Return how late calls began, as far as their messages' due times are known."""
    due = {row.id: row.scheduled_at for row in seen.recent}
    found = []
    for each in seen.deliveries:
        planned, began = each.due_at or due.get(each.message_id), each.first_commit_at or each.commit_at
        if planned is not None and began is not None:
            seconds = max(0.0, (began - planned).total_seconds())
            found.append(Lateness(message_id=each.message_id, channel=each.channel, due_at=planned, seconds=seconds))
    return tuple(sorted(found, key=lambda row: row.due_at))


def lateness_of(message: Message, delivery: Delivery) -> float | None:
    """Return how many seconds after its due time a delivery's visible call first began; None before it."""
    began = delivery.first_commit_at or delivery.commit_at
    return None if began is None else max(0.0, (began - due_of(message, delivery)).total_seconds())
