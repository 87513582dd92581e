"""The routes of the API. Every address ends with a slash, except that of the document."""

from django.urls import path

from publishing.api.views.accounts import AccountsView, AccountView, CheckView
from publishing.api.views.actions import CancelView, PublishView, ScheduleView
from publishing.api.views.api_keys import ApiKeysView, ApiKeyView, RotateView
from publishing.api.views.blocking import UnblockView
from publishing.api.views.channels import ChannelsView
from publishing.api.views.deliveries import DeliveriesView, DeliveryView, ResolveView, RetryView
from publishing.api.views.docs import DocsView, SchemaView
from publishing.api.views.me import MeView
from publishing.api.views.media import MediaView, MediumView
from publishing.api.views.messages import DuplicateView, MessagesView, MessageView, PreviewView
from publishing.api.views.reviewing import ApproveView, RejectView, SubmitView
from publishing.api.views.series import EndView, PauseView, ResumeView, SeriesListView, SeriesView
from publishing.api.views.templates import (
    HashtagGroupsView,
    HashtagGroupView,
    RenderView,
    TemplatesView,
    TemplateView,
)

_MESSAGE = "messages/<str:message_id>/"
_DELIVERY = f"{_MESSAGE}deliveries/<str:delivery_id>/"

#: What programs use as well, with API keys. Managing keys is among it: it refuses them, in a sentence.
for_programs = [
    path("messages/", MessagesView.as_view(), name="messages"),
    path("messages/preview/", PreviewView.as_view(), name="preview"),
    path(_MESSAGE, MessageView.as_view(), name="message"),
    path(f"{_MESSAGE}schedule/", ScheduleView.as_view(), name="schedule-message"),
    path(f"{_MESSAGE}publish/", PublishView.as_view(), name="publish-message"),
    path(f"{_MESSAGE}cancel/", CancelView.as_view(), name="cancel-message"),
    path(f"{_MESSAGE}submit/", SubmitView.as_view(), name="submit-message"),
    path(f"{_MESSAGE}approve/", ApproveView.as_view(), name="approve-message"),
    path(f"{_MESSAGE}reject/", RejectView.as_view(), name="reject-message"),
    path(f"{_MESSAGE}duplicate/", DuplicateView.as_view(), name="duplicate-message"),
    path(f"{_MESSAGE}deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path(_DELIVERY, DeliveryView.as_view(), name="delivery"),
    path(f"{_DELIVERY}retry/", RetryView.as_view(), name="retry-delivery"),
    path(f"{_DELIVERY}resolve/", ResolveView.as_view(), name="resolve-delivery"),
    path("channels/", ChannelsView.as_view(), name="channels"),
    path("accounts/", AccountsView.as_view(), name="accounts"),
    path("accounts/<str:account_id>/", AccountView.as_view(), name="account"),
    path("media/", MediaView.as_view(), name="media"),
    path("media/<str:medium_id>/", MediumView.as_view(), name="medium"),
    path("accounts/<str:account_id>/unblock/", UnblockView.as_view(), name="unblock-account"),
    path("accounts/<str:account_id>/check/", CheckView.as_view(), name="check-account"),
    path("keys/", ApiKeysView.as_view(), name="keys"),
    path("keys/<str:key_id>/", ApiKeyView.as_view(), name="key"),
    path("keys/<str:key_id>/rotate/", RotateView.as_view(), name="rotate-key"),
    path("templates/", TemplatesView.as_view(), name="templates"),
    path("templates/<str:template_id>/", TemplateView.as_view(), name="template"),
    path("templates/<str:template_id>/render/", RenderView.as_view(), name="render-template"),
    path("hashtag-groups/", HashtagGroupsView.as_view(), name="hashtag-groups"),
    path("hashtag-groups/<str:group_id>/", HashtagGroupView.as_view(), name="hashtag-group"),
    path("series/", SeriesListView.as_view(), name="series-list"),
    path("series/<str:series_id>/", SeriesView.as_view(), name="series"),
    path("series/<str:series_id>/pause/", PauseView.as_view(), name="pause-series"),
    path("series/<str:series_id>/resume/", ResumeView.as_view(), name="resume-series"),
    path("series/<str:series_id>/end/", EndView.as_view(), name="end-series"),
    path("me/", MeView.as_view(), name="me"),
]
urlpatterns = [
    path("openapi.json", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    *for_programs,
]
