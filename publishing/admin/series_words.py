"""Series in words: their rules, their times on the clock of their zones, and what is unusual about one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from publishing.domain.series import Frequency, Occurrence, Rule, WallClock, Weekday, shown_by_clocks


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTime:
    """A time of a series that is still to come, as its page shows it."""

    #: The date by which it is left out.
    on: str
    shown: SafeString
    #: What is unusual about it.
    notes: tuple["Note", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence about one time."""

    text: str
    #: Whether somebody may want it otherwise.
    is_warning: bool = False


def in_words(rule: Rule) -> str:
    """Return a rule as people say it."""
    at = time_format(rule.at, "H:i")
    match rule.frequency:
        case Frequency.WEEKLY:
            days = ", ".join(str(WEEKDAYS_ABBR[number]) for number, day in enumerate(Weekday) if day in rule.weekdays)
            text = _("%(days)s at %(at)s") % {"days": days, "at": at}
        case Frequency.MONTHLY:
            text = _("Monthly on day %(day)s at %(at)s") % {"day": rule.month_day, "at": at}
        case Frequency.DAILY:
            text = _("Every day at %(at)s") % {"at": at}
    return f"{text} ({rule.zone})"


def there(occurrence: Occurrence, zone: str) -> SafeString:
    """Return an occurrence as the wall of its zone shows it."""
    local = occurrence.at.astimezone(ZoneInfo(zone))
    # This year goes without saying.
    form = "D, j M, H:i" if local.year == timezone.localtime().year else "D, j M Y, H:i"
    text, offset = date_format(local, form), f"{local:%z}"
    exact = f"{occurrence.at:%Y-%m-%d %H:%M} UTC"
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="quiet small">UTC{}:{}</span></time>',
        occurrence.at.isoformat(), exact, text, offset[:3], offset[3:],
    )  # fmt: skip


def next_times(rule: Rule, upcoming: Sequence[Occurrence], *, itself_at: datetime | None = None) -> list[NextTime]:
    """Return times to come, each with what is unusual about it. `itself_at`: when the repeated message goes out."""
    before = (None, *upcoming)
    return [
        NextTime(
            on=one.on.isoformat(),
            shown=there(one, rule.zone),
            notes=tuple(_notes(rule, one, previous, itself_at)),
        )
        for previous, one in pairwise(before)
        if one is not None
    ]


def _notes(rule: Rule, one: Occurrence, previous: Occurrence | None, itself_at: datetime | None) -> Iterator[Note]:
    info = ZoneInfo(rule.zone)
    local = one.at.astimezone(info)
    facts = {"at": time_format(rule.at, "H:i"), "day": date_format(one.on, "j F"), "then": time_format(local, "H:i")}
    match shown_by_clocks(one, rule):
        case WallClock.NEVER:
            text = _("The clock jumps over %(at)s on %(day)s: it goes out at %(then)s.") % facts
            yield Note(text=text, is_warning=True)
        case WallClock.TWICE:
            text = _("The clock shows %(at)s twice on %(day)s: it goes out the first time.") % facts
            yield Note(text=text, is_warning=True)
        case WallClock.ONCE if previous and previous.at.astimezone(info).utcoffset() != local.utcoffset():
            yield Note(text=_("Clocks change before it: there, it stays %(at)s.") % facts)
        case _:
            pass
    if rule.month_day is not None and one.on.day < rule.month_day:
        text = _("This month has no day %(day)s: it goes out on the last one.") % {"day": rule.month_day}
        yield Note(text=text)
    if itself_at == one.at:
        text = _("The message itself goes out at this time too. Skip this one, or begin a day later.")
        yield Note(text=text, is_warning=True)
