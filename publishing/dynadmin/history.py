"""History from the application's own records, in the form that the stock templates show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.admin.models import ADDITION, CHANGE, DELETION
from django.http import HttpRequest
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who did something, as templates ask for it."""

    name: str

    def get_full_name(self) -> str:
        """Return the name."""
        return ""

    def get_username(self) -> str:
        """Return the name."""
        return self.name

    def __str__(self) -> str:
        """Return the name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known of what somebody did, besides who and when."""

    name: str
    value: str
    #: Whether the value is for machines: an id, a hash, a type.
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did, as the stock templates read a LogEntry."""

    action_time: datetime
    who: str
    #: What the application knows them by, where that is something else.
    who_id: str = ""
    sentence: str
    facts: tuple[Fact, ...] = ()
    action_flag: int = CHANGE
    object_repr: str = ""
    url: str | None = None

    @property
    def user(self) -> Somebody:
        """Who did it."""
        return Somebody(self.who)

    def get_change_message(self) -> str:
        """Return what was done, with what is known of it, on one line."""
        known = ", ".join(f"{fact.name}: {fact.value}" for fact in self.facts)
        return f"{self.sentence} ({known})" if known else self.sentence

    def as_change(self, when: str) -> str:
        """Return who changed the object, when and what, as the second of two editors is told."""
        values = {"who": self.who, "when": when, "what": self.get_change_message()}
        return _("%(who)s changed this at %(when)s: %(what)s.") % values

    def get_admin_url(self) -> str | None:
        """Return where the object is shown."""
        return self.url

    @property
    def is_addition(self) -> bool:
        """Whether something was added."""
        return self.action_flag == ADDITION

    @property
    def is_change(self) -> bool:
        """Whether something was changed."""
        return self.action_flag == CHANGE

    @property
    def is_deletion(self) -> bool:
        """Whether something was deleted."""
        return self.action_flag == DELETION

    @property
    def content_type(self) -> Any:
        """Return none: the object's kind is part of the sentence."""
        return None


class AuditSource(Protocol):
    """Where the application keeps who did what."""

    def of_object(self, request: HttpRequest, obj: Any, *, limit: int) -> Sequence[Entry]:
        """Return what was done to an object, the latest first."""
        ...

    def recent(self, request: HttpRequest, *, user_id: Any, limit: int) -> Sequence[Entry]:
        """Return what was done lately, by one user or by all."""
        ...


class NoAudit:
    """The source of a site that keeps no records."""

    def of_object(self, request: HttpRequest, obj: Any, *, limit: int) -> Sequence[Entry]:
        """Return nothing."""
        return ()

    def recent(self, request: HttpRequest, *, user_id: Any, limit: int) -> Sequence[Entry]:
        """Return nothing."""
        return ()


class RecentActions:
    """Just enough of a queryset for the tag `get_admin_log`: filtered by a user, then sliced."""

    def __init__(self, source: AuditSource, request: HttpRequest, user_id: Any = None) -> None:
        """Ask the source only when it is sliced."""
        self._source, self._request, self._user_id = source, request, user_id

    def filter(self, *, user__pk: Any) -> "RecentActions":
        """Keep what one user did."""
        return RecentActions(self._source, self._request, user__pk)

    def select_related(self, *fields: str) -> "RecentActions":
        """Return itself."""
        del fields
        return self

    def __getitem__(self, window: slice) -> Sequence[Entry]:
        """Return the first so many."""
        return self._source.recent(self._request, user_id=self._user_id, limit=window.stop)
