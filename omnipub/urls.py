"""Every route of the web process."""

from django.urls import include, path

from publishing.admin.me import without_slash
from publishing.admin.site import desk
from publishing.admin.urls import desk_urls, sign_in_urls
from publishing.api import urls as api
from publishing.api.views.health import HealthView
from publishing.api.views.hooks import MailHookView
from publishing.identity.api_keys import NAMESPACE

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("hooks/ses/", MailHookView.as_view(), name="mail-hook"),
    path("api/v1/", include("publishing.api.urls")),
    # The same views for programs, which sign in with API keys. The gateway asks for no token here.
    path("keyed/v1/", include((api.for_programs, NAMESPACE))),
    path("auth/", include(sign_in_urls)),
    path("admin", without_slash, name="desk-without-slash"),
    path("admin/", include(desk_urls)),
    path("admin/", desk.urls),
]

handler400 = "omnipub.errors.bad_request"
handler403 = "omnipub.errors.forbidden"
handler404 = "omnipub.errors.page_not_found"
handler500 = "omnipub.errors.server_error"
