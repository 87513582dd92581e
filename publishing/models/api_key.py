"""API keys as the desk lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.api_key import ApiKeyItem
from publishing.models.base import TableModel
from publishing.models.user import User


class ApiKey(TableModel):
    """An API key. Nothing of its secret, not even a hash, is a field of it."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    user: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.DO_NOTHING, verbose_name=_("owner"), db_constraint=False
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=100)
    #: What it is limited to, separated by spaces.
    scope_names: models.CharField[str, str] = models.CharField(_("scopes"), max_length=1_000)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("expires"))
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("revoked"), null=True)
    last_used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("last used"), null=True
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))

    item_class: ClassVar[Any] = ApiKeyItem
    derived: ClassVar[frozenset[str]] = frozenset({"scope_names"})
    version_field = "rev"
    access_patterns = (
        Access(partition=keys.API_KEY_LIST, index="GSI3", sort="user_id", descending=False, complete=True),
        Access(
            partition=keys.API_KEY_LIST, index="GSI3", prefix="{user_id}#", sort="id", descending=False, complete=True
        ),
    )  # fmt: skip

    recorded_as = "key"

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a key's row."""
        return keys.api_key(pk), keys.METADATA

    @classmethod
    def derive(cls, item: ApiKeyItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"scope_names": " ".join(item.scopes or ())}

    def status(self, now: datetime) -> str:
        """Return `active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else "active"
