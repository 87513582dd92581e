"""The desk's first page: what comes next, what needs somebody, what went out, how well."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.charts import PROMISED, draw_lateness
from publishing.admin.pages import desk_page, methods
from publishing.domain.permissions import Action, Allowed, may
from publishing.services.configured import context
from publishing.services.overview import get_overview
from publishing.services.reviewing import list_waiting_for_review


@methods("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the first page; who has no role is told how to get one."""
    actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    if not isinstance(may(actor, Action.READ_MESSAGE), Allowed):
        return desk_page(request, "welcome", title=_("Dashboard"))
    now = clock.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    overview = get_overview(actor=actor, now=now, midnight=midnight)
    values = {
        "overview": overview,
        # Read by a request of its own, which the page makes: its own three queries are spent.
        "is_reviewer": context().review.is_on and isinstance(may(actor, Action.REVIEW_MESSAGE), Allowed),
        "chart": draw_lateness(overview.lateness),
        "promised": PROMISED,
        "now": now,
        "may_connect": isinstance(may(actor, Action.MANAGE_ACCOUNTS), Allowed),
        "may_retry": isinstance(may(actor, Action.RETRY_DELIVERY), Allowed),
    }
    return desk_page(request, "dashboard", values, title=_("Dashboard"))


@methods("GET")
def reviews(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader's decision; one query and one read of the messages."""
    actor = request.actor  # type: ignore[attr-defined]  # as above
    waiting = list_waiting_for_review(actor=actor, context=context())
    values = {
        "waiting": waiting,
        "now": clock.now(),
        "is_reviewer": isinstance(may(actor, Action.REVIEW_MESSAGE), Allowed),
        "is_on": context().review.is_on,
    }
    return desk_page(request, "reviews", values, title=_("Waiting for my review"))
