"""Model admins over items: the stock views, wherever they reach for a database, led to the table or to the application.

Writing is the application's: `create`, `change` and `remove` each make one call of a use case.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.options import IS_POPUP_VAR, ShowFacets, csrf_protect_m
from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from publishing.dynadmin.changelist import CountlessPaginator, DynamoChangeList
from publishing.dynadmin.errors import ConflictError, RefusedError, UnservedError
from publishing.dynadmin.forms import ONCE, VERSION, DynamoForm, OnceActionForm, new_once, read_once

if TYPE_CHECKING:
    _View = TypeVar("_View", bound=Callable[..., Any])

    class _ModelAdmin(admin.ModelAdmin[Any]):
        """What the stubs leave out."""

        admin_site: Any

        def _changeform_view(self, *args: Any) -> HttpResponse: ...
        def _delete_view(self, *args: Any) -> HttpResponse: ...
        def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponse: ...

    _StackedInline = admin.StackedInline[Any, Any]

    def _protected(view: _View) -> _View: ...
else:
    _ModelAdmin = admin.ModelAdmin
    _StackedInline = admin.StackedInline
    _protected = csrf_protect_m

#: Entries that a history shows.
_HISTORY = 100
#: Rows that an action takes: what one BatchGetItem reads.
_CHOSEN = 100


class DynamoModelAdmin(_ModelAdmin):
    """A ModelAdmin of a `DynamoModel`."""

    form = DynamoForm
    action_form = OnceActionForm
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    paginator = CountlessPaginator
    list_per_page = 25
    #: How many queries one page of the list may make.
    list_queries = 3
    change_list_template = "admin/dynadmin/change_list.html"
    delete_confirmation_template = "admin/dynadmin/delete_confirmation.html"

    # --- what the application does -----------------------------------------------------------------------------------

    def create(self, request: HttpRequest, form: Any) -> Any:
        """Create an object by one use case; return its primary key. Raise RefusedError where it is refused."""
        raise UnservedError(type(self).__name__, "create")

    def created_by(self, request: HttpRequest, token: str) -> str | None:
        """Return the primary key of what a form created under its token already; None where it created nothing."""
        del request, token
        return None

    def change(self, request: HttpRequest, obj: Any, form: Any) -> None:
        """Change an object by one use case. Raise RefusedError or ConflictError."""
        raise UnservedError(type(self).__name__, "change")

    def remove(self, request: HttpRequest, obj: Any) -> None:
        """Delete an object by one use case. Raise RefusedError or ConflictError."""
        raise UnservedError(type(self).__name__, "remove")

    def describe_conflict(self, request: HttpRequest, obj: Any) -> str:
        """Return who changed an object, what and when; by default what the history says of the latest change."""
        entry = next(iter(self.admin_site.audit.of_object(request, obj, limit=1)), None)
        return "" if entry is None else entry.as_change(self.describe_time(request, entry.action_time))

    def describe_time(self, request: HttpRequest, moment: Any) -> str:
        """Return a moment for people."""
        del request
        return f"{moment:%Y-%m-%d %H:%M} UTC"

    def describe_position(self, partition: str, key: str | None) -> str:
        """Return up to where a list was looked at, for people."""
        return key or partition

    def dependants(self, request: HttpRequest, obj: Any) -> Sequence[str]:
        """Return what is deleted with an object, for the page that asks about it."""
        del request, obj
        return ()

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Read what a page's rows refer to: at most one BatchGetItem for each foreign key that is shown."""
        del request
        fields: list[Any] = list(self.opts.fields)
        for field in fields:
            related: Any = field.related_model
            if field.remote_field is None or field.name not in self.list_display:
                continue
            ids = list(dict.fromkeys(getattr(row, field.attname) for row in rows if getattr(row, field.attname)))
            with related.reading():
                found = {other.pk: other for other in related.read(ids)}
            for row in rows:
                field.set_cached_value(row, found.get(getattr(row, field.attname)))

    # --- lists -------------------------------------------------------------------------------------------------------

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Act on what was chosen: at most as many as one read takes."""
        if len(request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)) > _CHOSEN:
            text = _("Choose at most %(count)d at once.") % {"count": _CHOSEN}
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[DynamoChangeList]:
        """Return the kind of list."""
        return DynamoChangeList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Return the columns that an access pattern sorts by."""
        del request
        sorts = {access.sort for access in self.model.access_patterns}
        return [name for name in self.list_display if _sort_name(self, name) in sorts]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find by the primary key, else by any of the search fields, within what a page may look at."""
        term = (search_term or "").strip()
        if not term:
            return queryset, False
        fields = list(self.get_search_fields(request))
        names = [name for name in fields if name not in {"pk", self.opts.pk.name}]
        if len(names) < len(fields) and self.looks_like_key(term):
            by_key = queryset.filter(pk=term)
            if by_key.exists():
                return by_key, False
        return queryset.containing([_contains(name) for name in names or [self.opts.pk.name]], term), False

    def looks_like_key(self, term: str) -> bool:
        """Tell whether a search can be for a primary key; it costs a read."""
        return bool(term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return an object by its key, read once for each request."""
        known = request.__dict__.setdefault("_dynadmin_objects", {})
        key = (self.opts.label, object_id, from_field)
        if key not in known or getattr(request, "_dynadmin_refusal", None) is not None:
            known[key] = super().get_object(request, object_id, from_field)
        return known[key]

    # --- creating ----------------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for what an object needs. The address holds the form's token, so that Back leads to what it created."""
        if request.method in {"GET", "HEAD"} and self.has_add_permission(request):
            elsewhere = self._elsewhere(request)
            if elsewhere is not None:
                return HttpResponseRedirect(elsewhere)
        return super().add_view(request, form_url, extra_context)

    def _elsewhere(self, request: HttpRequest) -> str | None:
        """Return where the form has a token of its own, else what it created; None where it is to be filled in."""
        query, token = request.GET.copy(), read_once(request.GET.get(ONCE, ""))
        if not token:
            query[ONCE] = new_once()
            return f"{request.path}?{query.urlencode()}"
        made = self.created_by(request, token)
        if made is None:
            return None
        self.message_user(request, _("You sent that form already. This is what it made."))
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[quote(made)])

    # --- changing ----------------------------------------------------------------------------------------------------

    @_protected
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show the form, or save it by one use case; show it again, with all that was typed, where that was refused."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except (RefusedError, ConflictError) as error:
            request._dynadmin_refusal = error  # type: ignore[attr-defined]
            return self._changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Return the form; the one that is shown again knows why."""
        form: Any = super().get_form(request, obj, change=change, **options)
        form.refusal = getattr(request, "_dynadmin_refusal", None)
        form.token = read_once(request.GET.get(ONCE, "")) if obj is None else ""
        if obj is not None and request.method == "POST" and self._is_stale(request, obj, form):
            form.conflict_text = self.describe_conflict(request, obj)
        return form

    def _is_stale(self, request: HttpRequest, obj: Any, form: Any) -> bool:
        version = getattr(obj, obj.version_field) if obj.version_field else None
        return isinstance(form.refusal, ConflictError) or (
            version is not None and request.POST.get(VERSION) != str(version)
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fieldsets, the first with what the form carries unseen."""
        fieldsets: list[Any] = [(name, dict(options)) for name, options in super().get_fieldsets(request, obj)]
        if fieldsets and self._is_editable(request, obj):
            shown = flatten_fieldsets(fieldsets)
            unseen = [name for name in (VERSION, ONCE) if name not in shown]
            fieldsets[0][1]["fields"] = [*fieldsets[0][1]["fields"], *unseen]
        elif fieldsets:
            kept = [name for name in fieldsets[0][1]["fields"] if name not in {VERSION, ONCE}]
            fieldsets[0][1]["fields"] = kept
        return fieldsets

    def _is_editable(self, request: HttpRequest, obj: Any) -> bool:
        return self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Have the application save it."""
        if change:
            self.change(request, obj, form)
        else:
            obj.pk = self.create(request, form)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save nothing: inlines only show."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Return nothing: the use case made its own record."""
        return ""

    # --- deleting ----------------------------------------------------------------------------------------------------

    @_protected
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask, then delete by one use case; say why where that was refused.

        Whoever agreed to the deletion of another version than is there by now is told, and asked again.
        """
        obj = self.get_object(request, unquote(object_id))
        version = str(getattr(obj, obj.version_field)) if obj is not None and obj.version_field else ""
        if request.method == "POST" and version and request.POST.get(VERSION, version) != version:
            advice = _("Nothing was deleted. Look at it once more.")
            self.message_user(request, f"{self.describe_conflict(request, obj)} {advice}".strip(), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        try:
            return self._delete_view(request, object_id, {VERSION: version, **(extra_context or {})})
        except (RefusedError, ConflictError) as error:
            self.message_user(request, str(error), messages.ERROR)
            name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[quote(object_id)]))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Have the application delete it."""
        self.remove(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Say that it is gone; show the list to everybody who may see it."""
        response = super().response_delete(request, obj_display, obj_id)
        if IS_POPUP_VAR in request.POST or not self.has_view_permission(request):
            return response
        return HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")
        )

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Any]) -> None:
        """Have the application delete each."""
        for obj in queryset:
            self.remove(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what would be deleted, how many of what, and whose deletion is not permitted."""
        named, lacking = [], set()
        for obj in objs:
            named.append(self._named(obj))
            below = list(self.dependants(request, obj))
            if below:
                named.append(below)
            if not self.has_delete_permission(request, obj):
                lacking.add(self.opts.verbose_name)
        return named, {self.opts.verbose_name_plural: len(objs)}, lacking, []

    def _named(self, obj: Any) -> Any:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        address = reverse(name, args=[quote(obj.pk)])
        return format_html('{}: <a href="{}"><bdi>{}</bdi></a>', capfirst(self.opts.verbose_name), address, obj)

    # --- history -----------------------------------------------------------------------------------------------------

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record nothing: the use case did."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record nothing, as above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Record nothing, as above."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what was done to an object."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        entries = list(self.admin_site.audit.of_object(request, obj, limit=_HISTORY))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change history: %s") % obj,
            "subtitle": None,
            "action_list": Page(entries, 1, CountlessPaginator(entries, _HISTORY)),
            "page_range": [],
            "page_var": "p",
            "pagination_required": False,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "object": obj,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template or "admin/object_history.html", context)


class DynamoStackedInline(_StackedInline):
    """Rows that belong to an object, shown with it. They only show: what changes them is a use case of its own."""

    extra = 0
    can_delete = False
    show_change_link = False
    paginator = CountlessPaginator

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


def _contains(name: str) -> str:
    return name if "__" in name else f"{name}__icontains"


def _sort_name(model_admin: Any, name: str | Callable[..., Any]) -> str | None:
    """Return the field that a column sorts by."""
    if callable(name):
        return getattr(name, "admin_order_field", None)
    shown = getattr(model_admin, name, None)
    return name if shown is None else getattr(shown, "admin_order_field", None)
