"""Accounts: their health, connecting and changing them, and the switch that stops all dispatch."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.account_forms import field_names, form_for, pointers
from publishing.admin.base import DeskAdmin, Verb, acting, actor_of
from publishing.admin.filters import ByChannel
from publishing.admin.marks import badge, channel_mark, moment
from publishing.admin.once import create_once
from publishing.admin.pages import desk_page, failure, methods
from publishing.admin.sentences import say
from publishing.admin.words import channel_name
from publishing.channels.base.registry import get_channel, kinds
from publishing.domain.draft import AccountChanges
from publishing.domain.permissions import Action
from publishing.models import Account
from publishing.services.blocking import unblock_account
from publishing.services.configured import context
from publishing.services.connecting import change_account, check_account, connect_account, disconnect_account
from publishing.services.halting import set_stop_switch
from publishing.services.queries import is_dispatch_stopped

#: Credentials that end within this time are pointed out.
_SOON: Final = timedelta(days=7)
_VERDICTS: Final = {
    "ok": _("Works"),
    "needs_reauth": _("Credential refused"),
    "problem": _("Problem"),
    "cannot_tell": _("Cannot tell"),
}


class AccountChannelFilter(ByChannel):
    """Accounts of one channel."""

    parameter_name = "of"


class AccountAdmin(DeskAdmin):
    """Connected accounts."""

    view_needs = Action.SEE_ACCOUNT
    add_needs = change_needs = delete_needs = Action.MANAGE_ACCOUNTS
    change_list_template = "admin/publishing/account/change_list.html"
    delete_confirmation_template = "admin/publishing/account/delete_confirmation.html"
    list_display = ("title", "channel_shown", "state", "health", "credential_ends", "checked", "open_to_members")
    list_filter = ("status", AccountChannelFilter)
    search_fields = ("name", "base_url")
    empty_says = _("Connect an account: messages then can be published to it.")
    actions = None
    readonly_fields = ("channel_shown", "state", "trouble_said", "health", "finding_said", "checked", "credential_ends")

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - DynamoQuerySet
        """Return what the person may see: members those that were opened to them."""
        found = super().get_queryset(request)
        sees_all = self.is_allowed(request, Action.SEE_ACCOUNT, None) and actor_of(request).roles - {"member"}
        return found if sees_all else found.filter(open_to_members=True)

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Account]) -> None:
        """Read until when credentials are good."""
        super().prepare_rows(request, rows)
        Account.with_expiry(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:  # noqa: ANN401 - an instance
        """Return an account, with until when its credential is good."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "GET":
            Account.with_expiry([found])
        return found

    # --- columns -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("Account"))
    def title(self, account: Account) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", account.name)

    @admin.display(description=_("Channel"), ordering="channel")
    def channel_shown(self, account: Account) -> SafeString | str:
        """Show its channel."""
        return format_html(
            '<span class="channels">{}</span>{}', channel_mark(account.channel), channel_name(account.channel)
        )

    @admin.display(description=_("Status"))
    def state(self, account: Account) -> SafeString:
        """Show its status, with what is wrong."""
        return format_html(
            '<span title="{}">{}</span>', say(account.trouble),
            badge(account.status),
        )  # fmt: skip

    @admin.display(description=_("problem"))
    def trouble_said(self, account: Account) -> str:
        """Say what is wrong with it."""
        return say(account.trouble)

    @admin.display(description=_("last finding"))
    def finding_said(self, account: Account) -> str:
        """Say what the latest check found."""
        return say(account.finding)

    @admin.display(description=_("Health"))
    def health(self, account: Account) -> SafeString | str:
        """Show what the latest check found."""
        if not account.verdict:
            return str(_("Not checked yet"))
        text = _VERDICTS.get(account.verdict, account.verdict)
        return format_html('<span class="health health-{}">{}</span>', account.verdict, text)

    @admin.display(description=_("Credential ends"))
    def credential_ends(self, account: Account) -> SafeString | str:
        """Show until when the credential is good, where that is known."""
        ends = account.expires_at
        if ends is None or ends - clock.now() > _SOON:
            return moment(ends)
        return format_html('<strong class="ends-soon">{}</strong>', moment(ends))

    @admin.display(description=_("Checked"))
    def checked(self, account: Account) -> SafeString | str:
        """Show when it was checked."""
        return moment(account.checked_at)

    # --- connecting and changing -------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's signature
        """Return what the channel asks for, and what is known of the account."""
        if obj is None:
            return self._carrying([(None, {"fields": field_names(request.GET["channel"])})])
        known = ("channel_shown", "state", "trouble_said", "health", "finding_said", "checked", "credential_ends")
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ("name", "base_url", "open_to_members", *known)})]
        return self._carrying([(None, {"fields": field_names(obj.channel)}), (_("Condition"), {"fields": known})])

    @staticmethod
    def _carrying(fieldsets: list[tuple[Any, dict[str, Any]]]) -> list[tuple[Any, dict[str, Any]]]:
        fieldsets[0][1]["fields"] = [*fieldsets[0][1]["fields"], "edit_version", "once"]
        return fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """Return the form of the account's channel."""
        kind = request.GET["channel"] if obj is None else obj.channel
        if obj is None or self.has_change_permission(request, obj):
            options["form"] = form_for(kind, is_new=obj is None)
        return super().get_form(request, obj, change=change, **options)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ANN401 - as above
        """Ask for the channel first, then for what it needs."""
        if not self.has_add_permission(request):
            return failure(request, "not_allowed")
        kind = request.GET.get("channel", "")
        if kind not in kinds():
            every = [get_channel(each).capabilities for each in kinds()]
            return desk_page(
                request, "account_channel", {"channels": every, "opts": self.opts}, title=str(_("Connect an account"))
            )
        title = _("Connect an account on %(channel)s") % {"channel": channel_name(kind)}
        values = {"title": title, "show_save_and_add_another": False, **(extra_context or {})}
        return super().add_view(request, form_url, values)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Show one account; another one begins with the choice of its channel."""
        values = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, values)

    def create(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - an AccountForm
        """Connect the account, once."""
        draft = form.draft()
        with acting(pointers(draft.channel)):
            return create_once(
                actor=actor_of(request),
                token=form.cleaned_data.get("once", ""),
                content=form.content(),
                create=lambda answer: connect_account(
                    actor=actor_of(request), draft=draft, now=clock.now(), context=context(), answer=answer
                ),
                id_of=lambda account: account.id,
            ).id

    def change(self, request: HttpRequest, obj: Account, form: Any) -> None:  # noqa: ANN401 - an AccountForm
        """Change what differs."""
        self._change(request, obj, form.changes(), rev=form.cleaned_data["edit_version"])

    def _change(self, request: HttpRequest, obj: Account, changes: AccountChanges, *, rev: int) -> None:
        with acting(pointers(obj.channel)):
            change_account(
                actor=actor_of(request), account_id=obj.pk, changes=changes, rev=rev, now=clock.now(), context=context()
            )  # fmt: skip

    def remove(self, request: HttpRequest, obj: Account) -> None:
        """Disconnect the account; its row stays for what was published."""
        with acting():
            disconnect_account(
                actor=actor_of(request), account_id=obj.pk, rev=obj.rev, now=clock.now(), context=context()
            )  # fmt: skip

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Say that it was disconnected, and show the list."""
        del obj_id
        messages.success(request, _("%(name)s was disconnected.") % {"name": obj_display})
        return HttpResponseRedirect(reverse("admin:publishing_account_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with the way to the stop switch for who may use it."""
        may_stop = self.is_allowed(request, Action.STOP_DISPATCH, None)
        return super().changelist_view(request, {"may_stop": may_stop, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - an instance
        """Tell whether it can be disconnected: it is not yet, and the person may."""
        is_connected = obj is None or obj.status != "disconnected"
        return is_connected and super().has_delete_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - as above
        """Tell whether it can be changed: it is connected, and the person may."""
        is_connected = obj is None or (obj.status != "disconnected" and obj.channel in kinds())
        return is_connected and super().has_change_permission(request, obj)

    # --- buttons -----------------------------------------------------------------------------------------------------

    def verbs(self) -> Sequence[Verb]:
        """Return what can be done to an account."""
        manage = Action.MANAGE_ACCOUNTS
        return (
            Verb(
                name="check", label=_("Check now"), act=self._check, needs=manage,
                fits=lambda account: account.status != "disconnected",
            ),
            Verb(
                name="pause", label=_("Pause"), act=self._pause, needs=manage,
                fits=lambda account: account.status in {"ok", "needs_reauth"},
            ),
            Verb(
                name="resume", label=_("Use again"), act=self._resume, needs=manage,
                fits=lambda account: account.status == "paused",
            ),
            Verb(
                name="unblock", label=_("Lift the block"), act=self._unblock, needs=manage,
                fits=lambda account: account.status == "blocked",
            ),
        )  # fmt: skip

    def _check(self, request: HttpRequest, obj: Account) -> Any:  # noqa: ANN401 - a lazy text
        with acting():
            check_account(actor=actor_of(request), account_id=obj.pk, now=clock.now(), context=context())
        return _("The check was asked for. Load the page again in a few seconds to see what it found.")

    def _pause(self, request: HttpRequest, obj: Account) -> Any:  # noqa: ANN401 - as above
        self._change(request, obj, AccountChanges(is_paused=True), rev=obj.rev)
        return _("The account is paused: nothing goes out to it until it is used again.")

    def _resume(self, request: HttpRequest, obj: Account) -> Any:  # noqa: ANN401 - as above
        self._change(request, obj, AccountChanges(is_paused=False), rev=obj.rev)
        return _("The account is used again.")

    def _unblock(self, request: HttpRequest, obj: Account) -> Any:  # noqa: ANN401 - as above
        with acting():
            unblock_account(actor=actor_of(request), account_id=obj.pk, now=clock.now())
        return _("The block is lifted.")

    # --- the stop switch ---------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Return the stock routes, and the stop switch's."""
        return [path("stop/", self.admin_site.admin_view(self.stop_view), name="desk-stop"), *super().get_urls()]

    def stop_view(self, request: HttpRequest) -> HttpResponse:
        """Show whether dispatch is stopped; stop it or let it go on once that was confirmed."""
        return methods("GET", "POST")(self._stop_view)(request)

    def _stop_view(self, request: HttpRequest) -> HttpResponse:
        if not self.is_allowed(request, Action.STOP_DISPATCH, None):
            return failure(request, "not_allowed")
        problem = ""
        if request.method == "POST":
            is_on = request.POST.get("switch") == "stop"
            if request.POST.get("sure") == "yes":
                set_stop_switch(actor=actor_of(request), is_on=is_on, now=clock.now())
                text = _("All dispatch is stopped.") if is_on else _("Dispatch goes on.")
                messages.success(request, str(text))
                return HttpResponseRedirect(reverse("admin:desk-stop"))
            problem = str(_("Tick the box to confirm it."))
        values = {"is_stopped": is_dispatch_stopped(), "problem": problem, "opts": self.opts}
        return desk_page(request, "stop", values, title=str(_("Stop switch")), status=400 if problem else 200)
