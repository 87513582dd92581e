"""The library as an application of Django's."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "tests.dynadmin"
    label = "library"
