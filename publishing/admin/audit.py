"""The audit log: read day by day, and verified where somebody asks."""

import re
from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import DeskAdmin, actor_of
from publishing.admin.facts import facts_of, marked
from publishing.admin.history import KINDS, SENTENCES, actors, address_of
from publishing.admin.marks import moment, person, short_id
from publishing.admin.pages import desk_page, failure, methods
from publishing.domain.ids import is_id
from publishing.domain.permissions import Action
from publishing.models import AuditEntry
from publishing.services.auditing import verify

#: What actions are done to, as the filter calls it.
_KINDS: Final = {
    "account": _("Accounts"), "audit": _("Audit log"), "delivery": _("Deliveries"), "dispatch": _("Stop switch"),
    "key": _("API keys"),
    "media": _("Media"), "message": _("Messages"), "parked": _("Parked records"), "series": _("Recurring"),
    "table": _("Table"), "template": _("Templates"), "hashtag_group": _("Hashtags"), "user": _("Users"),
}  # fmt: skip
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class ActionFilter(admin.SimpleListFilter):
    """Records of one action."""

    title = _("what was done")
    parameter_name = "did"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401, ARG002 - Django's signature
        """Return all actions, by what they are done to."""
        kinds = {name.partition(".")[0] for name in SENTENCES}
        return [(kind, str(_KINDS.get(kind, kind.capitalize()))) for kind in sorted(kinds)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401, ARG002 - as above
        """Keep those of the kind that was chosen."""
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else None


class AuditAdmin(DeskAdmin):
    """Who did what, to what, when. Nobody changes it."""

    view_needs = Action.READ_AUDIT
    change_list_template = "admin/publishing/auditentry/change_list.html"
    list_display = ("when", "who", "what", "to_what", "known")
    list_filter = (ActionFilter,)
    date_hierarchy = "at"
    search_fields = ("id", "actor", "target", "action")
    search_help_text = _("A user's id, what something was done to (message:…), or an action")
    actions = None
    list_per_page = 50
    fields = ("when", "who", "actor", "what", "action", "to_what", "known", "position", "hash", "prev_hash")
    readonly_fields = fields

    def looks_like_key(self, term: str) -> bool:
        """Tell whether a search can be for a record's id."""
        return is_id(term)

    def prepare_rows(self, request: HttpRequest, rows: Sequence[AuditEntry]) -> None:
        """Read what people know the actors by, at once."""
        del request
        names = actors([row.actor for row in rows])
        for row in rows:
            row.who = names[row.actor]

    @admin.display(description=_("When"), ordering="at")
    def when(self, entry: AuditEntry) -> SafeString | str:
        """Show when it was."""
        return moment(entry.at)

    @admin.display(description=_("Who"))
    def who(self, entry: AuditEntry) -> SafeString:
        """Show who it was, with the id for who needs it."""
        name = entry.who or actors([entry.actor])[entry.actor]
        return person(name, entry.actor)

    @admin.display(description=_("What"))
    def what(self, entry: AuditEntry) -> SafeString:
        """Show what was done, in words."""
        return format_html('<span title="{}">{}</span>', entry.action, SENTENCES.get(entry.action, entry.action))

    @admin.display(description=_("To what"))
    def to_what(self, entry: AuditEntry) -> SafeString:
        """Show to what, and lead there where it has a page. Something deleted since is missing there."""
        kind, _colon, identifier = entry.target.partition(":")
        address = address_of(kind, identifier)
        shown = format_html("{} {}", KINDS.get(kind, kind), short_id(identifier)) if identifier else entry.target
        if address is None:
            return format_html('<span title="{}">{}</span>', entry.target, shown)
        return format_html('<a href="{}" title="{}">{}</a>', address, entry.target, shown)

    @admin.display(description=_("Details"))
    def known(self, entry: AuditEntry) -> SafeString | str:
        """Show what else is known of it, in words."""
        return marked(facts_of(entry)) or "-"

    # --- verifying ---------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Return the stock routes, and the one that verifies."""
        view = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", view, name="publishing_auditentry_verify"), *super().get_urls()]

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Verify a day's chain and show what that came to."""
        return methods("GET")(self._verify_view)(request)

    def _verify_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            return failure(request, "not_allowed")
        day = request.GET.get("day") or f"{clock.now():%Y-%m-%d}"
        if not _DAY.fullmatch(day):
            return failure(request, "not_found")
        verdicts = verify(actor=actor_of(request), day=day)
        return desk_page(
            request, "audit", {"verdicts": verdicts, "day": day, "opts": self.opts}, title=str(_("Audit log"))
        )
