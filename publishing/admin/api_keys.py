"""API keys: one's own, and all of them for administrators. A secret is shown once, on the page that made it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import DeskAdmin, Verb, acting, actor_of
from publishing.admin.marks import badge, moment
from publishing.admin.once import create_once
from publishing.admin.pages import desk_page
from publishing.admin.words import ACTIONS, action_name
from publishing.domain.api_key import LIFETIME, LIFETIME_LIMIT, OVERLAP_LIMIT, ApiKeyDraft, NewApiKey
from publishing.domain.limits import KEY_CREATION
from publishing.domain.permissions import Action, Role
from publishing.domain.roles import SCOPES
from publishing.dynadmin.forms import DynamoForm
from publishing.models import ApiKey
from publishing.services import limits
from publishing.services.api_keys import create_key, revoke_key, rotate_key

_SCOPES: Final = [(scope.value, ACTIONS.get(scope, scope.value)) for scope in sorted(SCOPES)]


class ApiKeyForm(DynamoForm):
    """What a new key is to be good for."""

    scopes = forms.MultipleChoiceField(
        label=_("May do"), choices=_SCOPES, widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose as little as the program needs. It never may more than you."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Good for days"), min_value=1, max_value=LIFETIME_LIMIT.days, initial=LIFETIME.days,
    )  # fmt: skip

    def draft(self, now: Any) -> ApiKeyDraft:  # noqa: ANN401 - a datetime
        """Return the key that is wanted."""
        data = self.cleaned_data
        scopes = frozenset(Action(name) for name in data["scopes"])
        return ApiKeyDraft(name=data["name"], scopes=scopes, expires_at=now + timedelta(days=data["days"]))


class ApiKeyAdmin(DeskAdmin):
    """API keys."""

    view_needs = add_needs = Action.MANAGE_KEYS
    form = ApiKeyForm
    list_display = ("title", "user", "state", "expires", "used")
    search_fields = ("id", "name")
    empty_says = _("A key lets a program of yours use the API, with no more rights than you have.")
    actions = None
    readonly_fields = ("title", "state", "scope_list", "expires", "used", "made")

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - DynamoQuerySet
        """Return one's own keys, and all of them for administrators."""
        found, actor = super().get_queryset(request), actor_of(request)
        return found if actor.has(Role.ADMIN) else found.filter(user=actor.id)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's signature
        """Return what is asked for, or what is known."""
        del request
        if obj is None:
            return [(None, {"fields": ("name", "scopes", "days", "edit_version", "once")})]
        return [(None, {"fields": ("title", "id", "user", "state", "scope_list", "expires", "used", "made")})]

    # --- columns -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("Name"))
    def title(self, key: ApiKey) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", key.name)

    @admin.display(description=_("Status"))
    def state(self, key: ApiKey) -> SafeString:
        """Show whether it is good for anything."""
        return badge(key.status(clock.now()))

    @admin.display(description=_("May do"))
    def scope_list(self, key: ApiKey) -> str:
        """Show what it is limited to."""
        return ", ".join(action_name(Action(name)) for name in key.scope_names.split())

    @admin.display(description=_("Expires"))
    def expires(self, key: ApiKey) -> SafeString | str:
        """Show until when it is good."""
        return moment(key.expires_at)

    @admin.display(description=_("Last used"))
    def used(self, key: ApiKey) -> SafeString | str:
        """Show when it was used last."""
        return moment(key.last_used_at) if key.last_used_at else str(_("never"))

    @admin.display(description=_("Made"))
    def made(self, key: ApiKey) -> SafeString | str:
        """Show when it was made."""
        return moment(key.created_at)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ANN401 - Django's signature
        """Ask what the key is to be good for; the page after it shows the secret, so there is one way to go on."""
        values = {"show_save_and_add_another": False, "show_save_and_continue": False, **(extra_context or {})}
        return super().add_view(request, form_url, values)

    # --- making, rotating, revoking ----------------------------------------------------------------------------------

    def create(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - an ApiKeyForm
        """Make the key, once; remember its secret until it is shown."""
        now, actor = clock.now(), actor_of(request)
        draft = form.draft(now)
        known: list[NewApiKey] = []

        def make(answer: Any) -> NewApiKey:  # noqa: ANN401 - what builds the kept answer, from the id alone
            known.append(create_key(actor=actor, draft=draft, now=now, answer=answer))
            return known[0]

        content = [draft.name, str(form.cleaned_data["days"]), *sorted(draft.scopes)]
        with acting({"/expires_at": "days"}):
            limits.spend(KEY_CREATION, actor.id, now=now)
            outcome = create_once(
                actor=actor, token=form.cleaned_data.get("once", ""), content=content, create=make,
                id_of=lambda new: new.key.id,
            )  # fmt: skip
        request._new_api_key = None if outcome.is_repeated else known[0]  # type: ignore[attr-defined]  # noqa: SLF001 - ours, for `response_add`
        return outcome.id

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret, this once."""
        del post_url_continue
        return self._shown(request, obj.pk, obj.name, getattr(request, "_new_api_key", None))

    def _shown(self, request: HttpRequest, key_id: str, name: str, new: NewApiKey | None) -> HttpResponse:
        values = {"token": new.token if new else "", "name": name, "key_id": key_id, "opts": self.opts}
        return desk_page(request, "api_key", values, title=str(_("API key")))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - an instance
        """Tell whether the person may see keys, or one."""
        if obj is None:
            return super().has_view_permission(request)
        is_own = obj.serializable_value("user_id") == actor_of(request).id
        return super().has_view_permission(request) and (is_own or actor_of(request).has(Role.ADMIN))

    def verbs(self) -> Sequence[Verb]:
        """Return what can be done to a key."""
        return (
            Verb(
                name="rotate", label=_("New secret"), needs=Action.MANAGE_KEYS, act=self._rotate,
                fits=lambda key: key.status(clock.now()) == "active",
            ),
            Verb(
                name="revoke", label=_("Revoke"), needs=Action.MANAGE_KEYS, act=self._revoke, is_dangerous=True,
                fits=lambda key: key.revoked_at is None,
            ),
        )  # fmt: skip

    def _rotate(self, request: HttpRequest, obj: ApiKey) -> HttpResponse:
        now, actor = clock.now(), actor_of(request)
        with acting():
            limits.spend(KEY_CREATION, actor.id, now=now)
            new = rotate_key(actor=actor, key_id=obj.pk, overlap=OVERLAP_LIMIT, expires_at=None, now=now)
        return self._shown(request, obj.pk, obj.name, new)

    def _revoke(self, request: HttpRequest, obj: ApiKey) -> str:
        with acting():
            revoke_key(actor=actor_of(request), key_id=obj.pk, rev=obj.rev, now=clock.now())
        return str(_("The key is revoked: it proves nothing any more."))
