"""Forms of which one button saves, and which show afterwards what became of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from publishing.admin.base import DeskAdmin


class StayingAdmin(DeskAdmin):
    """A ModelAdmin whose pages are shown again after saving: they say more of an object than its form does."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ANN401 - an instance
        """Say that it was made, and show it."""
        del post_url_continue
        messages.success(request, _("“%(name)s” was made.") % {"name": obj})
        return HttpResponseRedirect(self.address(obj))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:  # noqa: ANN401 - as above
        """Say that it was saved, and show it."""
        messages.success(request, _("“%(name)s” was saved.") % {"name": obj})
        return HttpResponseRedirect(self.address(obj))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **options: Any,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Offer one button that saves, and what the object's page shows beside its form."""
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        obj = options.get("obj")
        if obj is not None:
            context |= self.beside(request, obj)
        return super().render_change_form(request, context, *args, **options)

    def beside(self, request: HttpRequest, obj: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Return what the page shows beside the form."""
        del request, obj
        return {}
