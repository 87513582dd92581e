"""Every route of the web process."""

from django.urls import include, path

from publishing.api.views.health import HealthView
from publishing.api.views.hooks import MailHookView

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("hooks/ses/", MailHookView.as_view(), name="mail-hook"),
    path("api/v1/", include("publishing.api.urls")),
]

handler400 = "publishing.api.errors.bad_request"
handler403 = "publishing.api.errors.forbidden"
handler404 = "publishing.api.errors.page_not_found"
handler500 = "publishing.api.errors.server_error"
