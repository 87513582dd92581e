"""The admin's site: where its history comes from, and how its cursors are signed."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from publishing.dynadmin.actions import delete_selected
from publishing.dynadmin.history import AuditSource, NoAudit, RecentActions


class DynamoAdminSite(AdminSite):
    """A site whose models are `DynamoModel`s."""

    #: Where it is kept who did what.
    audit: AuditSource = NoAudit()
    #: The key that cursors are signed with; None for Django's.
    cursor_key: str | None = None
    cursor_key_fallbacks: Sequence[str] | None = None

    def __init__(self, name: str = "admin") -> None:
        """Delete one object after another, each by its own use case."""
        super().__init__(name)
        self.disable_action("delete_selected")
        self.add_action(delete_selected, "delete_selected")

    def get_log_entries(self, request: HttpRequest) -> Any:
        """Return what was done lately."""
        return RecentActions(self.audit, request)
