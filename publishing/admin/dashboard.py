"""The desk's first page: what comes next, what needs somebody, what went out, how well."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.charts import PROMISED, draw_lateness
from publishing.admin.pages import desk_page, methods
from publishing.domain.permissions import Action, Allowed, may
from publishing.services.overview import get_overview


@methods("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the first page; who has no role is told how to get one."""
    actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    if not isinstance(may(actor, Action.READ_MESSAGE), Allowed):
        return desk_page(request, "welcome", title=_("Dashboard"))
    now = clock.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    overview = get_overview(actor=actor, now=now, midnight=midnight)
    context = {
        "overview": overview,
        "chart": draw_lateness(overview.lateness),
        "promised": PROMISED,
        "now": now,
        "may_connect": isinstance(may(actor, Action.MANAGE_ACCOUNTS), Allowed),
        "may_retry": isinstance(may(actor, Action.RETRY_DELIVERY), Allowed),
    }
    return desk_page(request, "dashboard", context, title=_("Dashboard"))
