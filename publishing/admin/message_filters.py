"""What the list of messages is filtered by, beside what stock filters do."""

from datetime import date, datetime
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from publishing.admin.base import actor_of
from publishing.admin.filters import ByChannel
from publishing.domain.permissions import Role

STAFF: Final = (Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)
#: Due times lie at most a year ahead.
_AHEAD: Final = 12


class ChannelFilter(ByChannel):
    """Messages to one channel."""

    lookup = "channels__contains"


class MineFilter(admin.SimpleListFilter):
    """One's own messages."""

    title = _("owner")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]] | None:  # noqa: ANN401, ARG002 - Django's signature
        """Offer it to who sees those of others."""
        return [("1", str(_("Mine")))] if actor_of(request).has(*STAFF) else None

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401 - as above
        """Keep the person's own."""
        return queryset.filter(user=actor_of(request).id) if self.value() == "1" else None


class MonthFilter(admin.SimpleListFilter):
    """Messages of this month or of one ahead, by name: each is a query, however far away. Years and days are above."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401, ARG002 - as above
        """Return this month and those in which something can be due."""
        this = timezone.localdate().replace(day=1)
        every = [_months_on(this, number) for number in range(_AHEAD + 1)]
        return [(f"{month:%Y-%m}", date_format(month, "YEAR_MONTH_FORMAT")) for month in every]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401, ARG002 - as above
        """Keep the month that was chosen, as the reader's clock has it."""
        try:
            first = date.fromisoformat(f"{self.value()}-01")
            begin, end = _midnight(first), _midnight(_months_on(first, 1))
        except (ValueError, OverflowError):
            return None
        return queryset.filter(at__gte=begin, at__lt=end)


class PlannedFilter(admin.SimpleListFilter):
    """Messages with and without a time."""

    title = _("time")
    parameter_name = "planned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401, ARG002 - as above
        """Return both."""
        return [("with", str(_("With a time"))), ("without", str(_("Without a time")))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401, ARG002 - as above
        """Keep those that have one, or those that have none."""
        wanted = {"with": False, "without": True}.get(self.value() or "")
        return None if wanted is None else queryset.filter(scheduled_at__isnull=wanted)


def _months_on(month: date, number: int) -> date:
    """Return the first day of a month so many months later."""
    years, place = divmod(month.month - 1 + number, 12)
    return date(month.year + years, place + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
