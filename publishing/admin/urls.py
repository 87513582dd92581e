"""The desk's routes, and those of signing in. Every address ends with a slash."""

from django.urls import path

from publishing.admin import composer, home, signing_in

sign_in_urls = [
    path("login/", signing_in.log_in, name="sign-in"),
    path("start/", signing_in.start, name="sign-in-start"),
    path("callback/", signing_in.callback, name="sign-in-callback"),
    path("logout/", signing_in.log_out, name="sign-out"),
    path("demo/", signing_in.demo, name="sign-in-demo"),
]
desk_urls = [
    path("", home.home, name="desk"),
    path("compose/", composer.compose, name="desk-compose"),
    path("compose/preview/", composer.preview, name="desk-compose-preview"),
    path("compose/<str:message_id>/", composer.compose_message, name="desk-compose-message"),
    path("sessions/end/", home.end_one, name="end-session"),
    path("sessions/end-all/", home.end_all, name="end-all-sessions"),
]
