"""What stands beside the form of a series: its next times, what it repeats, and what is in the way of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from publishing.admin.message_page import pictures_of
from publishing.admin.series_words import in_words, next_times
from publishing.admin.words import channel_name
from publishing.domain.account import Account, AccountStatus
from publishing.domain.message import Message, MessageStatus
from publishing.domain.series import Occurrence, Rule, Series, Weekday
from publishing.services.configured import context
from publishing.services.foreseeing import Repeated

_NAME_LENGTH: Final = 60
#: Those that have a time of their own at which something goes out, or went out.
_TIMED: Final = frozenset(MessageStatus) - {MessageStatus.DRAFT, MessageStatus.IN_REVIEW, MessageStatus.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about what is repeated that whoever repeats it should know."""

    #: `error`, `warning`, or empty for what is only good to know.
    kind: str
    text: str


def times_of(rule: Rule, upcoming: Sequence[Occurrence], repeated: Repeated) -> dict[str, Any]:
    """Return what the list of next times shows."""
    message = repeated.message
    is_set = message is not None and message.status is MessageStatus.SCHEDULED
    return {
        "in_words": in_words(rule),
        "zone_name": rule.zone,
        "times": next_times(rule, upcoming, itself_at=message.scheduled_at if message and is_set else None),
    }


def repeats_of(repeated: Repeated, *, message_id: str) -> dict[str, Any]:
    """Return what is shown of the message that is repeated."""
    message = repeated.message
    targets = [(each.channel, repeated.accounts.get(each.account_id)) for each in message.targets] if message else []
    return {
        "repeated": message,
        "repeated_address": reverse("desk-message", args=[message.id]) if message else "",
        "targets": targets,
        "pictures": pictures_of(message, context().media_url) if message else [],
        "remarks": remarks(repeated, message_id=message_id),
    }


def remarks(repeated: Repeated, *, message_id: str) -> list[Remark]:
    """Return what is in the way of repeating a message, or happens to what is made of it."""
    message = repeated.message
    if message is None:
        text = _("This message is gone, so that nothing can be made of it: the series stops. Choose another message.")
        return [Remark(kind="error", text=text)] if message_id else []
    found = []
    if not message.targets:
        text = _("It is addressed to no account. What is made of it stays a draft, until it has one.")
        found.append(Remark(kind="warning", text=text))
    found += [
        Remark(kind="warning", text=text)
        for target in message.targets
        if (text := _about(repeated.accounts.get(target.account_id), target.channel))
    ]
    if context().review_on:
        text = _(
            "Review is on: each message that is made of it is submitted for review, and goes out only when somebody "
            "approves it. Whether this one is approved makes no difference."
        )
        found.append(Remark(kind="", text=text))
    if message.status is MessageStatus.SCHEDULED and message.scheduled_at is not None:
        local = timezone.localtime(message.scheduled_at)
        facts = {"day": date_format(local, "D, j M Y"), "at": time_format(local, "H:i")}
        text = _("It goes out by itself as well, on %(day)s at %(at)s.") % facts
        found.append(Remark(kind="", text=text))
    return found


def _about(account: Account | None, channel: str) -> str:
    """Return what an account does to messages that are made; nothing where all is well."""
    if account is None:
        facts = {"name": channel_name(channel)}
        return _("An account of it (%(name)s) is gone. What is made stays a draft that says so.") % facts
    name = {"name": account.name}
    match account.status:
        case AccountStatus.OK:
            return ""
        case AccountStatus.NEEDS_REAUTH:
            return _("%(name)s has to be connected again. What goes there waits until then.") % name
        case AccountStatus.PAUSED:
            return _("%(name)s is paused. What is made meanwhile stays a draft that says so.") % name
        case AccountStatus.BLOCKED:
            return _("%(name)s is blocked. What is made meanwhile stays a draft that says so.") % name
        case AccountStatus.DISCONNECTED:
            return _("%(name)s is no longer connected. What is made stays a draft that says so: choose another.") % name


def what_changes_do(series: Series, now: datetime) -> list[str]:
    """Return as sentences what becomes of messages that were made, and from when on a change holds."""
    days = context().series_horizon.days
    found = [
        _(
            "Each is made %(days)s days before it is due, with the words, pictures and accounts that the message has "
            "by then. Whoever changes the message changes what is made afterwards."
        )
        % {"days": days}
    ]
    until = series.made_until
    if until is not None and until >= now.date():
        found.append(
            _(
                "Those up to %(day)s are made already and stay as they are, whatever changes here: open one to change, "
                "move or cancel it alone."
            )
            % {"day": date_format(until, "D, j M Y")}
        )
    return found


def beginning(message: Message | None) -> dict[str, Any]:
    """Return what a new series is proposed as: the clock that its message already has, or tomorrow at nine."""
    today = timezone.localdate()
    proposed: dict[str, Any] = {
        "name": _name(message) if message else "",
        "at": "09:00",
        "zone": timezone.get_current_timezone_name(),
    }
    first = today + timedelta(days=1)
    if message is not None and message.scheduled_at is not None:
        proposed["zone"] = message.zone or proposed["zone"]
        local = message.scheduled_at.astimezone(ZoneInfo(proposed["zone"]))
        proposed["at"] = f"{local:%H:%M}"
        day, later = local.date(), local.date() + timedelta(days=1)
        # What goes out by itself that day is not repeated on the same one.
        first = max(later if message.status in _TIMED else day, today)
        proposed |= {"weekdays": [tuple(Weekday)[day.weekday()].value], "month_day": day.day}
    else:
        proposed |= {"weekdays": [tuple(Weekday)[first.weekday()].value], "month_day": first.day}
    return {**proposed, "starts_on": first}


def _name(message: Message) -> str:
    return str(Truncator(message.title or " ".join(message.text.split())).chars(_NAME_LENGTH))
