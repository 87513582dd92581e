"""What series repeat, what they made, and what comes: reads for the desk. Nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from publishing.domain.account import Account
from publishing.domain.errors import InvalidError
from publishing.domain.message import Message
from publishing.domain.permissions import Action, Actor, Allowed, demand, may
from publishing.domain.series import (
    Occurrence,
    Rule,
    Series,
    SeriesStatus,
    occurrence_id,
    occurrences,
    series_problems,
)
from publishing.services.context import Context
from publishing.store import messages
from publishing.store import series as stored
from publishing.store.accounts import find_accounts

#: How far back a series' messages are looked for.
_LOOK_BACK: Final = timedelta(days=60)
#: Of those that it made, how many are shown.
_SHOWN: Final = 8
#: Ids that one read of known keys takes, less that of the message that is repeated.
_AT_ONCE: Final = 99
#: Dates of all series that one calendar shows.
_COMING: Final = 500
#: Dates of one series in it: as many as the longest span has days, and a few more.
_OF_ONE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What a series repeats, and what it made of it."""

    #: None when it is gone, or not for the actor's eyes.
    message: Message | None
    #: Those that the message is addressed to and that the actor may see, by id.
    accounts: Mapping[str, Account]
    #: The earliest first.
    made: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A date of a series for which no message was made yet."""

    series: Series
    occurrence: Occurrence
    #: From when on its message will be made.
    made_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What series are going to do."""

    #: By series, then by date.
    coming: tuple[Coming, ...]
    #: Series that cannot go on, and say why.
    stopped: tuple[Series, ...]
    #: Whether there is more than is told.
    is_partial: bool


def describe_series(*, actor: Actor, message_id: str, series: Series | None, now: datetime) -> Repeated:
    """Return the message of that id, its accounts, and the latest that the series made; two reads of known keys.

    Without a series, as before it is made, only the message. What was made is looked for in the last 60 days and ahead.
    """
    demand(actor, Action.READ_SERIES)
    made = _made_ids(series, now) if series else []
    heads = messages.find_heads([message_id, *made] if message_id else made)
    found = heads.get(message_id)
    if found is not None and not isinstance(may(actor, Action.READ_MESSAGE, found), Allowed):
        found = None
    ids = tuple(target.account_id for target in found.targets) if found else ()
    seen = {
        each.id: each
        for each in find_accounts(ids[:_AT_ONCE]).values()
        if isinstance(may(actor, Action.SEE_ACCOUNT, each), Allowed)
    }
    latest = tuple(heads[each] for each in made if each in heads)[-_SHOWN:]
    return Repeated(message=found, accounts=seen, made=latest)


def foresee_rule(
    *, actor: Actor, rule: Rule, series_id: str | None, now: datetime, limit: int
) -> tuple[Occurrence, ...]:
    """Return the next dates that a rule would have messages made for: of a new series, or as a change of one.

    Raises InvalidError naming everything that is wrong with the rule; NotFoundError when there is no such series.
    """
    demand(actor, Action.EDIT_SERIES)
    if series_id is None:
        series = Series(
            id="", owner=actor.id, roles=actor.roles, name="-", message_id="", rule=rule, created_at=now, updated_at=now
        )
    else:
        series = replace(stored.get_series(series_id), name="-", rule=rule)
    problems = [*series_problems(series, now=now)]
    if problems:
        raise InvalidError(*problems)
    return tuple(islice(series.upcoming(now), limit))


def list_coming(*, actor: Actor, since: datetime, until: datetime, now: datetime, context: Context) -> Outlook:
    """Return the dates from one moment up to another for which series are still to make messages; one query.

    Raises NotAllowedError.
    """
    demand(actor, Action.READ_SERIES)
    every = stored.list_series()
    after = max(now, since - timedelta(milliseconds=1))
    coming = [
        Coming(series=each, occurrence=one, made_from=max(now, one.at - context.series_horizon))
        for each in every
        if each.status is SeriesStatus.ACTIVE
        for one in islice(each.upcoming(after, until=until - timedelta(milliseconds=1)), _OF_ONE)
    ]
    return Outlook(
        coming=tuple(coming[:_COMING]),
        stopped=tuple(each for each in every if each.status is SeriesStatus.STOPPED),
        is_partial=len(coming) > _COMING,
    )


def list_around(*, actor: Actor, message: Message) -> tuple[Series, ...]:
    """Return the series that repeat a message, by name, and the one that made it; one query."""
    demand(actor, Action.READ_SERIES)
    return tuple(each for each in stored.list_series() if each.message_id == message.id or each.id == message.series_id)


def _made_ids(series: Series, now: datetime) -> list[str]:
    """Return the ids that messages of the last weeks can have; any date's once the rule may have been another one."""
    first = now - _LOOK_BACK
    if series.rev == 1:
        of_rule = takewhile(lambda each: each.index <= series.last_index, occurrences(series.rule, after=first))
        return [occurrence_id(series.id, each) for each in of_rule][-_AT_ONCE:]
    days = range(first.date().toordinal(), series.last_index + 1)
    return [occurrence_id(series.id, Occurrence(on=date.fromordinal(day), at=now)) for day in days[-_AT_ONCE:]]
