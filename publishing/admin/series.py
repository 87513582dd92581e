"""Recurring messages: when they go out next, what they made, and the buttons that pause and resume them."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.forms import Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import Verb, acting, actor_of
from publishing.admin.marks import badge
from publishing.admin.once import create_once
from publishing.admin.sentences import say
from publishing.admin.series_form import POINTERS, SeriesForm
from publishing.admin.staying import StayingAdmin
from publishing.domain.draft import MessageFilter
from publishing.domain.permissions import Action
from publishing.domain.series import Frequency, Occurrence, Rule, Weekday
from publishing.models import Series
from publishing.services import series as services
from publishing.services.configured import context
from publishing.services.queries import list_messages

_NEXT: Final = 5
_OFFERED: Final = 50


class SeriesAdmin(StayingAdmin):
    """Series."""

    view_needs = Action.READ_SERIES
    add_needs = change_needs = delete_needs = Action.EDIT_SERIES
    form = SeriesForm
    change_list_template = "admin/publishing/series/change_list.html"
    list_display = ("title_column", "rule", "following", "state", "user")
    search_fields = ("name",)
    actions = None

    class Media:
        """Fields that belong to how often it recurs."""

        js: ClassVar[tuple[Any, ...]] = (Script("publishing/series.js", type="module"),)

    # --- columns -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("Name"), ordering="name")
    def title_column(self, series: Series) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", series.name)

    @admin.display(description=_("When"))
    def rule(self, series: Series) -> str:
        """Show its rule in words."""
        return in_words(series.domain.rule)

    @admin.display(description=_("Next"))
    def following(self, series: Series) -> SafeString | str:
        """Show when it goes out next."""
        domain = series.domain
        found = next(domain.upcoming(clock.now()), None) if series.status == "active" else None
        return "-" if found is None else there(found, domain.rule.zone)

    @admin.display(description=_("Status"))
    def state(self, series: Series) -> SafeString:
        """Show its status, with why it stopped."""
        return format_html('<span title="{}">{}</span>', say(series.trouble), badge(series.status))

    @admin.display(description=_("problem"))
    def trouble_said(self, series: Series) -> str:
        """Say why it stopped."""
        return say(series.trouble)

    # --- the form ----------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's signature
        """Return what is asked for; what is known, for who changes nothing."""
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ("name", "rule", "state", "trouble_said", "user")})]
        return [
            (None, {"fields": ("name", "message_id", "edit_version", "once")}),
            (_("When"), {"fields": ("frequency", "weekdays", "month_day", ("at", "zone"))}),
            (_("From when to when"), {"fields": ("starts_on", "ends_on", "count", "exceptions")}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """Return the form with the person's own messages to choose from."""
        form = super().get_form(request, obj, change=change, **options)
        if obj is None or self.has_change_permission(request, obj):
            form.offered = _offered(request)
            form.own_zone = timezone.get_current_timezone_name()
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with the message that the way here names, from today on."""
        return {
            "message_id": request.GET.get("message", "")[:26],
            "starts_on": timezone.localdate(),
            "zone": timezone.get_current_timezone_name(),
        }

    def beside(self, request: HttpRequest, obj: Series) -> dict[str, Any]:
        """Return when it goes out next, in its zone, and the messages that it made."""
        domain, now = obj.domain, clock.now()
        return {
            "series": obj,
            "in_words": in_words(domain.rule),
            "zone_name": domain.rule.zone,
            "upcoming": [there(each, domain.rule.zone) for each in islice(domain.upcoming(now), _NEXT)],
            "made": services.list_made(actor=actor_of(request), series=domain, now=now),
            "message_address": reverse("desk-message", args=[obj.message_id]),
        }

    def create(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - a SeriesForm
        """Make the series, once."""
        rule = form.rule()
        with acting(POINTERS):
            return create_once(
                actor=actor_of(request),
                token=form.cleaned_data.get("once", ""),
                content=[form.cleaned_data["name"], form.cleaned_data["message_id"], _content(rule)],
                create=lambda answer: services.create_series(
                    actor=actor_of(request), draft=form.draft(), rule=rule, now=clock.now(), context=context(),
                    answer=answer,
                ),
                id_of=lambda made: made.id,
            ).id  # fmt: skip

    def change(self, request: HttpRequest, obj: Series, form: Any) -> None:  # noqa: ANN401 - as above
        """Change it for the dates that are to come."""
        with acting(POINTERS):
            services.edit_series(
                actor=actor_of(request), series_id=obj.pk, changes=form.draft(), rev=form.cleaned_data["edit_version"],
                now=clock.now(), context=context(),
            )  # fmt: skip

    def remove(self, request: HttpRequest, obj: Series) -> None:
        """Delete it; messages that it made stay."""
        with acting():
            services.delete_series(actor=actor_of(request), series_id=obj.pk, rev=obj.rev, now=clock.now())

    # --- buttons -----------------------------------------------------------------------------------------------------

    def verbs(self) -> Sequence[Verb]:
        """Return what can be done to a series."""
        needs = Action.EDIT_SERIES
        return (
            Verb(
                name="pause", label=_("Pause"), needs=needs, act=self._pause,
                fits=lambda series: series.status == "active",
            ),
            Verb(
                name="resume", label=_("Resume"), needs=needs, act=self._resume,
                fits=lambda series: series.status in {"paused", "stopped"},
            ),
        )  # fmt: skip

    def _pause(self, request: HttpRequest, obj: Series) -> Any:  # noqa: ANN401 - a lazy text
        with acting():
            services.pause_series(
                actor=actor_of(request), series_id=obj.pk, rev=obj.rev, now=clock.now(), context=context()
            )
        return _("It is paused: it makes no more messages. Those that it made stay scheduled.")

    def _resume(self, request: HttpRequest, obj: Series) -> Any:  # noqa: ANN401 - as above
        with acting():
            services.resume_series(
                actor=actor_of(request), series_id=obj.pk, rev=obj.rev, now=clock.now(), context=context()
            )
        return _("It goes on. What was missed meanwhile is not made up for.")


def in_words(rule: Rule) -> str:
    """Return a rule as people say it."""
    at = time_format(rule.at, "H:i")
    match rule.frequency:
        case Frequency.WEEKLY:
            days = ", ".join(str(WEEKDAYS_ABBR[number]) for number, day in enumerate(Weekday) if day in rule.weekdays)
            text = gettext("%(days)s at %(at)s") % {"days": days, "at": at}
        case Frequency.MONTHLY:
            text = gettext("Monthly on day %(day)s at %(at)s") % {"day": rule.month_day, "at": at}
        case Frequency.DAILY:
            text = gettext("Every day at %(at)s") % {"at": at}
    return f"{text} ({rule.zone})"


def there(occurrence: Occurrence, zone: str) -> SafeString:
    """Return an occurrence as the wall of its zone shows it."""
    local = occurrence.at.astimezone(ZoneInfo(zone))
    text, offset = date_format(local, "D, j M Y, H:i"), f"{local:%z}"
    exact = f"{occurrence.at:%Y-%m-%d %H:%M} UTC"
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="quiet small">UTC{}:{}</span></time>',
        occurrence.at.isoformat(), exact, text, offset[:3], offset[3:],
    )  # fmt: skip


def _content(rule: Rule) -> str:
    parts = [rule.frequency, rule.at, rule.zone, rule.starts_on, rule.ends_on, rule.count, rule.month_day]
    return "|".join([*map(str, parts), *sorted(rule.weekdays), *sorted(map(str, rule.exceptions))])


def _offered(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the person's own messages, the newest first; one query."""
    page = list_messages(
        actor=actor_of(request), filter=MessageFilter(mine=True), cursor=None, limit=_OFFERED, now=clock.now()
    )
    return [(row.id, Truncator(row.title or " ".join(row.summary.split()) or row.id).chars(70)) for row in page.rows]
