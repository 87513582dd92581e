"""Messages: the list with its filters and bulk actions, and where a message's page is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishing.adapters import clock
from publishing.admin.approving import approve_chosen
from publishing.admin.base import DeskAdmin, act_on_each, acting, actor_of
from publishing.admin.export import messages_as_csv
from publishing.admin.filters import ByChannel
from publishing.admin.marks import badge, channel, moment, person
from publishing.admin.once import create_once
from publishing.admin.pages import failure
from publishing.domain.delivery import DeliveryState
from publishing.domain.ids import is_id
from publishing.domain.message import EDITABLE, MessageStatus
from publishing.domain.permissions import Action, Role
from publishing.dynadmin.errors import RefusedError
from publishing.models import Message, User
from publishing.services.configured import context
from publishing.services.duplicating import duplicate_message
from publishing.services.queries import get_message
from publishing.services.scheduling import delete_message, publish_message
from publishing.services.settling import cancel_message, retry_delivery

_STAFF = (Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)


class ChannelFilter(ByChannel):
    """Messages to one channel."""

    lookup = "channels__contains"


class MineFilter(admin.SimpleListFilter):
    """One's own messages."""

    title = _("owner")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]] | None:  # noqa: ANN401, ARG002 - as above
        """Offer it to who sees those of others."""
        return [("1", str(_("Mine")))] if actor_of(request).has(*_STAFF) else None

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401 - Django's signature
        """Keep the person's own."""
        return queryset.filter(user=actor_of(request).id) if self.value() == "1" else None


