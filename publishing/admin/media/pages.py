"""Pages of the media library: the grid, and one medium with what is said about it and who uses it."""

import re
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from publishing.adapters import clock
from publishing.admin.history import AuditLog
from publishing.admin.marks import moment_text
from publishing.admin.media.forms import MediumForm
from publishing.admin.media.lists import asked_by, page_of
from publishing.admin.media.picker import script_data
from publishing.admin.media.shown import shown
from publishing.admin.pages import desk_page, methods
from publishing.admin.sentences import say
from publishing.admin.words import label_of
from publishing.domain.errors import ConflictError, StaleError
from publishing.domain.media import LOOKED_AT, Medium
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.services import media
from publishing.services.configured import context

_REV: Final = re.compile(r"[0-9]{1,9}")


@methods("GET")
def library(request: HttpRequest) -> HttpResponse:
    """Show a page of the library."""
    actor, asked = _actor(request), asked_by(request)
    page = page_of(actor, asked)
    values = {
        "asked": asked,
        "media": [shown(each) for each in page.rows],
        "older": asked.query(cursor=page.next_cursor) if page.next_cursor else "",
        "newest": asked.query(),
        "is_at_top": not asked.cursor,
        "looked_at": LOOKED_AT if asked.is_narrowed and page.next_cursor else 0,
        "links": {
            "clear": asked.query(q=""),
            "all": asked.query(mine=""),
            "mine": asked.query(mine="1"),
            "usable": asked.query(show=""),
            "unusable": asked.query(show="unusable"),
        },
        "may_upload": isinstance(may(actor, Action.UPLOAD_MEDIUM), Allowed),
        "script_data": script_data(),
    }
    return desk_page(request, "media_library", values, title=_("Media"))


@methods("GET", "POST")
def medium(request: HttpRequest, medium_id: str) -> HttpResponse:
    """Show one medium, and take what somebody says about it."""
    actor, now = _actor(request), clock.now()
    if request.method != "POST":
        return _medium_page(request, media.get_medium(actor=actor, medium_id=medium_id, now=now, context=context()))
    form = MediumForm(request.POST)
    if form.is_valid():
        changes, rev = form.changes(), form.cleaned_data["rev"]
        try:
            media.edit_medium(
                actor=actor, medium_id=medium_id, changes=changes, rev=rev, now=now, context=context()
            )  # fmt: skip
        except StaleError:
            read = media.get_medium(actor=actor, medium_id=medium_id, now=now, context=context())
            return _medium_page(request, read, form=form, status=409, changed=_latest_change(read))
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("desk-medium", args=[medium_id]))
    read = media.get_medium(actor=actor, medium_id=medium_id, now=now, context=context())
    return _medium_page(request, read, form=form, status=400)


@methods("POST")
def delete(request: HttpRequest, medium_id: str) -> HttpResponse:
    """Delete a medium, or say why it cannot be deleted. Whoever looked at another version is asked again."""
    actor, now = _actor(request), clock.now()
    given = request.POST.get("rev", "")
    rev = int(given) if _REV.fullmatch(given) else None
    try:
        media.delete_medium(actor=actor, medium_id=medium_id, rev=rev, now=now, context=context())
    except StaleError:
        read = media.get_medium(actor=actor, medium_id=medium_id, now=now, context=context())
        refusal = f"{_latest_change(read)} {_('Nothing was deleted. Look at it once more.')}"
        return _medium_page(request, read, status=409, refusal=refusal)
    except ConflictError as error:
        read = media.get_medium(actor=actor, medium_id=medium_id, now=now, context=context())
        return _medium_page(request, read, status=409, refusal=say(str(error)))
    messages.success(request, _("Deleted."))
    return HttpResponseRedirect(reverse("desk-media"))


def _medium_page(
    request: HttpRequest,
    read: Medium,
    *,
    form: MediumForm | None = None,
    status: int = 200,
    refusal: str = "",
    changed: str = "",
) -> HttpResponse:
    actor = _actor(request)
    using, is_cut = media.find_uses(actor=actor, medium=read)
    form = form or MediumForm(initial={"name": read.name, "alt_text": read.alt_text})
    values = {
        "medium": shown(read),
        "read": read,
        "form": form,
        "using": [(each, label_of(each.status)) for each in using],
        "is_cut": is_cut,
        "refusal": refusal,
        "changed": changed,
        "may_edit": isinstance(may(actor, Action.EDIT_MEDIUM, read), Allowed),
        "may_delete": isinstance(may(actor, Action.DELETE_MEDIUM, read), Allowed),
    }
    return desk_page(request, "medium", values, title=read.name, status=status)


def _latest_change(read: Medium) -> str:
    """Return who changed a medium last, when and what."""
    entry = next(iter(AuditLog().of_target(f"media:{read.id}", limit=1)), None)
    return _("Somebody changed this.") if entry is None else entry.as_change(moment_text(entry.action_time))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
