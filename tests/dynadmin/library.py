"""The library's application, which writes straight to its own tables and keeps a diary, and its admin."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from pynamodb.exceptions import UpdateError

from publishing.dynadmin.admin import DynamoModelAdmin, DynamoStackedInline
from publishing.dynadmin.errors import ConflictError, RefusedError
from publishing.dynadmin.forms import DynamoForm
from publishing.dynadmin.history import Entry
from publishing.dynadmin.site import DynamoAdminSite
from tests.dynadmin.models import Author, AuthorItem, Book, BookItem, Copy, place

DIARY: list[tuple[str, Entry]] = []
#: What forms created, by their tokens.
MADE: dict[str, str] = {}


def shelve(isbn: str, *, title: str, author: str, bought_at: datetime, genre: str = "novel", version: int = 1) -> None:
    BookItem(
        isbn, title=title, author_id=author, genre=genre, bought_at=bought_at, version=version,
        shelf=f"YEAR#{bought_at:%Y}", place=f"{place(bought_at)}#{isbn}",
    ).save()  # fmt: skip


def write_diary(isbn: str, who: str, what: str) -> None:
    entry = Entry(action_time=datetime(2026, 3, 4, 5, 6, tzinfo=UTC), who=who, sentence=what, object_repr=isbn)
    DIARY.insert(0, (isbn, entry))


class Diary:
    def of_object(self, request: HttpRequest, obj: Any, *, limit: int) -> list[Entry]:
        return [entry for isbn, entry in DIARY if isbn == obj.pk][:limit]

    def recent(self, request: HttpRequest, *, user_id: Any, limit: int) -> list[Entry]:
        return [entry for _, entry in DIARY if user_id in {None, entry.who}][:limit]


# --- its admin


class Permitted:
    """Everybody may what `granted` of the request's user says."""

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return "view" in request.user.granted

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return "add" in request.user.granted

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return "change" in request.user.granted

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return "delete" in request.user.granted

    def has_module_permission(self, request: Any) -> bool:
        return True


class BookForm(DynamoForm):
    remark = forms.CharField(required=False)


class CopyInline(DynamoStackedInline):
    model = Copy

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True


class BookAdmin(Permitted, DynamoModelAdmin):
    form = BookForm
    fieldsets = (
        (None, {"fields": ["isbn", "title", "author"]}),
        ("More", {"fields": ["genre", "bought_at", "remark"]}),
    )
    list_display = ("title", "author", "genre", "bought_at")
    list_filter = ("genre",)
    date_hierarchy = "bought_at"
    search_fields = ("isbn", "title")
    ordering = ("-bought_at",)
    autocomplete_fields = ("author",)
    inlines = (CopyInline,)
    list_per_page = 10

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("isbn",)

    def created_by(self, request: Any, token: str) -> str | None:
        return MADE.get(token)

    def create(self, request: Any, form: Any) -> str:
        data = form.cleaned_data
        if "forbidden" in data["title"]:
            raise RefusedError({"title": ["This title is on the index."], None: ["The library refuses it."]})
        shelve(
            data["isbn"],
            title=data["title"],
            author=data["author"].pk,
            bought_at=data["bought_at"],
            genre=data["genre"],
        )  # fmt: skip
        MADE[data["once"]] = data["isbn"]
        return str(data["isbn"])

    def change(self, request: Any, obj: Any, form: Any) -> None:
        data, version = form.cleaned_data, form.cleaned_data["edit_version"]
        changes: list[Any] = [BookItem.title.set(data["title"]), BookItem.version.set(version + 1)]
        try:
            BookItem(obj.pk).update(changes, condition=BookItem.version == version)
        except UpdateError as error:
            raise ConflictError from error
        write_diary(obj.pk, request.user.name, f"title: {data['title']}")

    def remove(self, request: Any, obj: Any) -> None:
        if obj.genre == "poem":
            raise RefusedError.because("Poems are never thrown away.")
        BookItem(obj.pk).delete()

    def dependants(self, request: Any, obj: Any) -> list[str]:
        return [f"Copy: {copy}" for copy in Copy.objects.filter(book=obj)]


class AuthorAdmin(Permitted, DynamoModelAdmin):
    search_fields = ("name",)
    list_display = ("name",)

    def create(self, request: Any, form: Any) -> str:
        AuthorItem("main", form.cleaned_data["name"]).save()
        return str(form.cleaned_data["name"])


class LibrarySite(DynamoAdminSite):
    audit = Diary()
    site_url = None

    def has_permission(self, request: Any) -> bool:
        return True


site = LibrarySite(name="admin")
site.register(Book, BookAdmin)
site.register(Author, AuthorAdmin)
assert admin.site is not site
