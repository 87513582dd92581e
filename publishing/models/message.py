"""Messages as the desk lists them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing.domain.message import Message as DomainMessage
from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.message import MessageItem
from publishing.models.base import TableModel, months, text
from publishing.models.user import User
from publishing.store import rows

#: Due times lie at most a year ahead.
_AHEAD: Final = 12
#: The list begins with next month, so that what is due soon is on its first page; later ones are one click away.
_FRONT: Final = 1
_NAME_LENGTH: Final = 80

STATUSES: Final = (
    ("draft", _("Draft")),
    ("in_review", _("In review")),
    ("scheduled", _("Scheduled")),
    ("publishing", _("Publishing")),
    ("cancelling", _("Cancelling")),
    ("published", _("Published")),
    ("partly_published", _("Partly published")),
    ("failed", _("Failed")),
    ("cancelled", _("Cancelled")),
    ("needs_attention", _("Needs attention")),
)


def _month_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


class Message(TableModel):
    """A message; in a list without its text, of which `summary` is the beginning."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    title: models.CharField[str, str] = models.CharField(_("title"), max_length=200, blank=True)
    summary: models.CharField[str, str] = models.CharField(_("text"), max_length=400, blank=True)
    body: models.TextField[str, str] = models.TextField(_("text"), blank=True)
    link: models.CharField[str, str] = models.CharField(_("link"), max_length=2_000, blank=True)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=20, choices=STATUSES)
    #: Kinds of the channels that it is addressed to, each once, separated by spaces.
    channels: models.CharField[str, str] = models.CharField(_("channels"), max_length=200)
    user: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.DO_NOTHING, verbose_name=_("owner"), db_constraint=False
    )
    #: Django's own name for the key of the one above.
    user_id: str
    #: Its due time, else when it was made: what lists are in the order of.
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("due"))
    scheduled_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("due"), null=True)
    zone: models.CharField[str, str] = models.CharField(_("time zone"), max_length=64, blank=True)
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    item_class: ClassVar[Any] = MessageItem
    derived: ClassVar[frozenset[str]] = frozenset({"channels", "at", "title", "link", "zone"})
    version_field = "rev"
    access_patterns = (
        # What somebody owns, the newest first.
        Access(partition="USER#{user_id}", index="GSI1", prefix="MSG#", sort="created_at"),
        Access(
            partition="MONTH#MSG#{part}", index="GSI3", sort="at", token=write_instant,
            part_of=_month_of, parts=lambda: months(ahead=_AHEAD, front=_FRONT),
        ),
    )  # fmt: skip

    recorded_as = "message"

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("message")
        verbose_name_plural = _("messages")

    def __str__(self) -> str:
        """Return its title, else how its text begins."""
        name = self.title or " ".join((self.summary or "").split())
        if not name:
            return gettext("Without text")
        return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1].rstrip()}…"

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a message's first row."""
        return keys.message(pk), keys.METADATA

    @classmethod
    def derive(cls, item: MessageItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        kinds = dict.fromkeys(target.channel for target in rows.targets(item.targets))
        return {
            "channels": " ".join(kinds),
            "at": item.scheduled_at or item.created_at,
            "title": text(item.title),
            "link": text(item.link),
            "zone": text(item.zone),
        }

    def as_domain(self) -> DomainMessage:
        """Return the message as rules judge it; only of one that was read in full."""
        return rows.message(self.item)
