"""The desk's routes, and those of signing in. Every address ends with a slash."""

from django.urls import URLPattern, URLResolver, include, path

from publishing.admin import home, signing_in
from publishing.admin.media.urls import media_urls

sign_in_urls = [
    path("login/", signing_in.log_in, name="sign-in"),
    path("start/", signing_in.start, name="sign-in-start"),
    path("callback/", signing_in.callback, name="sign-in-callback"),
    path("logout/", signing_in.log_out, name="sign-out"),
    path("demo/", signing_in.demo, name="sign-in-demo"),
]
desk_urls: list[URLPattern | URLResolver] = [
    path("", home.home, name="desk"),
    path("sessions/end/", home.end_one, name="end-session"),
    path("sessions/end-all/", home.end_all, name="end-all-sessions"),
    path("media/", include(media_urls)),
]
