"""The desk: Django's admin site, with our own door, first page and navigation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publishing.admin.accounts import AccountAdmin
from publishing.admin.api_keys import ApiKeyAdmin
from publishing.admin.audit import AuditAdmin
from publishing.admin.hashtag_groups import HashtagGroupAdmin
from publishing.admin.history import AuditLog
from publishing.admin.messages import MessageAdmin
from publishing.admin.navigation import navigation
from publishing.admin.series import SeriesAdmin
from publishing.admin.templates import TemplateAdmin
from publishing.admin.users import UserAdmin
from publishing.domain.permissions import Action, Allowed, may
from publishing.dynadmin.site import DynamoAdminSite
from publishing.models import Account, ApiKey, AuditEntry, HashtagGroup, Message, Series, Template, User

#: Routes of the stock site that have no meaning here: the provider has the passwords, and nothing is viewed "on site".
_WITHOUT = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site"})


class DeskSite(DynamoAdminSite):
    """The editors' desk. Who may open it was settled by `DeskMiddleware`; each page asks for more."""

    site_title = "omnipub"
    site_header = "omnipub"
    index_title = _("Dashboard")
    site_url = None
    #: Ours stands beside it, in `admin/base_site.html`.
    enable_nav_sidebar = False
    audit = AuditLog()
    cursor_key = settings.CURSOR_KEY
    cursor_key_fallbacks = settings.CURSOR_KEY_FALLBACKS

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever is signed in: the middleware before it lets in nobody else."""
        return request.user.is_authenticated

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Lead to the page where one signs in."""
        return HttpResponseRedirect(reverse("sign-in"))

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Return the stock routes without those that have no meaning here."""
        return [url for url in super().get_urls() if getattr(url, "name", None) not in _WITHOUT]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page of the desk is drawn with."""
        actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
        return super().each_context(request) | {
            "navigation": navigation(request, self.name),
            "has_permission": True,
            "may_write": isinstance(may(actor, Action.CREATE_MESSAGE), Allowed),
            "zone": str(timezone.get_current_timezone()),
        }


desk = DeskSite(name="admin")
desk.register(Message, MessageAdmin)
desk.register(Series, SeriesAdmin)
desk.register(Template, TemplateAdmin)
desk.register(HashtagGroup, HashtagGroupAdmin)
desk.register(Account, AccountAdmin)
desk.register(User, UserAdmin)
desk.register(ApiKey, ApiKeyAdmin)
desk.register(AuditEntry, AuditAdmin)
