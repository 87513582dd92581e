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


class Template(TableModel):
    """A text with variables."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    name: models.CharField[str, str] = models.CharField(
        _("name"), max_length=100, help_text=_("What it is called in the composer's list.")
    )
    title: models.CharField[str, str] = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("For channels that show one; may be empty.")
    )
    body: models.TextField[str, str] = models.TextField(
        _("text"), help_text=_("Write {{ name }} where something differs each time: letters, digits and _.")
    )
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    item_class: ClassVar[Any] = TemplateItem
    derived: ClassVar[frozenset[str]] = frozenset({"title"})
    version_field = "rev"
    # The index has no texts.
    access_patterns = (
        Access(
            partition=keys.TEMPLATE_LIST, index="GSI3", sort="name", descending=False, complete=True,
            token=str.casefold,
        ),
    )  # fmt: skip

    recorded_as = "template"

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("template")
        verbose_name_plural = _("templates")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a template's row."""
        return keys.template(pk), keys.METADATA

    @classmethod
    def derive(cls, item: TemplateItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"title": text(item.title)}


class HashtagGroup(TableModel):
    """Hashtags that go together."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    name: models.CharField[str, str] = models.CharField(
        _("name"), max_length=100, help_text=_("What it is called in the composer's list.")
    )
    #: Separated by spaces.
    tags: models.TextField[str, str] = models.TextField(
        _("hashtags"), help_text=_("Separate them by spaces or lines. The # may be left out.")
    )
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    item_class: ClassVar[Any] = HashtagGroupItem
    derived: ClassVar[frozenset[str]] = frozenset({"tags"})
    version_field = "rev"
    # The index has no hashtags.
    access_patterns = (
        Access(
            partition=keys.HASHTAG_LIST, index="GSI3", sort="name", descending=False, complete=True,
            token=str.casefold,
        ),
    )  # fmt: skip

    recorded_as = "hashtag_group"

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("hashtag group")
        verbose_name_plural = _("hashtag groups")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a group's row."""
        return keys.hashtag_group(pk), keys.METADATA

    @classmethod
    def derive(cls, item: HashtagGroupItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"tags": " ".join(item.hashtags or ())}
