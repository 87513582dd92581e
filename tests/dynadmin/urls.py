"""The library's only address."""

from django.urls import path

from tests.dynadmin.library import site

urlpatterns = [path("library/", site.urls)]
