"""Users: whoever signed in, as Django and its admin know them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from publishing.dynadmin.access import Access
from publishing.items import keys
from publishing.items.user import UserItem
from publishing.models.base import TableModel, text

if TYPE_CHECKING:
    from publishing.domain.user import User as DomainUser


STATUSES: Final = (("active", _("Active")), ("disabled", _("Disabled")))


class User(TableModel):
    """Whoever signed in, as Django and its admin know users. `request.user` is made of the session, not queried.

    What somebody may do is judged by `publishing.domain.permissions` and by nothing of Django's.
    """

    id: models.CharField[str, str] = models.CharField(_("id"), primary_key=True, max_length=128)
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200, blank=True)
    email: models.CharField[str, str] = models.CharField(_("e-mail"), max_length=320, blank=True)
    #: As the provider said at the latest sign-in, separated by spaces.
    role_names: models.CharField[str, str] = models.CharField(_("roles"), max_length=100, blank=True)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=20, choices=STATUSES)
    signed_in_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("signed in"), null=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("first seen"), null=True)
    rev: models.IntegerField[int, int] = models.IntegerField(_("revision"), null=True)

    item_class: ClassVar[Any] = UserItem
    derived: ClassVar[frozenset[str]] = frozenset({"role_names", "name", "email"})
    access_patterns = (
        # The index has neither addresses nor roles.
        Access(
            partition=keys.USER_LIST, index="GSI3", sort="name", descending=False, complete=True, token=str.casefold
        ),
    )

    recorded_as = "user"

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_anonymous = False
    is_authenticated = True
    is_active = True

    class Meta(TableModel.Meta):
        """Names."""

        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        """Return the name that people know, else the id."""
        return self.name or self.id

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        """Return the key of a user's profile."""
        return keys.user(pk), keys.PROFILE

    @classmethod
    def derive(cls, item: UserItem) -> dict[str, Any]:
        """Return what the row says in another form."""
        return {"name": text(item.name), "email": text(item.email), "role_names": " ".join(item.roles or ())}

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
