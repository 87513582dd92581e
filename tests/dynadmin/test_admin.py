"""The whole of the admin over a library: every stock page, by the stock templates."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import checks
from django.db import models
from django.test import Client
from django.urls import reverse

from publishing.dynadmin.access import Access
from publishing.dynadmin.models import DynamoModel, WritesNothingError
from tests.dynadmin import library
from tests.dynadmin.models import Author, AuthorItem, Book, BookItem, Copy, CopyItem
from tests.web.counting import counted

BOOKS = "/library/library/book/"
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def shelve(count: int = 1, **fields: Any) -> None:
    AuthorItem("main", "Austen").save()
    for number in range(count):
        book = {"title": f"Book {number}", "author": "Austen", "bought_at": DAY - timedelta(days=number), **fields}
        library.shelve(f"isbn-{number:03d}", **book)


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response
    return str(response.content.decode())


def opened(client: Client, address: str) -> str:
    """Return the page to which an address leads: forms that create something have a token in theirs."""
    response = client.get(address, follow=True)
    assert response.status_code == 200, response
    return str(response.content.decode())


def titles(found: str) -> list[str]:
    return re.findall(r'field-title"><a href="[^"]*">([^<]*)</a>', found)


def errors(found: str) -> list[str]:
    return re.findall(r"<li>([^<]*)</li>", "".join(re.findall(r'<ul class="errorlist.*?</ul>', found, re.DOTALL)))


def link(found: str, label: str) -> str:
    match = re.search(rf'<a href="([^"]+)"[^>]*>{label}</a>', found)
    return match[1].replace("&amp;", "&") if match else ""


def form_of(found: str, **typed: str) -> dict[str, str]:
    inputs = re.findall(r'<input type="(?:hidden|text)" name="([\w-]+)" value="([^"]*)"', found)
    return {**dict(inputs), **typed}


class TestAList:
    def test_shows_columns_and_what_they_refer_to_with_one_read(self, client: Client):
        shelve(5)

        with counted() as asked:
            found = page(client, BOOKS)

        assert titles(found) == [f"Book {number}" for number in range(5)]
        assert ">Austen<" in found
        assert asked["BatchGetItem"] == 1
        assert asked["Query"] <= 3
        assert not asked["Scan"]

    def test_pages_forth_and_back(self, client: Client):
        shelve(25)
        pages, address = [], BOOKS
        for _ in range(3):
            found = page(client, address)
            pages.append(titles(found))
            address = BOOKS + link(found, "Next")
        back = titles(page(client, BOOKS + link(found, "Previous")))
        first = titles(page(client, BOOKS + link(found, "First page")))

        assert [len(names) for names in pages] == [10, 10, 5]
        assert [title for names in pages for title in names] == [f"Book {number}" for number in range(25)]
        assert back == pages[1]
        assert first == pages[0]

    def test_stays_within_its_budget_and_says_how_far_it_looked(self, client: Client):
        shelve(1, bought_at=datetime(2021, 5, 5, tzinfo=UTC))

        with counted() as asked:
            found = page(client, BOOKS)
        further = page(client, BOOKS + link(found, "Go on"))

        assert asked["Query"] == 3
        assert titles(found) == []
        assert "Looked as far as YEAR#2023." in found
        assert titles(further) == ["Book 0"]

    def test_filters_by_choice_reference_and_date(self, client: Client):
        shelve(3)
        AuthorItem("main", "Bronte").save()
        library.shelve("poems", title="Poems", author="Bronte", genre="poem", bought_at=DAY)

        assert titles(page(client, f"{BOOKS}?genre__exact=poem")) == ["Poems"]
        with counted() as asked:
            assert titles(page(client, f"{BOOKS}?author__name__exact=Bronte")) == ["Poems"]
        assert asked["Query"] == 1
        assert titles(page(client, f"{BOOKS}?bought_at__year=2026&bought_at__month=2")) == ["Book 1", "Book 2"]
        assert "February 2026" in page(client, f"{BOOKS}?bought_at__year=2026")

    def test_searches_by_key_and_by_text_without_regard_to_case(self, client: Client):
        shelve(12)

        assert titles(page(client, f"{BOOKS}?q=isbn-007")) == ["Book 7"]
        assert titles(page(client, f"{BOOKS}?q=BOOK 1")) == ["Book 1", "Book 10", "Book 11"]

    def test_is_sorted_as_its_access_patterns_are_and_not_otherwise(self, client: Client):
        shelve(3)
        found = page(client, BOOKS)

        assert re.findall(r'scope="col" class="sortable column-(\w+)', found) == ["bought_at"]
        assert titles(page(client, f"{BOOKS}?o=4&bought_at__year=2026")) == ["Book 2", "Book 1", "Book 0"]

    @pytest.mark.parametrize(
        "query",
        [
            "title__regex=x",
            "nothing=1",
            "genre__exact=a&genre__exact=b",
            "cursor=bad",
            "bought_at__gte=nonsense",
            "o=1",
        ],
    )
    def test_begins_anew_where_no_access_pattern_answers(self, client: Client, query: str):
        shelve(1)

        response = client.get(f"{BOOKS}?{query}")

        assert (response.status_code, response["Location"]) == (302, f"{BOOKS}?e=1")

    def test_refuses_a_cursor_of_another_list(self, client: Client):
        shelve(25)
        ahead = link(page(client, BOOKS), "Next")

        assert client.get(f"{BOOKS}{ahead}&author__name__exact=Austen")["Location"] == f"{BOOKS}?e=1"

    def test_offers_a_choice_by_typing(self, client: Client):
        shelve(1)
        AuthorItem("main", "Bronte").save()
        query = "app_label=library&model_name=book&field_name=author&term=bron"

        assert client.get(f"/library/autocomplete/?{query}").json() == {
            "results": [{"id": "Bronte", "text": "Bronte"}], "pagination": {"more": False},
        }  # fmt: skip


class TestAForm:
    def test_creates_by_the_application(self, client: Client):
        shelve(0)
        AuthorItem("main", "Austen").save()
        typed = form_of(
            opened(client, f"{BOOKS}add/"), isbn="new", title="Emma", author="Austen", genre="novel",
            bought_at_0="2026-03-01", bought_at_1="10:00",
        )  # fmt: skip

        response = client.post(f"{BOOKS}add/", typed)

        assert response["Location"] == BOOKS
        assert BookItem.get("new").title == "Emma"

    def test_has_a_token_of_its_own_in_its_address(self, client: Client):
        leads = [client.get(f"{BOOKS}add/?genre=poem&once={token}") for token in ("", "short", "no token at all!!!")]

        tokens = {each["Location"].removeprefix(f"{BOOKS}add/?genre=poem&once=") for each in leads}
        assert {each.status_code for each in leads} == {302}
        assert len(tokens) == 3
        for token in tokens:
            assert f'name="once" value="{token}"' in page(client, f"{BOOKS}add/?once={token}")

    def test_leads_to_what_it_created_when_somebody_comes_back_to_it(self, client: Client):
        AuthorItem("main", "Austen").save()
        address = client.get(f"{BOOKS}add/")["Location"]
        typed = form_of(
            page(client, address), isbn="new", title="Emma", author="Austen", genre="novel",
            bought_at_0="2026-03-01", bought_at_1="10:00",
        )  # fmt: skip
        client.post(address, typed)

        back = client.get(address)

        assert back["Location"] == f"{BOOKS}new/change/"
        assert "You sent that form already. This is what it made." in page(client, BOOKS)

    def test_shows_what_was_refused_next_to_its_field_and_keeps_what_was_typed(self, client: Client):
        AuthorItem("main", "Austen").save()
        typed = form_of(
            opened(client, f"{BOOKS}add/"), isbn="new", title="forbidden <b>", author="Austen", genre="poem",
            bought_at_0="2026-03-01", bought_at_1="10:00", remark="Do keep",
        )  # fmt: skip

        found = client.post(f"{BOOKS}add/", typed).content.decode()

        assert errors(found) == ["The library refuses it.", "This title is on the index."]
        assert 'value="forbidden &lt;b&gt;"' in found
        assert 'value="Do keep"' in found
        assert '<option value="poem" selected>' in found

    def test_changes_by_the_application_and_returns_to_the_list(self, client: Client):
        shelve(1)
        address = f"{BOOKS}isbn-000/change/"

        response = client.post(address, form_of(page(client, address), title="Renamed", author="Austen", genre="novel"))

        assert response["Location"] == BOOKS
        assert (BookItem.get("isbn-000").title, BookItem.get("isbn-000").version) == ("Renamed", 2)

    def test_tells_the_second_of_two_editors_who_changed_what(self, client: Client, as_somebody: Callable[..., None]):
        shelve(1)
        address = f"{BOOKS}isbn-000/change/"
        mine = form_of(page(client, address), title="Mine", author="Austen", genre="novel")
        as_somebody("Otto", "view", "change")
        client.post(address, {**mine, "title": "Theirs"})
        as_somebody("Rita", "view", "change")

        found = client.post(address, mine).content.decode()

        assert BookItem.get("isbn-000").title == "Theirs"
        told = " ".join(errors(found))
        assert "Otto changed this at 2026-03-04 05:06 UTC: title: Theirs." in told
        assert "It says now: Theirs" in told
        assert 'value="Mine"' in found
        again = client.post(address, form_of(found, title="Mine", author="Austen", genre="novel"))
        assert again.status_code == 302
        assert BookItem.get("isbn-000").title == "Mine"

    def test_tells_it_too_when_the_other_was_faster_by_a_moment(self, client: Client, monkeypatch: pytest.MonkeyPatch):
        shelve(1)
        address = f"{BOOKS}isbn-000/change/"
        mine = form_of(page(client, address), title="Mine", author="Austen", genre="novel")
        change = library.BookAdmin.change

        def overtaken(self: Any, request: Any, obj: Any, form: Any) -> None:
            BookItem(obj.pk).update([BookItem.title.set("Theirs"), BookItem.version.set(2)])
            library.write_diary(obj.pk, "Otto", "title: Theirs")
            change(self, request, obj, form)

        monkeypatch.setattr(library.BookAdmin, "change", overtaken)

        found = client.post(address, mine).content.decode()

        assert "Otto changed this" in " ".join(errors(found))
        assert BookItem.get("isbn-000").title == "Theirs"

    def test_shows_what_belongs_to_it(self, client: Client):
        shelve(1)
        CopyItem("isbn-000", "1", condition="worn").save()

        found = page(client, f"{BOOKS}isbn-000/change/")

        assert "worn" in found
        assert 'name="copy_set-0-condition"' not in found

    def test_only_shows_to_who_may_only_see(self, client: Client, as_somebody: Callable[..., None]):
        shelve(1)
        as_somebody("Otto", "view")
        address = f"{BOOKS}isbn-000/change/"

        found = page(client, address)

        assert "Book 0" in found
        assert 'name="_save"' not in found
        assert "edit_version" not in found
        assert client.post(address, {"title": "x"}).status_code == 403
        assert client.get(f"{BOOKS}add/").status_code == 403
        assert client.get(f"{BOOKS}isbn-000/delete/").status_code == 403

    def test_is_refused_to_who_may_not_even_see(self, client: Client, as_somebody: Callable[..., None]):
        shelve(1)
        as_somebody("Otto")

        assert client.get(BOOKS).status_code == 403
        assert client.get(f"{BOOKS}isbn-000/change/").status_code == 403

    def test_of_what_is_not_there_says_so(self, client: Client):
        response = client.get(f"{BOOKS}nothing/change/", follow=True)

        assert "with ID" in response.content.decode()

    def test_in_a_popup_hands_back_what_was_added(self, client: Client):
        address = "/library/library/author/add/?_popup=1&_to_field=name"
        typed = form_of(opened(client, address), name="Bronte", wing="main", _popup="1", _to_field="name")

        found = client.post(address, typed).content.decode()

        assert "&quot;value&quot;: &quot;Bronte&quot;" in found


class TestDeleting:
    def test_of_another_version_than_was_agreed_to_asks_again(self, client: Client):
        shelve(1)
        address = f"{BOOKS}isbn-000/delete/"
        agreed = form_of(page(client, address), post="yes")
        BookItem("isbn-000").update([BookItem.title.set("Theirs"), BookItem.version.set(2)])
        library.write_diary("isbn-000", "Otto", "title: Theirs")

        late = client.post(address, agreed)

        assert late["Location"] == address
        asked = page(client, address)
        assert "Otto changed this at 2026-03-04 05:06 UTC: title: Theirs. Nothing was deleted." in asked
        assert BookItem.get("isbn-000").title == "Theirs"
        assert client.post(address, form_of(asked, post="yes"))["Location"] == BOOKS
        assert BookItem.count("isbn-000") == 0

    def test_asks_and_names_what_goes_with_it(self, client: Client):
        shelve(1)
        CopyItem("isbn-000", "1", condition="worn").save()
        address = f"{BOOKS}isbn-000/delete/"

        asked = page(client, address)
        response = client.post(address, {"post": "yes"})

        assert "Copy: Copy 1" in asked
        assert response["Location"] == BOOKS
        assert not list(BookItem.scan())

    def test_says_why_it_was_refused(self, client: Client):
        shelve(1, genre="poem")

        response = client.post(f"{BOOKS}isbn-000/delete/", {"post": "yes"}, follow=True)

        assert "Poems are never thrown away." in response.content.decode()
        assert BookItem.get("isbn-000")

    def test_of_many_goes_one_by_one_and_reports(self, client: Client):
        shelve(3)
        library.shelve("poems", title="Poems", author="Austen", genre="poem", bought_at=DAY)
        form = {"action": "delete_selected", "_selected_action": ["isbn-000", "isbn-001", "poems"]}

        asked = client.post(BOOKS, {**form, "index": "0"}).content.decode()
        found = client.post(BOOKS, {**form, "post": "yes"}, follow=True).content.decode()

        assert "Are you sure" in asked
        assert "2 were deleted." in found
        assert "1 could not be: “Poems”. Poems are never thrown away." in found
        assert sorted(item.isbn for item in BookItem.scan()) == ["isbn-002", "poems"]


class TestHistory:
    def test_comes_from_the_application(self, client: Client):
        shelve(1)
        library.write_diary("isbn-000", "Otto", "title: Emma")

        found = page(client, f"{BOOKS}isbn-000/history/")

        assert "Otto" in found
        assert "title: Emma" in found

    def test_of_late_is_on_the_first_page(self, client: Client):
        library.write_diary("isbn-000", "rita", "title: Emma")
        library.write_diary("isbn-000", "Otto", "title: Other")

        found = page(client, "/library/")

        assert found.count("isbn-000") == 1


class TestWhatDoesNotExist:
    @pytest.mark.parametrize(
        "name", ["exclude", "annotate", "values", "update", "create", "raw", "bulk_create", "delete"]
    )
    def test_raises_instead_of_reaching_for_sql(self, name: str):
        with pytest.raises(AttributeError):
            getattr(Book.objects, name)

    def test_includes_writing(self):
        with pytest.raises(WritesNothingError):
            Book(isbn="x").save()
        with pytest.raises(WritesNothingError):
            Book(isbn="x").delete()

    def test_includes_a_list_that_no_pattern_answers(self, books: None):
        with pytest.raises(ValueError, match="No access pattern"):
            list(Copy.objects.filter(condition="worn"))


class TestAQuerySet:
    def test_reads_by_key_in_one_request(self, books: None):
        shelve(5)

        with counted() as asked:
            found = list(Book.objects.filter(pk__in=["isbn-003", "isbn-001", "nothing"]))

        assert [book.pk for book in found] == ["isbn-003", "isbn-001"]
        assert dict(asked) == {"BatchGetItem": 1}

    def test_follows_a_reference(self, books: None):
        shelve(1)

        author = Book.objects.get(pk="isbn-000").author

        assert isinstance(author, Author)
        assert author.name == "Austen"

    def test_has_no_rows_for_two_values_at_once(self, books: None):
        shelve(2)

        assert list(Book.objects.filter(author="Austen").filter(author="Bronte")) == []

    @pytest.mark.parametrize(
        ("lookup", "count"),
        [
            ({"title__contains": "Book"}, 3),
            ({"title__icontains": "bOOK 1"}, 1),
            ({"title__startswith": "Book 2"}, 1),
            ({"bought_at__gt": DAY - timedelta(days=1)}, 1),
            ({"bought_at__gte": DAY - timedelta(days=1)}, 2),
            ({"bought_at__lt": DAY}, 2),
            ({"bought_at__lte": DAY}, 3),
            ({"bought_at": DAY}, 1),
            ({"version__isnull": False}, 3),
            ({"genre__in": "novel,poem"}, 3),
        ],
    )
    def test_knows_these_lookups(self, books: None, lookup: dict[str, Any], count: int):
        shelve(3)

        assert Book.objects.filter(**lookup).count() == count


class TestChecks:
    def test_of_a_sound_model_find_nothing(self):
        assert not [*checks.run_checks(tags=["models"]), *library.site.check(None)]

    def test_find_what_does_not_fit(self):
        class Broken(DynamoModel):
            isbn: Any = models.CharField(primary_key=True, max_length=20)
            colour: Any = models.CharField(max_length=20)
            item_class = BookItem
            version_field = "revision"
            access_patterns = (
                Access(partition="{smell}", index="nowhere", sort="weight"),
                Access(partition="YEAR#{part}", index="shelf", sort="isbn"),
            )

            class Meta(DynamoModel.Meta):
                app_label = "elsewhere"

            def __str__(self) -> str:
                return str(self.isbn)

        found = sorted(str(message.id) for message in Broken.check() if str(message.id).startswith("dynadmin"))

        assert found == [
            "dynadmin.E001", "dynadmin.E002", "dynadmin.E003", "dynadmin.E003", "dynadmin.E004", "dynadmin.E005",
        ]  # fmt: skip


class TestRoutes:
    def test_are_the_stock_ones(self, client: Client):
        assert reverse("admin:library_book_changelist") == BOOKS
