"""The desk's first page: what an actor may see of what comes next, what needs somebody, what went out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from publishing.domain.account import Account, AccountStatus
from publishing.domain.draft import MessageFilter
from publishing.domain.message import Message, MessageStatus, MessageSummary
from publishing.domain.overview import SPAN, Overview, Seen, build_overview, worth_a_look
from publishing.domain.permissions import Action, Actor, Allowed, Role, demand, may
from publishing.domain.schedule import FURTHEST
from publishing.store import lists, timers
from publishing.store import overview as reads

#: In the first days of a month the page looks at the month before, too.
_FIRST_DAYS: Final = SPAN.days
_NEXT: Final = 10
_OWN: Final = 100
#: Of those whose quota the page asks about; more are on the accounts' own page.
_ACCOUNTS: Final = 40


def get_overview(*, actor: Actor, now: datetime, midnight: datetime) -> Overview:
    """Return what the first page says; members see their own messages, and accounts opened to them.

    At most three queries and one read of known keys. `midnight` is when today began, where the reader is.
    """
    demand(actor, Action.READ_MESSAGE)
    sees_all = actor.is_system or actor.has(Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)
    accounts = [each for each in reads.list_account_summaries() if _is_shown(actor, each)]
    recent, upcoming, timed = _all(now) if sees_all else _own(actor)
    details = reads.read_details(
        message_ids=timed,
        accounts=[account.id for account in accounts[:_ACCOUNTS]],
        of=worth_a_look(recent, since=now - SPAN),
    )
    awaited: Sequence[Message | MessageSummary] = details.messages if timed else upcoming
    seen = Seen(
        recent=recent,
        upcoming=awaited,
        deliveries=details.deliveries,
        accounts=accounts,
        holds=details.holds,
        is_stopped=details.is_stopped,
        is_partial=len(recent) >= reads.ROWS,
    )
    return build_overview(seen, now=now, midnight=midnight)


def _is_shown(actor: Actor, account: Account) -> bool:
    if account.status is AccountStatus.DISCONNECTED:
        return False
    return isinstance(may(actor, Action.SEE_ACCOUNT, account), Allowed)


def _all(now: datetime) -> tuple[list[MessageSummary], list[MessageSummary], list[str]]:
    """Return recent messages, upcoming ones, and ids of upcoming ones that are still to be read; two queries.

    Later in a month, its past is one query and the timers are the other. In its first days the month before is needed:
    past and future of this month then are one query, as its past is short.
    """
    if now.day > _FIRST_DAYS:
        recent = reads.list_month(now, since=now - SPAN, until=now, is_newest_first=True)
        due = timers.list_scheduled(now + FURTHEST, limit=_NEXT)
        return recent, [], [timer.message_id for timer in due]
    whole = reads.list_month(now, since=now - SPAN, until=now + FURTHEST, is_newest_first=False)
    before = reads.list_month(reads.previous_month(now), since=now - SPAN, until=now, is_newest_first=True)
    upcoming = [row for row in whole if row.status is MessageStatus.SCHEDULED]
    past = [row for row in whole if (row.scheduled_at or row.created_at) <= now]
    return [*reversed(past), *before], upcoming, []


def _own(actor: Actor) -> tuple[list[MessageSummary], list[MessageSummary], list[str]]:
    page = lists.list_owned(owner=actor.id, wanted=MessageFilter(), cursor=None, limit=_OWN)
    upcoming = [row for row in page.rows if row.status is MessageStatus.SCHEDULED]
    return list(page.rows), upcoming, []
