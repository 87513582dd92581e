"""Series as the desk lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.domain.series import Series as DomainSeries
from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.series import SeriesItem
from publishing.models.base import TableModel, text
from publishing.models.user import User
from publishing.store.series import series_of

STATUSES: Final = (
    ("active", _("Active")), ("paused", _("Paused")), ("stopped", _("Stopped")), ("ended", _("Ended")),
)  # fmt: skip


class Series(TableModel):
    """A message that recurs."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    name: models.CharField[str, str] = models.CharField(
        _("name"), max_length=100, help_text=_("What it is called in lists, such as: Monday tip.")
    )
    message_id: models.CharField[str, str] = models.CharField(_("message"), max_length=26)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=20, choices=STATUSES)
    #: Why it stopped by itself, as a sentence; empty otherwise.
    trouble: models.CharField[str, str] = models.CharField(_("problem"), max_length=1_000, blank=True)
    user: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.DO_NOTHING, verbose_name=_("owner"), db_constraint=False
    )
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    item_class: ClassVar[Any] = SeriesItem
    derived: ClassVar[frozenset[str]] = frozenset({"trouble"})
    version_field = "rev"
    # The index has no rules.
    access_patterns = (
        Access(
            partition=keys.SERIES_LIST, index="GSI3", sort="name", descending=False, complete=True, token=str.casefold,
        ),
    )  # fmt: skip

    recorded_as = "series"

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("series")
        verbose_name_plural = _("recurring messages")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a series' row."""
        return keys.series(pk), keys.METADATA

    @classmethod
    def derive(cls, item: SeriesItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"trouble": text((item.problem or {}).get("detail"))}

    @property
    def domain(self) -> DomainSeries:
        """The series as rules see it; only of one that was read in full."""
        return series_of(self.item)
