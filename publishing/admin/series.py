"""Recurring messages: when they go out next, what they made, and the buttons that pause and resume them."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import Verb, acting, actor_of
from publishing.admin.marks import badge
from publishing.admin.once import create_once
from publishing.admin.pages import failure
from publishing.admin.sentences import say
from publishing.admin.series_form import POINTERS, SeriesForm
from publishing.admin.series_panel import beginning, repeats_of, times_of, what_changes_do
from publishing.admin.series_preview import NEXT, preview, preview_texts
from publishing.admin.series_words import in_words, there
from publishing.admin.staying import StayingAdmin
from publishing.domain.draft import MessageFilter
from publishing.domain.permissions import Action
from publishing.domain.series import Rule
from publishing.domain.series import Series as DomainSeries
from publishing.models import Series
from publishing.services import series as services
from publishing.services.configured import context
from publishing.services.foreseeing import Repeated, describe_series
from publishing.services.queries import list_messages

_OFFERED: Final = 50


class SeriesAdmin(StayingAdmin):
    """Series."""

    view_needs = Action.READ_SERIES
    add_needs = change_needs = delete_needs = Action.EDIT_SERIES
    form = SeriesForm
    delete_leaves = _("Messages that it made stay as they are; those that are scheduled still go out.")
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
            trouble = ("trouble_said",) if obj.trouble else ()
            return [(None, {"fields": ("name", "rule", "state", *trouble, "user")})]
        return [
            (None, {"fields": ("name", "message_id", "edit_version", "once")}),
            (_("When"), {"fields": ("frequency", "weekdays", "month_day", ("at", "zone"))}),
            (_("From when to when"), {"fields": ("starts_on", "ends_on", "count", "exceptions")}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """Return the form with the person's own messages to choose from."""
        form = super().get_form(request, obj, change=change, **options)
        if obj is None or self.has_change_permission(request, obj):
            form.offered = _offered(request, obj)
            form.own_zone = timezone.get_current_timezone_name()
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with the message that the way here names, by the clock that it has already."""
        message_id = request.GET.get("message", "")[:26]
        return {"message_id": message_id, **beginning(_repeated(request, message_id).message)}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **options: Any,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Show beside the form of a new one what it repeats."""
        if options.get("obj") is None:
            message_id = request.POST.get("message_id", request.GET.get("message", ""))[:26]
            context |= repeats_of(_repeated(request, message_id), message_id=message_id)
        context |= {"preview_address": reverse("admin:publishing_series_preview"), "preview_texts": preview_texts()}
        return super().render_change_form(request, context, *args, **options)

    def beside(self, request: HttpRequest, obj: Series) -> dict[str, Any]:
        """Return when it goes out next, in its zone, what it repeats, and the messages that it made."""
        domain, now = obj.domain, clock.now()
        repeated = _repeated(request, obj.message_id, domain)
        upcoming = [*islice(domain.upcoming(now), NEXT)]
        return {
            "series": obj,
            "made": repeated.made,
            "what_changes_do": what_changes_do(domain, now),
            **times_of(domain.rule, upcoming, repeated),
            **repeats_of(repeated, message_id=obj.message_id),
        }

    # --- the preview -------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Return the stock routes, and the preview's."""
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name="publishing_series_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the next times of the rule that is typed just now; nothing is written."""
        if not self.has_add_permission(request):
            return failure(request, "not_allowed")
        return failure(request, "method") if request.method != "POST" else preview(request)

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
                fits=lambda series: series.status in {"paused", "stopped", "ended"} and _has_more(series),
            ),
            Verb(
                name="end", label=_("End"), needs=needs, act=self._end, is_dangerous=True,
                fits=lambda series: series.status != "ended",
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

    def _end(self, request: HttpRequest, obj: Series) -> Any:  # noqa: ANN401 - as above
        with acting():
            services.end_series(
                actor=actor_of(request), series_id=obj.pk, rev=obj.rev, now=clock.now(), context=context()
            )
        return _("It has ended: it makes no more messages. Those that it made stay scheduled; cancel them one by one.")


def _has_more(series: Series) -> bool:
    return next(series.domain.upcoming(clock.now()), None) is not None


def _content(rule: Rule) -> str:
    parts = [rule.frequency, rule.at, rule.zone, rule.starts_on, rule.ends_on, rule.count, rule.month_day]
    return "|".join([*map(str, parts), *sorted(rule.weekdays), *sorted(map(str, rule.exceptions))])


def _repeated(request: HttpRequest, message_id: str, series: DomainSeries | None = None) -> Repeated:
    """Return what is known of a message and of what a series made of it, read once for each request."""
    known: dict[str, Repeated] = request.__dict__.setdefault("_repeated", {})
    if message_id not in known:
        known[message_id] = describe_series(
            actor=actor_of(request), message_id=message_id, series=series, now=clock.now()
        )
    return known[message_id]


def _offered(request: HttpRequest, obj: Series | None) -> list[tuple[str, str]]:
    """Return the person's own messages, the newest first, and the one that is repeated; one query."""
    page = list_messages(
        actor=actor_of(request), filter=MessageFilter(mine=True), cursor=None, limit=_OFFERED, now=clock.now()
    )
    found = {row.id: _short(row.title or row.summary) or row.id for row in page.rows}
    present = obj.message_id if obj else request.GET.get("message", "")[:26]
    message = _repeated(request, present, obj.domain if obj else None).message if present else None
    if message is not None:
        found = {message.id: _short(message.title or message.text) or message.id} | found
    return [*found.items()]


def _short(text: str) -> str:
    return str(Truncator(" ".join(text.split())).chars(70))
