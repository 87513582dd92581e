"""Users: who signed in, with which roles; keep somebody out, let them in again, end their web sessions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishing.adapters import clock
from publishing.admin.base import DeskAdmin, Verb, act_on_each, acting, actor_of
from publishing.admin.marks import badge, moment
from publishing.admin.words import ROLES
from publishing.domain.permissions import Action
from publishing.models import User
from publishing.services.signing_in import disable_user, enable_user, sign_out_everywhere


class UserAdmin(DeskAdmin):
    """Everybody who signed in once. Roles are the provider's to give."""

    view_needs = Action.MANAGE_USERS
    list_display = ("title", "email", "roles", "state", "signed_in")
    list_filter = ("status",)
    search_fields = ("id", "name", "email")
    fields = ("title", "id", "email", "roles", "roles_source", "state", "signed_in", "seen")
    readonly_fields = fields
    actions = ("disable", "enable", "end_sessions")
    show_history = True

    @admin.display(description=_("Name"), ordering="name")
    def title(self, user: User) -> SafeString:
        """Show their name."""
        return format_html("<bdi>{}</bdi>", str(user))

    @admin.display(description=_("Roles"))
    def roles(self, user: User) -> SafeString | str:
        """Show what they were given."""
        names = [(name, ROLES.get(name, name)) for name in user.role_names.split()]
        return format_html_join(" ", '<span class="badge plain badge-role-{}">{}</span>', names) or str(_("none"))

    @admin.display(description=_("Where roles come from"))
    def roles_source(self, user: User) -> str:
        """Say who gives roles."""
        del user
        return str(_("The sign-in provider's groups. They are read at each sign-in and cannot be changed here."))

    @admin.display(description=_("Status"))
    def state(self, user: User) -> SafeString:
        """Show whether they are let in."""
        return badge(user.status)

    @admin.display(description=_("Last signed in"))
    def signed_in(self, user: User) -> SafeString | str:
        """Show when they signed in last."""
        return moment(user.signed_in_at)

    @admin.display(description=_("First signed in"))
    def seen(self, user: User) -> SafeString | str:
        """Show when they signed in first."""
        return moment(user.created_at)

    # --- actions and buttons -----------------------------------------------------------------------------------------

    @admin.action(permissions=["view"], description=_("Disable"))
    def disable(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - the chosen rows
        """Keep each out."""
        self._each(request, queryset, disable_user, partial(ngettext, "%d is kept out.", "%d are kept out."))

    @admin.action(permissions=["view"], description=_("Enable"))
    def enable(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - as above
        """Let each in again."""
        self._each(request, queryset, enable_user, partial(ngettext, "%d is let in again.", "%d are let in again."))

    @admin.action(permissions=["view"], description=_("End all web sessions"))
    def end_sessions(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - as above
        """Sign each out everywhere."""
        done = partial(ngettext, "%d was signed out everywhere.", "%d were signed out everywhere.")
        self._each(request, queryset, sign_out_everywhere, done)

    def _each(
        self,
        request: HttpRequest,
        queryset: Any,  # noqa: ANN401 - as above
        act: Callable[..., object],
        done: Callable[[int], str],
    ) -> None:
        act = partial(act, actor=actor_of(request), now=clock.now())
        act_on_each(request, queryset, lambda user: act(user_id=user.pk), done=done)

    def verbs(self) -> Sequence[Verb]:
        """Return what can be done to a user."""
        needs = Action.MANAGE_USERS
        return (
            Verb(
                name="disable", label=_("Disable"), needs=needs, is_dangerous=True,
                fits=lambda user: user.status == "active", act=partial(_act, disable_user, _("The user is kept out.")),
            ),
            Verb(
                name="enable", label=_("Enable"), needs=needs, fits=lambda user: user.status == "disabled",
                act=partial(_act, enable_user, _("The user is let in again.")),
            ),
            Verb(
                name="end-sessions", label=_("End all web sessions"), needs=needs,
                act=partial(_act, sign_out_everywhere, _("The user is signed out everywhere.")),
            ),
        )  # fmt: skip


def _act(service: Callable[..., object], said: Any, request: HttpRequest, user: User) -> str | HttpResponse:  # noqa: ANN401 - a lazy text
    with acting():
        service(actor=actor_of(request), user_id=user.pk, now=clock.now())
    return str(said)
