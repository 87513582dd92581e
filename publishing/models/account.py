"""Accounts as the desk lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.domain.account import Account as DomainAccount
from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.account import AccountItem, CredentialItem
from publishing.models.base import TableModel, text
from publishing.store import account_rows

STATUSES = (
    ("ok", _("Connected")),
    ("needs_reauth", _("Connect again")),
    ("paused", _("Paused")),
    ("blocked", _("Blocked")),
    ("disconnected", _("Disconnected")),
)


class Account(TableModel):
    """A connected account. Its credential is no part of it and is never read for the desk."""

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=26)
    channel: models.CharField[str, str] = models.CharField(_("channel"), max_length=20)
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=100)
    base_url: models.CharField[str, str] = models.CharField(_("address"), max_length=500, blank=True)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=20, choices=STATUSES)
    open_to_members: models.BooleanField[bool, bool] = models.BooleanField(_("open to members"), default=False)
    #: What is wrong with it, as a sentence; empty where nothing is known to be.
    trouble: models.CharField[str, str] = models.CharField(_("problem"), max_length=1_000, blank=True)
    #: What the latest check found: `ok`, `needs_reauth`, `problem`, `cannot_tell`; empty before the first.
    verdict: models.CharField[str, str] = models.CharField(_("health"), max_length=20, blank=True)
    finding: models.CharField[str, str] = models.CharField(_("last finding"), max_length=1_000, blank=True)
    checked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("checked"), null=True)
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("connected"))
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("changed"))

    item_class: ClassVar[Any] = AccountItem
    derived: ClassVar[frozenset[str]] = frozenset({"trouble", "verdict", "finding", "base_url"})
    version_field = "rev"
    access_patterns = (
        # The index has neither settings nor health.
        Access(partition=keys.ACCOUNT_LIST, index="GSI3", sort="channel", descending=False, complete=True),
        Access(
            partition=keys.ACCOUNT_LIST, index="GSI3", prefix="{channel}#", sort="id", descending=False, complete=True
        ),
    )  # fmt: skip

    recorded_as = "account"

    #: Until when its credential is good, where that is known; put there by `with_expiry`.
    expires_at: datetime | None = None

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of an account's row without secrets."""
        return keys.account(pk), keys.METADATA

    @classmethod
    def derive(cls, item: AccountItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        problem, health = item.problem or {}, item.health or {}
        return {
            "trouble": text(problem.get("detail")),
            "verdict": text(health.get("verdict")),
            "finding": text(health.get("detail")),
            "base_url": text(item.base_url),
        }

    @classmethod
    def with_expiry(cls, found: Sequence[Account]) -> None:
        """Note on each account until when its credential is good; one BatchGetItem, which reads no secret."""
        wanted = [(keys.account(account.id), keys.CREDENTIAL) for account in found]
        ends: dict[str, datetime | None] = {}
        with cls.reading():
            for item in CredentialItem.batch_get(wanted, attributes_to_get=["PK", "SK", "kind", "expires_at"]):
                ends[item.PK] = item.expires_at
        for account in found:
            account.expires_at = ends.get(keys.account(account.id))

    def as_domain(self) -> DomainAccount:
        """Return the account as rules judge it."""
        return account_rows.account(self.item)
