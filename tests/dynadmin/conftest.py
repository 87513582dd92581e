"""The library's admin as browsers meet it: stock templates and no middleware of the product."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from moto import mock_aws

from tests.dynadmin import library
from tests.dynadmin.models import AuthorItem, BookItem, CopyItem
from tests.dynadmin.people import Person

TABLES = (BookItem, AuthorItem, CopyItem)


@pytest.fixture(scope="module")
def module_tables() -> Iterator[None]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for table in TABLES:
            table._connection = None
            table.create_table()
        yield
    for table in TABLES:
        table._connection = None


@pytest.fixture
def books(module_tables: None) -> Iterator[None]:
    """Empty shelves."""
    for table in TABLES:
        with table.batch_write() as batch:
            for row in table.scan():
                batch.delete(row)
    library.DIARY.clear()
    library.MADE.clear()
    yield
    Person.name, Person.granted = "Rita", frozenset({"view", "add", "change", "delete"})


@pytest.fixture
def client(books: None, settings: Any) -> Client:
    settings.ROOT_URLCONF = "tests.dynadmin.urls"
    settings.MIDDLEWARE = [
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "tests.dynadmin.people.somebody",
    ]
    # The stock templates and dynadmin's own, and none of the product's.
    folders = [Path(apps.get_app_config(label).path) / "templates" for label in ("admin", "dynadmin")]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders, "APP_DIRS": False}]
    return Client(raise_request_exception=True)


@pytest.fixture
def as_somebody() -> Callable[..., None]:
    """Make the client somebody else: `as_somebody("Otto", "view")`."""

    def become(name: str, *granted: str) -> None:
        Person.name, Person.granted = name, frozenset(granted)

    return become
