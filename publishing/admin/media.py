"""Media: a plain list of what was uploaded."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.admin.base import DeskAdmin, actor_of, badge, moment
from publishing.domain.permissions import Action, Role
from publishing.models import Medium


class MediumAdmin(DeskAdmin):
    """Media for staff, and a member's own."""

    view_needs = Action.READ_MEDIUM
    list_display = ("title", "state", "media_type", "volume", "user", "uploaded")
    list_filter = ("status",)
    search_fields = ("id", "name", "alt_text")
    actions = None
    fields = ("name", "state", "media_type", "volume", "alt_text", "user", "uploaded")
    readonly_fields = ("state", "volume", "uploaded")

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - DynamoQuerySet
        """Return what the person may see."""
        found, actor = super().get_queryset(request), actor_of(request)
        is_staff = actor.has(Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)
        return found if is_staff else found.filter(user=actor.id)

    @admin.display(description=_("Name"))
    def title(self, medium: Medium) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", medium.name)

    @admin.display(description=_("Status"))
    def state(self, medium: Medium) -> SafeString:
        """Show whether it can be used."""
        return badge(medium.status, medium.get_status_display())  # type: ignore[attr-defined]  # Django makes it

    @admin.display(description=_("Size"))
    def volume(self, medium: Medium) -> str:
        """Show its size."""
        return filesizeformat(medium.size)

    @admin.display(description=_("Uploaded"), ordering="created_at")
    def uploaded(self, medium: Medium) -> SafeString | str:
        """Show when it came."""
        return moment(medium.created_at)
