"""The desk's navigation: which pages there are, under which heading, for whom."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from publishing.domain.permissions import Action, Allowed, may


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page that the navigation leads to."""

    #: Name of the route.
    route: str
    label: str | Promise
    #: Name of a symbol of `icons.svg`.
    icon: str
    #: What somebody must be allowed to do, to see it; None for everybody.
    needs: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as one page shows it."""

    address: str
    label: str | Promise
    icon: str
    is_here: bool


GROUPS: Final[tuple[tuple[str | Promise, tuple[Entry, ...]], ...]] = (
    ("", (Entry(route="desk", label=_("Dashboard"), icon="home"),)),
    (
        pgettext_lazy("section", "Publishing"),
        (
            Entry(route="admin:publishing_message_changelist", label=_("Messages"), icon="message"),
            Entry(route="desk-calendar", label=_("Calendar"), icon="calendar"),
            Entry(
                route="admin:publishing_series_changelist", label=_("Recurring"), icon="repeat",
                needs=Action.READ_SERIES,
            ),
            Entry(
                route="admin:publishing_template_changelist", label=_("Templates"), icon="template",
                needs=Action.READ_TEMPLATE,
            ),
            Entry(
                route="admin:publishing_hashtaggroup_changelist", label=_("Hashtags"), icon="hash",
                needs=Action.READ_TEMPLATE,
            ),
            Entry(route="desk-media", label=_("Media"), icon="image"),
        ),
    ),
    (
        _("Administration"),
        (
            Entry(route="admin:publishing_account_changelist", label=_("Accounts"), icon="plug"),
            Entry(route="admin:publishing_user_changelist", label=_("Users"), icon="users", needs=Action.MANAGE_USERS),
            Entry(
                route="admin:publishing_apikey_changelist", label=_("API keys"), icon="key", needs=Action.MANAGE_KEYS,
            ),
            Entry(
                route="admin:publishing_auditentry_changelist", label=_("Audit log"), icon="shield",
                needs=Action.READ_AUDIT,
            ),
        ),
    ),
)  # fmt: skip


def navigation(request: HttpRequest, site: str) -> list[tuple[str | Promise, list[Link]]]:
    """Return the groups of links that the signed-in person is offered. A page that does not exist is left out."""
    del site  # one site
    groups = []
    for heading, entries in GROUPS:
        links = [link for entry in entries if (link := _link(request, entry)) is not None]
        if links:
            groups.append((heading, links))
    return groups


def _link(request: HttpRequest, entry: Entry) -> Link | None:
    actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    if entry.needs is not None and not isinstance(may(actor, entry.needs), Allowed):
        return None
    try:
        address = reverse(entry.route)
    except NoReverseMatch:
        return None
    here = request.path == address or (entry.route != "desk" and request.path.startswith(address))
    return Link(address=address, label=entry.label, icon=entry.icon, is_here=here)
