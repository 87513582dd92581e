"""The desk's routes, and those of signing in. Every address ends with a slash."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from publishing.admin import calendar, compose_texts, composer, dashboard, me, message_page, signing_in
from publishing.admin.media.urls import media_urls

sign_in_urls = [
    path("login/", signing_in.log_in, name="sign-in"),
    path("start/", signing_in.start, name="sign-in-start"),
    path("callback/", signing_in.callback, name="sign-in-callback"),
    path("logout/", signing_in.log_out, name="sign-out"),
    path("demo/", signing_in.demo, name="sign-in-demo"),
]
desk_urls: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="desk"),
    path("reviews/", dashboard.reviews, name="desk-reviews"),
    path("me/", me.me, name="desk-me"),
    path("language/", me.choose_language, name="desk-language"),
    path("sessions/end/", me.end_one, name="end-session"),
    path("sessions/end-all/", me.end_all, name="end-all-sessions"),
    path("compose/", composer.compose, name="desk-compose"),
    path("compose/preview/", composer.preview, name="desk-compose-preview"),
    path("compose/texts/", compose_texts.texts, name="desk-compose-texts"),
    path("compose/texts/<str:template_id>/", compose_texts.filled_in, name="desk-compose-filled-in"),
    path("compose/<str:message_id>/", composer.compose_message, name="desk-compose-message"),
    path("media/", include(media_urls)),
    path("calendar/", calendar.calendar, name="desk-calendar"),
    path("calendar/events/", calendar.calendar_events, name="desk-calendar-events"),
    path("calendar/series/", calendar.calendar_series, name="desk-calendar-series"),
    path("calendar/drafts/", calendar.calendar_drafts, name="desk-calendar-drafts"),
    path("calendar/move/", calendar.calendar_move, name="desk-calendar-move"),
    path("messages/<str:message_id>/", message_page.message_page, name="desk-message"),
    path("messages/<str:message_id>/live/", message_page.message_live, name="desk-message-live"),
    re_path(
        r"^messages/(?P<message_id>[^/]+)/(?P<action>publish|cancel|delete|duplicate|submit|approve|reject)/$",
        message_page.message_action, name="desk-message-action",
    ),
    re_path(
        r"^messages/(?P<message_id>[^/]+)/deliveries/(?P<delivery_id>[^/]+)/(?P<action>retry|resolve|unblock)/$",
        message_page.delivery_action, name="desk-delivery-action",
    ),
]  # fmt: skip
