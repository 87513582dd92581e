"""Deleting what was selected: asked about first, then one use case for each object."""

from typing import Any

from django.contrib.admin import action, helpers
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from publishing.dynadmin import bulk


@action(permissions=["delete"], description=gettext_lazy("Delete selected %(verbose_name_plural)s"))
def delete_selected(admin: Any, request: HttpRequest, queryset: Any) -> TemplateResponse | None:
    """Show what will be deleted; delete it once that was confirmed, and say what could not be."""
    chosen = bulk.BatchQuerySet(queryset)
    deletable, counts, lacking, protected = admin.get_deleted_objects(chosen, request)
    if request.POST.get("post") and not protected:
        if lacking:
            raise PermissionDenied
        bulk.each(
            request,
            chosen,
            lambda obj: admin.remove(request, obj),
            done=lambda count: _deleted(count) % {"count": count},
        )
        return None
    name = model_ngettext(admin.opts, len(chosen))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Cannot delete %(name)s") % {"name": name} if lacking or protected else _("Delete multiple objects"),
        "subtitle": None,
        "objects_name": str(name),
        "deletable_objects": [deletable],
        "model_count": dict(counts).items(),
        "queryset": chosen,
        "perms_lacking": lacking,
        "protected": protected,
        "opts": admin.opts,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "media": admin.media,
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "admin/delete_selected_confirmation.html", context)


def _deleted(count: int) -> str:
    return ngettext("%(count)d was deleted.", "%(count)d were deleted.", count)
