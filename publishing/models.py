"""Unmanaged Django models: how the desk's admin sees items. Metadata, forms and permissions; nothing here writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from publishing.domain.user import User as DomainUser


class User(models.Model):
    """Whoever signed in, as Django and its admin know users. Never queried while a request is answered.

    What somebody may do is judged by `publishing.domain.permissions` and by nothing of Django's.
    """

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=128)
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200, blank=True)
    email: models.CharField[str, str] = models.CharField(_("e-mail"), max_length=320, blank=True)

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_anonymous = False
    is_authenticated = True
    is_active = True

    class Meta:
        """Nothing of it is a table of SQL."""

        managed = False
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        """Return the name that people know, else the id."""
        return self.name or self.id

    @classmethod
    def of(cls, user: DomainUser) -> User:
        """Return what Django is to know of a user."""
        found = cls(id=user.id, name=user.name, email=user.email)
        found.is_staff = bool(user.roles)
        return found

    #: Whether the desk opens: to everybody who has a role.
    is_staff: bool = False

    def get_username(self) -> str:
        """Return what identifies the user."""
        return self.id

    def get_short_name(self) -> str:
        """Return how the desk greets the user."""
        return str(self)

    def has_usable_password(self) -> bool:
        """Tell the desk not to offer a change of password: the provider has it."""
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ANN401, ARG002 - Django's signature
        """Refuse: each ModelAdmin asks `publishing.domain.permissions`."""
        return False

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        """Show an application's models to everybody whom one of its ModelAdmins lets in."""
        return self.is_staff
