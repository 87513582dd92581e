"""Media as the desk lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.domain.media import Medium as DomainMedium
from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.media import MediumItem
from publishing.models.base import TableModel, text
from publishing.models.user import User
from publishing.store import rows

STATUSES = (
    ("uploading", _("Uploading")),
    ("ready", _("Ready")),
    ("refused", _("Refused")),
    ("deleted", _("Deleted")),
)


class Medium(TableModel):
    """A picture that was uploaded."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    user: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.DO_NOTHING, verbose_name=_("owner"), db_constraint=False
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=20, choices=STATUSES)
    media_type: models.CharField[str, str] = models.CharField(_("type"), max_length=100)
    size: models.IntegerField[int, int] = models.IntegerField(_("size"))
    alt_text: models.TextField[str, str] = models.TextField(_("description"), blank=True)
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("uploaded"))

    item_class: ClassVar[Any] = MediumItem
    derived: ClassVar[frozenset[str]] = frozenset({"alt_text"})
    version_field = "rev"
    access_patterns = (
        Access(partition="USER#{user_id}", index="GSI1", prefix=keys.MEDIUM_PREFIX, sort="id"),
        Access(partition=keys.MEDIA_LIST, index="GSI3", sort="created_at", token=write_instant),
    )

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("medium")
        verbose_name_plural = _("media")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a medium's row."""
        return keys.medium(pk), keys.METADATA

    @classmethod
    def derive(cls, item: MediumItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"alt_text": text(item.alt_text)}

    def as_domain(self) -> DomainMedium:
        """Return the medium as rules judge it."""
        return rows.medium(self.item)
