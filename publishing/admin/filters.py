"""Filters that several lists have."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from publishing.admin.words import channel_name
from publishing.channels.base.registry import kinds


class ByChannel(admin.SimpleListFilter):
    """What is of one channel."""

    title = _("channel")
    parameter_name = "channel"
    #: The field that says of which one a row is, and how it does.
    lookup: ClassVar[str] = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401, ARG002 - Django's signature
        """Return all channels."""
        return [(kind, channel_name(kind)) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401, ARG002 - as above
        """Keep those of the one that was chosen."""
        return queryset.filter(**{self.lookup: self.value()}) if self.value() in kinds() else None
