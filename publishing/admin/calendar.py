"""The calendar: messages by their due times, in the reader's zone; dragging one is a reschedule like any other.

What recurring messages are still to make, and drafts without a time, are asked for by requests of their own.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.pages import desk_page, methods
from publishing.admin.sentences import say
from publishing.admin.words import channel_name, label_of
from publishing.domain.draft import MessageFilter
from publishing.domain.errors import ConflictError, InvalidError, NotAllowedError, StaleError
from publishing.domain.message import EDITABLE, MessageStatus, MessageSummary
from publishing.domain.permissions import Action, Actor, Allowed, demand, may
from publishing.domain.schedule import resolve_due
from publishing.services.configured import context
from publishing.services.foreseeing import Coming, list_coming
from publishing.services.queries import list_messages
from publishing.services.scheduling import place_message

#: A month as calendars draw it has six weeks at most.
_LONGEST: Final = timedelta(days=43)
#: Far from the ends of the calendar, where zones and months run out.
_YEARS: Final = range(1970, 3000)
#: What one request looks at.
_ROWS: Final = 500
#: Drafts without a time beside the calendar; the list has the others.
_DRAFTS: Final = 30
#: How long an entry is drawn: a message has no duration.
_DRAWN: Final = timedelta(minutes=30)
_REFUSALS: Final = (ConflictError, StaleError, NotAllowedError)


@methods("GET")
def calendar(request: HttpRequest) -> HttpResponse:
    """Show the calendar."""
    texts = {
        "today": _("Today"), "month": _("Month"), "week": _("Week"), "day": _("Day"), "list": _("List"),
        "previous": _("Earlier"), "next": _("Later"), "nothing": _("Nothing is planned here."),
        "more": _("more"), "moved": _("Moved to %s."), "failed": _("Not reached. Nothing was moved: try again."),
        "partial": _("Only the latest 500 messages of this span are shown. Choose a shorter one."),
        "planned": _("Planned for %s. It is a draft still: schedule it, or submit it, and it goes out."),
        "proposed": _("Proposed for %s. It goes out when somebody approves it."),
        "stopped": _("stopped and makes no more messages:"),
        "plan": _("Plan"), "planHead": _("Choose a time for this draft"), "moveHead": _("Move the message"),
        "away": _("The drafts cannot be reached just now."), "noDrafts": _("No draft waits for a time."),
        "dropHint": _("Drag a draft onto a day, or press Plan."),
        "signedOut": _("You are signed out. Load the page again to sign in; nothing was moved."),
        "move": _("Press M to move it."),
    }  # fmt: skip
    may_write = _may_write(request)
    facts = {
        "texts": texts,
        "compose": _address("desk-compose") if may_write else "",
        "series": _address("desk-calendar-series") if _may_read_series(request) else "",
        "drafts": _address("desk-calendar-drafts") if may_write else "",
        "every_draft": f"{reverse('admin:publishing_message_changelist')}?status__exact=draft&planned=without",
    }
    return desk_page(request, "calendar", facts, title=_("Calendar"))


@methods("GET")
def calendar_events(request: HttpRequest) -> HttpResponse:
    """Answer with the messages between two wall times of the reader's zone; a query for each month of them."""
    zone, span = _zone(), _span(request)
    if span is None:
        return _no_span()
    actor = _actor(request)
    wanted = MessageFilter(since=span[0], until=span[1])
    page = list_messages(actor=actor, filter=wanted, cursor=None, limit=_ROWS, now=clock.now())
    can_move = _may_write(request) or isinstance(may(actor, Action.EDIT_MESSAGE), Allowed)
    rows = [_entry(row, zone, can_move=can_move) for row in page.rows if row.scheduled_at is not None]
    return JsonResponse({"events": rows, "partial": page.next_cursor is not None})


@methods("GET")
def calendar_series(request: HttpRequest) -> HttpResponse:
    """Answer with what series will make between two wall times, and with those that cannot go on; one query."""
    zone, span = _zone(), _span(request)
    if span is None:
        return _no_span()
    outlook = list_coming(actor=_actor(request), since=span[0], until=span[1], now=clock.now(), context=context())
    stopped = [
        {"name": each.name, "problem": say(each.problem.detail) if each.problem else "", "address": _of_series(each.id)}
        for each in outlook.stopped
    ]
    rows = [_coming(each, zone) for each in outlook.coming]
    return JsonResponse({"events": rows, "stopped": stopped, "partial": outlook.is_partial})