class MessageAdmin(DeskAdmin):
    """All messages for staff, and a member's own."""

    view_needs = Action.READ_MESSAGE
    delete_needs = Action.DELETE_MESSAGE
    change_list_template = "admin/publishing/message/change_list.html"
    list_display = ("name", "state", "channel_names", "due", "owner")
    list_display_links = ("name",)
    list_filter = ("status", ChannelFilter, MineFilter)
    date_hierarchy = "at"
    search_fields = ("id", "title", "summary")
    search_help_text = _("Title, how the text begins, or the whole id")
    empty_says = _("Write a message, choose its accounts and when it goes out. Drafts wait here too.")
    fields = (
        "title", "body", "link", "status", "channels", "scheduled_at", "zone", "user", "created_at", "updated_at",
    )  # fmt: skip
    actions = ("publish_now", "approve", "cancel", "retry_failed", "duplicate", "export_selected")

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - DynamoQuerySet
        """Return what the person may see."""
        found = super().get_queryset(request)
        actor = actor_of(request)
        return found if actor.has(*_STAFF) else found.filter(user=actor.id)

    def looks_like_key(self, term: str) -> bool:
        """Tell whether a search can be for an id."""
        return is_id(term)

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Message]) -> None:
        """Read the owners, at once. Who never opened the desk is known by an id alone."""
        del request
        with User.reading():
            known = {user.pk: user for user in User.read(sorted({row.user_id for row in rows if row.user_id}))}
        for row in rows:
            row.user = known.get(row.user_id) or User(id=row.user_id)

    # --- columns -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("Message"))
    def name(self, message: Message) -> SafeString:
        """Show what it is called, in whichever direction it is written."""
        return format_html('<bdi class="message-name">{}</bdi>', str(message))

    @admin.display(description=_("Status"))
    def state(self, message: Message) -> SafeString:
        """Show its status."""
        return badge(message.status)

    @admin.display(description=_("Channels"))
    def channel_names(self, message: Message) -> SafeString | str:
        """Show where it goes."""
        marks = format_html_join("", "{}", [(channel(kind),) for kind in message.channels.split()])
        return format_html('<span class="channels">{}</span>', marks) if marks else "-"

    @admin.display(description=_("Due"), ordering="at")
    def due(self, message: Message) -> SafeString | str:
        """Show when it is due."""
        return moment(message.scheduled_at)

    @admin.display(description=_("Owner"))
    def owner(self, message: Message) -> SafeString | str:
        """Show whose it is."""
        return person(str(message.user), message.user_id) if message.user_id else "-"

    # --- where a message is shown ------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may write one; the composer is where one does."""
        return _route("desk-compose") is not None and self.is_allowed(request, Action.CREATE_MESSAGE, None)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ANN401 - Django's signature
        """Lead to the composer."""
        address = _route("desk-compose")
        return super().add_view(request, form_url, extra_context) if address is None else HttpResponseRedirect(address)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Lead to the composer while the message can be edited, else to its page; show it here where neither exists."""
        found = self.get_object(request, object_id)
        if found is not None and request.method == "GET":
            is_editable = MessageStatus(found.status) in EDITABLE and self.is_allowed(
                request, Action.EDIT_MESSAGE, found
            )
            address = (_route("desk-compose-message", found.pk) if is_editable else None) or _route(
                "desk-message", found.pk
            )
            if address is not None:
                return HttpResponseRedirect(address)
        return super().change_view(request, object_id, form_url, extra_context)

    # --- what can be done to many ------------------------------------------------------------------------------------

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may do anything to messages."""
        return self.is_allowed(request, Action.CREATE_MESSAGE, None)

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may approve anything."""
        return context().review.is_on and self.is_allowed(request, Action.REVIEW_MESSAGE, None)

    @admin.action(permissions=["edit"], description=_("Publish now"))
    def publish_now(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - the chosen rows
        """Schedule each for now."""
        self._each(request, queryset, publish_message, partial(ngettext, "%d goes out now.", "%d go out now."))

    @admin.action(permissions=["review"], description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:  # noqa: ANN401 - as above
        """Show what each says first; then approve each just as it was shown."""
        return approve_chosen(request, list(queryset))

    @admin.action(permissions=["edit"], description=_("Cancel"))
    def cancel(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - as above
        """Stop each where it can be stopped."""
        self._each(request, queryset, cancel_message, partial(ngettext, "%d was cancelled.", "%d were cancelled."))

    @admin.action(permissions=["edit"], description=_("Retry what failed"))
    def retry_failed(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - as above
        """Start the failed deliveries of each anew."""
        self._each(request, queryset, _retry, partial(ngettext, "%d is tried again.", "%d are tried again."))

    @admin.action(permissions=["edit"], description=_("Duplicate"))
    def duplicate(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401 - as above
        """Copy each as a draft; the same form sent twice copies once."""
        token = request.POST.get("once", "")[:64]
        done = partial(ngettext, "%d copy was made; it is a draft.", "%d copies were made; they are drafts.")
        self._each(request, queryset, partial(_duplicate, token=token), done)

    def _each(
        self,
        request: HttpRequest,
        queryset: Any,  # noqa: ANN401 - as above
        act: Callable[..., object],
        done: Callable[[int], str],
    ) -> None:
        act = partial(act, actor=actor_of(request), now=clock.now(), context=context())
        act_on_each(request, queryset, lambda message: act(message_id=message.pk), done=done)

    @admin.action(permissions=["view"], description=_("Export as CSV"))
    def export_selected(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:  # noqa: ANN401 - as above
        """Send the chosen ones as a file."""
        del request
        return messages_as_csv(iter(list(queryset)), now=clock.now())

    def get_urls(self) -> list[Any]:
        """Return the stock routes, and the export's."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="publishing_message_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Send the list, filtered as it is, as a file; it says where it ends before the list does."""
        if not self.has_view_permission(request):
            return failure(request, "not_allowed")
        try:
            found: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{reverse('admin:publishing_message_changelist')}?e=1")
        return messages_as_csv(found.export(), now=clock.now())

    def remove(self, request: HttpRequest, obj: Message) -> None:
        """Delete a message of which nothing was sent."""
        with acting():
            delete_message(
                actor=actor_of(request), message_id=obj.pk, rev=obj.rev, now=clock.now(), context=context()
            )  # fmt: skip

    def dependants(self, request: HttpRequest, obj: Message) -> Sequence[str]:
        """Name the deliveries that go with it."""
        del request
        return [str(_("Delivery to %s") % kind) for kind in obj.channels.split()]


def _route(name: str, *arguments: str) -> str | None:
    """Return the address of a page of the desk; None where there is none of that name."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return None


def _retry(*, actor: Any, message_id: str, now: datetime, context: Any) -> None:  # noqa: ANN401 - as `_each` calls it
    found = get_message(actor=actor, message_id=message_id)
    failed = [delivery.id for delivery in found.deliveries if delivery.state is DeliveryState.FAILED]
    if not failed:
        raise RefusedError.because(str(_("No delivery of it failed.")))
    for delivery_id in failed:
        retry_delivery(actor=actor, message_id=message_id, delivery_id=delivery_id, now=now, context=context)


def _duplicate(*, actor: Any, message_id: str, now: datetime, context: Any, token: str) -> None:  # noqa: ANN401 - as above
    create_once(
        actor=actor,
        token=f"{token}:{message_id}" if token else "",
        content=("duplicate", message_id),
        create=lambda answer: duplicate_message(
            actor=actor, message_id=message_id, now=now, context=context, answer=answer
        ),
        id_of=lambda made: made.result.message.id,
    )
