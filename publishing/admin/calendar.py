"""The calendar: messages by their due times, in the reader's zone; dragging one is a reschedule like any other."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.pages import desk_page, methods
from publishing.admin.sentences import say
from publishing.admin.words import channel_name, label_of
from publishing.domain.draft import MessageFilter
from publishing.domain.errors import ConflictError, InvalidError, NotAllowedError, StaleError
from publishing.domain.message import MessageStatus, MessageSummary
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.domain.schedule import resolve_due
from publishing.services.configured import context
from publishing.services.queries import list_messages
from publishing.services.scheduling import move_message

#: A month as calendars draw it has six weeks at most.
_LONGEST: Final = timedelta(days=43)
#: Far from the ends of the calendar, where zones and months run out.
_YEARS: Final = range(1970, 3000)
#: What one request looks at.
_ROWS: Final = 500
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
        "signedOut": _("You are signed out. Load the page again to sign in; nothing was moved."),
        "move": _("Press M to move it."),
    }  # fmt: skip
    facts = {"texts": texts, "compose": _address("desk-compose") if _may_write(request) else ""}
    return desk_page(request, "calendar", facts, title=_("Calendar"))


@methods("GET")
def calendar_events(request: HttpRequest) -> HttpResponse:
    """Answer with the messages between two wall times of the reader's zone."""
    zone = _zone()
    since, until = _wall(request.GET.get("start", ""), zone), _wall(request.GET.get("end", ""), zone)
    if since is None or until is None or not timedelta(0) < until - since <= _LONGEST:
        return _refused(_("This span cannot be shown. Load the page again."), HTTPStatus.BAD_REQUEST)
    actor = _actor(request)
    page = list_messages(
        actor=actor, filter=MessageFilter(since=since, until=until), cursor=None, limit=_ROWS, now=clock.now()
    )
    can_move = isinstance(may(actor, Action.EDIT_MESSAGE), Allowed) or isinstance(
        may(actor, Action.CREATE_MESSAGE), Allowed
    )
    rows = [_entry(row, zone, can_move=can_move) for row in page.rows if row.scheduled_at is not None]
    return JsonResponse({"events": rows, "partial": page.next_cursor is not None})


@methods("POST")
def calendar_move(request: HttpRequest) -> HttpResponse:
    """Move a message to another wall time of the reader's zone; answer with it, or with the reason why not."""
    now, zone = clock.now(), _zone()
    rev = request.POST.get("rev", "")
    try:
        due = resolve_due(at=request.POST.get("at", ""), zone=str(zone), now=now)
        result = move_message(
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
    return JsonResponse({"rev": result.message.rev, "start": _written(at), "end": _written(at + _DRAWN)})


def _entry(row: MessageSummary, zone: ZoneInfo, *, can_move: bool) -> dict[str, Any]:
    assert row.scheduled_at is not None  # noqa: S101 - the caller left the others out
    at = timezone.localtime(row.scheduled_at, zone)
    channels = dict.fromkeys(target.channel for target in row.targets)
    is_movable = can_move and row.status is MessageStatus.SCHEDULED
    return {
        "id": row.id,
        "title": row.title or row.summary or _("(no text)"),
        "start": _written(at),
        # What ends after midnight would be drawn over two days.
        "end": _written(min(at + _DRAWN, at.replace(hour=23, minute=59, second=59))),
        "startEditable": is_movable,
        "classNames": [f"entry-{row.status.value}"],
        "extendedProps": {
            "status": row.status.value,
            "statusLabel": label_of(row.status),
            "channels": [{"kind": kind, "name": channel_name(kind)} for kind in channels],
            "address": reverse("desk-message", args=[row.id]),
            "rev": row.rev,
            "movable": is_movable,
        },
    }


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


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