@methods("GET")
def calendar_drafts(request: HttpRequest) -> HttpResponse:
    """Answer with drafts that have no time, the newest first, of this month and the two before; a query for each."""
    actor, now = _actor(request), clock.now()
    demand(actor, Action.CREATE_MESSAGE)
    before = (now.replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=1)
    since = before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    wanted = MessageFilter(status=MessageStatus.DRAFT.value, since=since, until=now + timedelta(minutes=1))
    page = list_messages(actor=actor, filter=wanted, cursor=None, limit=_ROWS, now=now)
    drafts = [_draft(row) for row in page.rows if row.scheduled_at is None]
    return JsonResponse({"drafts": drafts[:_DRAFTS], "more": len(drafts) > _DRAFTS or page.next_cursor is not None})


@methods("POST")
def calendar_move(request: HttpRequest) -> HttpResponse:
    """Move a message to another wall time of the reader's zone; answer with it, or with the reason why not."""
    now, zone = clock.now(), _zone()
    rev = request.POST.get("rev", "")
    try:
        due = resolve_due(at=request.POST.get("at", ""), zone=str(zone), now=now)
        result = place_message(
            actor=_actor(request),
            message_id=request.POST.get("message", ""),
            due=due,
            rev=int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else None,
            now=now,
            context=context(),
        )
    except InvalidError as error:
        return _refused(say(str(error)), HTTPStatus.UNPROCESSABLE_ENTITY)
    except _REFUSALS as error:
        return _refused(say(str(error)), HTTPStatus.CONFLICT)
    at = timezone.localtime(result.message.scheduled_at, zone)
    status = result.message.status.value
    return JsonResponse({"rev": result.message.rev, "status": status, **_drawn(at)})


def _entry(row: MessageSummary, zone: ZoneInfo, *, can_move: bool) -> dict[str, Any]:
    assert row.scheduled_at is not None  # noqa: S101 - the caller left the others out
    is_movable = can_move and row.status in EDITABLE
    return {
        "id": row.id,
        "title": _title(row),
        **_drawn(timezone.localtime(row.scheduled_at, zone)),
        "startEditable": is_movable,
        "classNames": [f"entry-{row.status.value}"],
        "extendedProps": {
            "status": row.status.value,
            "statusLabel": label_of(row.status),
            "channels": _channels(row),
            "address": reverse("desk-message", args=[row.id]),
            "rev": row.rev,
            "movable": is_movable,
        },
    }


def _coming(each: Coming, zone: ZoneInfo) -> dict[str, Any]:
    made = date_format(timezone.localtime(each.made_from, zone), "j F")
    return {
        "id": f"{each.series.id}-{each.occurrence.on}",
        "title": each.series.name,
        **_drawn(timezone.localtime(each.occurrence.at, zone)),
        "startEditable": False,
        "classNames": ["entry-coming"],
        "extendedProps": {
            "status": "coming",
            "statusLabel": _("Recurring, made on %(day)s") % {"day": made},
            "channels": [],
            "address": _of_series(each.series.id),
            "rev": 0,
            "movable": False,
        },
    }


def _draft(row: MessageSummary) -> dict[str, Any]:
    address = reverse("desk-message", args=[row.id])
    return {"id": row.id, "title": _title(row), "rev": row.rev, "channels": _channels(row), "address": address}


def _title(row: MessageSummary) -> str:
    return row.title or row.summary or _("(no text)")


def _channels(row: MessageSummary) -> list[dict[str, str]]:
    channels = dict.fromkeys(target.channel for target in row.targets)
    return [{"kind": kind, "name": channel_name(kind)} for kind in channels]


def _drawn(at: datetime) -> dict[str, str]:
    # What ends after midnight would be drawn over two days.
    return {"start": _written(at), "end": _written(min(at + _DRAWN, at.replace(hour=23, minute=59, second=59)))}


def _of_series(series_id: str) -> str:
    return reverse("admin:publishing_series_change", args=[series_id])


def _span(request: HttpRequest) -> tuple[datetime, datetime] | None:
    """Return the span that is asked for; None for what is none, or longer than calendars draw."""
    zone = _zone()
    since, until = _wall(request.GET.get("start", ""), zone), _wall(request.GET.get("end", ""), zone)
    if since is None or until is None or not timedelta(0) < until - since <= _LONGEST:
        return None
    return since, until


def _no_span() -> HttpResponse:
    return _refused(_("This span cannot be shown. Load the page again."), HTTPStatus.BAD_REQUEST)


def _wall(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        given = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    if given.year not in _YEARS:
        return None
    return given.replace(tzinfo=zone) if given.tzinfo is None else given


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _zone() -> ZoneInfo:
    """Return the reader's zone, which the middleware chose."""
    return ZoneInfo(str(timezone.get_current_timezone()))


def _refused(reason: str, status: HTTPStatus) -> HttpResponse:
    return JsonResponse({"reason": reason}, status=status)


def _may_write(request: HttpRequest) -> bool:
    return isinstance(may(_actor(request), Action.CREATE_MESSAGE), Allowed)


def _may_read_series(request: HttpRequest) -> bool:
    return isinstance(may(_actor(request), Action.READ_SERIES), Allowed)


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
