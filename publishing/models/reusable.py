"""Templates and groups of hashtags as the desk lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.template import HashtagGroupItem, TemplateItem
from publishing.models.base import TableModel, text


class Reusable(TableModel):
    """What staff uses again, listed by name."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    name: models.CharField[str, str] = models.CharField(
        _("name"), max_length=100, help_text=_("What it is called in the composer's list.")
    )
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    version_field = "rev"

    class Meta(TableModel.Meta):
        """Each kind has a list of its own."""

        abstract = True

    def __str__(self) -> str:
        """Return its name."""
        return self.name


def _by_name(partition: str) -> tuple[Access]:
    """Return how a kind is listed. The index has no texts."""
    return (
        Access(partition=partition, index="GSI3", sort="name", descending=False, complete=True, token=str.casefold),
    )


class Template(Reusable):
    """A text with variables."""

    title: models.CharField[str, str] = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("For channels that show one; may be empty.")
    )
    body: models.TextField[str, str] = models.TextField(
        _("text"), help_text=_("Write {{ name }} where something differs each time: letters, digits and _.")
    )

    item_class: ClassVar[Any] = TemplateItem
    derived: ClassVar[frozenset[str]] = frozenset({"title"})
    access_patterns = _by_name(keys.TEMPLATE_LIST)
    recorded_as = "template"

    class Meta(Reusable.Meta):
        """Names."""

        abstract = False
        verbose_name = _("template")
        verbose_name_plural = _("templates")

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a template's row."""
        return keys.template(pk), keys.METADATA

    @classmethod
    def derive(cls, item: TemplateItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"title": text(item.title)}


class HashtagGroup(Reusable):
    """Hashtags that go together."""

    #: Separated by spaces.
    tags: models.TextField[str, str] = models.TextField(
        _("hashtags"), help_text=_("Separate them by spaces or lines. The # may be left out.")
    )

    item_class: ClassVar[Any] = HashtagGroupItem
    derived: ClassVar[frozenset[str]] = frozenset({"tags"})
    access_patterns = _by_name(keys.HASHTAG_LIST)
    recorded_as = "hashtag_group"

    class Meta(Reusable.Meta):
        """Names."""

        abstract = False
        verbose_name = _("hashtag group")
        verbose_name_plural = _("hashtag groups")

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a group's row."""
        return keys.hashtag_group(pk), keys.METADATA

    @classmethod
    def derive(cls, item: HashtagGroupItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"tags": " ".join(item.hashtags or ())}
