"""The library's routes, below `/admin/media/`."""

from django.urls import path

from publishing.admin.media import data, pages

media_urls = [
    path("", pages.library, name="desk-media"),
    path("browse/", data.browse, name="desk-media-browse"),
    path("upload/", data.upload, name="desk-media-upload"),
    path("<str:medium_id>/", pages.medium, name="desk-medium"),
    path("<str:medium_id>/delete/", pages.delete, name="desk-medium-delete"),
    path("<str:medium_id>/state/", data.state, name="desk-medium-state"),
    path("<str:medium_id>/describe/", data.describe, name="desk-medium-describe"),
]
