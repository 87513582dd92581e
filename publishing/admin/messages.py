"""Messages: the list with its filters and bulk actions, and where a message's page is."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from publishing.admin.base import DeskAdmin, actor_of, badge, moment
from publishing.domain.permissions import Action, Role
from publishing.models import Message


class MessageAdmin(DeskAdmin):
    """All messages for staff, and a member's own."""

    view_needs = Action.READ_MESSAGE
    delete_needs = Action.DELETE_MESSAGE
    list_display = ("name", "state", "channel_names", "due", "user")
    list_filter = ("status",)
    date_hierarchy = "at"
    search_fields = ("id", "title", "summary")
    fields = (
        "title",
        "body",
        "link",
        "status",
        "channels",
        "scheduled_at",
        "zone",
        "user",
        "created_at",
        "updated_at",
        "rev",
    )

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - DynamoQuerySet
        """Return what the person may see."""
        found = super().get_queryset(request)
        actor = actor_of(request)
        return found if actor.has(Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN) else found.filter(user=actor.id)

    @admin.display(description="Message")
    def name(self, message: Message) -> str:
        """Show what it is called."""
        return str(message)

    @admin.display(description="Status")
    def state(self, message: Message) -> str:
        """Show its status."""
        return badge(message.status, message.get_status_display())  # type: ignore[attr-defined]  # Django makes it

    @admin.display(description="Channels")
    def channel_names(self, message: Message) -> str:
        """Show where it goes."""
        return message.channels

    @admin.display(description="Due", ordering="at")
    def due(self, message: Message) -> str:
        """Show when it is due."""
        return moment(message.scheduled_at)
