"""Audit records as the desk lists them, and the history of one object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.domain.ids import begins_at, made_at
from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.records import AuditItem
from publishing.models.base import TableModel, days


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


class AuditEntry(TableModel):
    """One change by somebody: who, what, to what, when. Ids only."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("when"))
    actor: models.CharField[str, str] = models.CharField(_("who"), max_length=200)
    action: models.CharField[str, str] = models.CharField(_("what"), max_length=60)
    target: models.CharField[str, str] = models.CharField(_("to what"), max_length=200)
    position: models.IntegerField[int, int] = models.IntegerField(_("number"))
    hash: models.CharField[str, str] = models.CharField(_("hash"), max_length=64)
    prev_hash: models.CharField[str, str] = models.CharField(_("hash before"), max_length=64)

    item_class: ClassVar[Any] = AuditItem
    derived: ClassVar[frozenset[str]] = frozenset({"id"})
    access_patterns = (
        # What was done to one object; the index has the keys, and the records are read in full.
        Access(partition="AUDIT#{target}", index="GSI1", sort="id", complete=True),
        Access(partition="AUDIT#{part}", sort="at", token=begins_at, part_of=_day, parts=days),
    )

    #: What people know the actor by; put there by who shows a list.
    who: str = ""

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("audit record")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        """Return what was done."""
        return f"{self.action} {self.target}"

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a record: its id says of which day it is."""
        return keys.audit(_day(made_at(pk))), pk

    @classmethod
    def derive(cls, item: AuditItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"id": item.SK}

    @property
    def facts(self) -> Mapping[str, str | int | bool]:
        """What was recorded besides who did what, to what, when: by name."""
        return dict(self.item.facts or {})
