"""The composer's page: what its template and its scripts are handed. Nothing here is written or asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.admin.compose_form import VARIANT, Composition
from publishing.admin.sentences import say
from publishing.admin.words import channel_name
from publishing.channels.base.registry import kinds
from publishing.domain.account import Account, AccountStatus
from publishing.domain.draft import AccountPreview, Preview
from publishing.domain.errors import FieldProblem
from publishing.domain.message import Message
from publishing.domain.schedule import Due

#: Problems that belong to no field.
WHOLE: Final = "whole"
#: The fields of `/schedule` by the last part of the pointer.
_SCHEDULE: Final = {"date": "date", "at": "time", "zone": "zone"}
_FIELDS: Final = frozenset({"text", "title", "link", "media", "accounts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An account that a message can be addressed to, or is already."""

    id: str
    name: str
    channel: str
    channel_name: str
    is_chosen: bool
    #: Whether it can be ticked, or at least unticked.
    is_open: bool
    #: Why it cannot be used, or what to know before; empty for an account that just works.
    note: str
    #: `ok`, `warning`, `off`.
    health: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The text for one channel, as a tab shows it."""

    kind: str
    name: str
    field: str
    text: str
    is_shown: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one field."""

    #: Id of the field that the summary leads to.
    field: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a composition would become, and what is wrong with it."""

    #: None where it cannot even be stored.
    preview: Preview | None
    due: Due | None
    problems: list[Problem]


def choices(accounts: Sequence[Account], composition: Composition, message: Message | None) -> list[Choice]:
    """Return the accounts to choose from. What is chosen and gone is there too: it can be taken off."""
    chosen = set(composition.account_ids)
    found = [_choice(account, account.id in chosen) for account in accounts]
    known = {account.id for account in accounts}
    channels = {target.account_id: target.channel for target in message.targets} if message else {}
    gone = [each for each in composition.account_ids if each not in known and each in channels]
    return [*found, *(_gone(account_id, channels[account_id]) for account_id in gone)]


def wordings(composition: Composition, offered: Iterable[Choice], problems: Iterable[Problem]) -> list[Wording]:
    """Return one wording for each channel that somebody could choose or wrote for already."""
    every, listed = list(offered), list(problems)
    used = {choice.channel for choice in every if choice.is_chosen}
    return [
        Wording(
            kind=kind,
            name=channel_name(kind),
            field=VARIANT + kind,
            text=composition.variants.get(kind, ""),
            is_shown=kind in used or kind in composition.variants,
            problems=tuple(one.detail for one in listed if one.field == VARIANT + kind),
        )
        for kind in kinds()
        if kind in {choice.channel for choice in every} or kind in composition.variants
    ]


def place_problems(found: Iterable[FieldProblem], composition: Composition) -> list[Problem]:
    """Return problems with the ids of the fields that they are about, in the order of the page, each once."""
    placed = [Problem(field=_field(one.pointer, composition), detail=say(one.detail)) for one in found]
    return list(dict.fromkeys(placed))


def by_field(problems: Iterable[Problem]) -> Mapping[str, list[str]]:
    """Return the sentences for each field."""
    grouped = defaultdict(list)
    for problem in problems:
        grouped[problem.field].append(problem.detail)
    return dict(grouped)


def present(run: DryRun, composition: Composition, accounts: Sequence[Account], *, media_url: str) -> dict[str, Any]:
    """Return a dry run as data for the page's scripts and its template."""
    known = {account.id: account for account in accounts}
    shown = [_present(one, known.get(one.account_id), media_url) for one in run.preview.accounts] if run.preview else []
    return {
        "accounts": shown,
        "is_complete": run.preview is not None,
        "due": _present_due(run.due, composition.zone) if run.due else None,
        "problems": [{"field": one.field, "detail": one.detail} for one in run.problems],
        "offsets": composition.offsets(),
    }


def utc_words(moment: datetime) -> str:
    """Return a moment in UTC, for people."""
    return f"{date_format(moment.astimezone(UTC), _('D j N Y, H:i'))} UTC"


@cache
def zones() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the zones to choose from, by region; aliases of old and abbreviations are left out."""
    regions: dict[str, list[str]] = defaultdict(list)
    for name in sorted(available_timezones()):
        region, _sep, place = name.partition("/")
        if place and region in _REGIONS:
            regions[region].append(name)
    return tuple((region, tuple(regions[region])) for region in _REGIONS if regions[region])


_REGIONS: Final = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip


def _choice(account: Account, is_chosen: bool) -> Choice:  # noqa: FBT001 - private
    note, health = _health(account)
    return Choice(
        id=account.id,
        name=account.name,
        channel=account.channel,
        channel_name=channel_name(account.channel),
        is_chosen=is_chosen,
        is_open=account.may_receive or is_chosen,
        note=note,
        health=health,
    )


def _health(account: Account) -> tuple[str, str]:
    match account.status:
        case AccountStatus.PAUSED:
            return _("Paused: an administrator lets it go on."), "off"
        case AccountStatus.BLOCKED:
            why = f" {say(account.problem.detail)}" if account.problem else ""
            return _("Blocked: nothing may be sent there.") + why, "off"
        case AccountStatus.NEEDS_REAUTH:
            return _("Has to be connected again: until then, what is sent here waits."), "warning"
        case AccountStatus.DISCONNECTED:
            return _("No longer connected."), "off"
        case AccountStatus.OK:
            return (say(account.problem.detail), "warning") if account.problem else ("", "ok")


def _gone(account_id: str, channel: str) -> Choice:
    return Choice(
        id=account_id,
        name=_("An account that is gone"),
        channel=channel,
        channel_name=channel_name(channel),
        is_chosen=True,
        is_open=True,
        note=_("No longer connected: take it off."),
        health="off",
    )


def _field(pointer: str, composition: Composition) -> str:
    parts = pointer.strip("/").split("/")
    match parts:
        case ["variants", kind, *_rest]:
            return VARIANT + kind if kind in kinds() else WHOLE
        case ["schedule", part]:
            return _SCHEDULE.get(part, WHOLE)
        case ["accounts", place] if place.isdigit() and int(place) < len(composition.account_ids):
            return f"account-{composition.account_ids[int(place)]}"
        case [name, *_rest] if name in _FIELDS:
            return name
        case _:
            return WHOLE


def _present(one: AccountPreview, account: Account | None, media_url: str) -> dict[str, Any]:
    return {
        "account": one.account_id,
        "name": account.name if account else one.account_id,
        "host": (urlsplit(account.base_url).hostname or "") if account and account.base_url else "",
        "channel": one.channel,
        "channel_name": channel_name(one.channel),
        "text": one.text,
        "length": one.length,
        "limit": one.limit,
        "unit": say(one.unit),
        "left": None if one.limit is None else one.limit - one.length,
        "media": [
            {
                "id": use.id,
                "alt_text": use.alt_text,
                "url": f"{media_url}/{use.renditions[0].key}" if use.renditions else None,
            }
            for use in one.media
        ],
        "problems": [{"field": each.field, "detail": say(each.detail)} for each in one.problems],
        "warnings": [say(each.detail) for each in one.warnings],
        "facts": [say(each.detail) for each in one.facts],
    }


def _present_due(due: Due, zone: str) -> dict[str, str]:
    local = date_format(due.at.astimezone(ZoneInfo(zone)), _("D j N Y, H:i"))
    return {"utc": utc_words(due.at), "local": f"{local} {zone}"}
