"""A library: authors, books on shelves by year, copies of books. It has nothing to do with the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from publishing.dynadmin.access import Access, Parts
from publishing.dynadmin.models import DynamoModel

YEARS = ("2021", "2022", "2023", "2024", "2025", "2026")


class ShelfIndex(GlobalSecondaryIndex["BookItem"]):
    class Meta:
        index_name = "shelf"
        projection = AllProjection()
        read_capacity_units = write_capacity_units = 1

    shelf = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)


class WriterIndex(GlobalSecondaryIndex["BookItem"]):
    class Meta:
        index_name = "writer"
        projection = AllProjection()
        read_capacity_units = write_capacity_units = 1

    author_id = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)


class Rows(Model):
    class Meta:
        region = "eu-central-1"
        read_capacity_units = write_capacity_units = 1


class BookItem(Rows):
    class Meta(Rows.Meta):
        table_name = "library-books"

    isbn = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute()
    author_id = UnicodeAttribute()
    genre = UnicodeAttribute()
    bought_at = UTCDateTimeAttribute()
    version = NumberAttribute()
    shelf = UnicodeAttribute()
    place = UnicodeAttribute()
    by_shelf = ShelfIndex()
    by_writer = WriterIndex()


class AuthorItem(Rows):
    class Meta(Rows.Meta):
        table_name = "library-authors"

    wing = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(range_key=True)


class CopyItem(Rows):
    class Meta(Rows.Meta):
        table_name = "library-copies"

    book_id = UnicodeAttribute(hash_key=True)
    number = UnicodeAttribute(range_key=True)
    condition = UnicodeAttribute()


def place(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


class Author(DynamoModel):
    name: models.CharField[str, str] = models.CharField(primary_key=True, max_length=50)
    wing: models.CharField[str, str] = models.CharField(max_length=10)

    item_class: ClassVar[Any] = AuthorItem
    access_patterns = (Access(partition="main", sort="name", descending=False),)

    class Meta(DynamoModel.Meta):
        app_label = "library"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def item_key(cls, pk: str) -> tuple[str, str]:
        return "main", pk


class Book(DynamoModel):
    isbn: models.CharField[str, str] = models.CharField(primary_key=True, max_length=20)
    title: models.CharField[str, str] = models.CharField(max_length=100)
    author: models.ForeignKey[Author | None, Author | None] = models.ForeignKey(
        Author, models.DO_NOTHING, db_constraint=False
    )
    genre: models.CharField[str, str] = models.CharField(
        max_length=20, choices=[("novel", "Novel"), ("poem", "Poem")], default="novel"
    )
    bought_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    version: models.IntegerField[int, int] = models.IntegerField(default=1, editable=False)

    item_class: ClassVar[Any] = BookItem
    version_field = "version"
    access_patterns = (
        Access(partition="{author_id}", index="writer", sort="bought_at", token=place),
        Access(
            partition="YEAR#{part}", index="shelf", sort="bought_at", token=place,
            part_of=lambda moment: f"{moment:%Y}", parts=lambda: Parts(names=YEARS),
        ),
    )  # fmt: skip

    class Meta(DynamoModel.Meta):
        app_label = "library"

    def __str__(self) -> str:
        return self.title

    @classmethod
    def item_key(cls, pk: str) -> str:
        return pk


class Copy(DynamoModel):
    number: models.CharField[str, str] = models.CharField(primary_key=True, max_length=10)
    book: models.ForeignKey[Book, Book] = models.ForeignKey(Book, models.DO_NOTHING, db_constraint=False)
    condition: models.CharField[str, str] = models.CharField(max_length=20)

    item_class: ClassVar[Any] = CopyItem
    access_patterns = (Access(partition="{book_id}", sort="number", descending=False),)

    class Meta(DynamoModel.Meta):
        app_label = "library"

    def __str__(self) -> str:
        return f"Copy {self.number}"
