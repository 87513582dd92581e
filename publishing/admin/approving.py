"""Many messages are approved at once: after they were shown, and each only as it was shown."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publishing.adapters import clock
from publishing.admin.base import act_on_each, actor_of
from publishing.admin.pages import desk_page
from publishing.models import Message
from publishing.services.configured import context
from publishing.services.reviewing import approve_message

_REV: Final = "rev-"
_REV_DIGITS: Final = 9


def approve_chosen(request: HttpRequest, chosen: Sequence[Message]) -> HttpResponse | None:
    """Return the page that shows the chosen messages; once it was confirmed, approve each and say what came of it."""
    if request.POST.get("sure") != "yes":
        waiting = [message for message in chosen if message.status == "in_review"]
        values: dict[str, Any] = {"waiting": waiting, "left_out": len(chosen) - len(waiting)}
        return desk_page(request, "approve", values, title=_("Approve messages"))
    now = clock.now()

    def one(message: Message) -> None:
        given = request.POST.get(f"{_REV}{message.pk}", "")
        # The revision that was on the page: what somebody changed meanwhile was not seen.
        rev = int(given) if given.isascii() and given.isdigit() and len(given) <= _REV_DIGITS else None
        approve_message(actor=actor_of(request), message_id=message.pk, rev=rev, now=now, context=context())

    act_on_each(request, chosen, one, done=partial(ngettext, "%d was approved.", "%d were approved."))
    return None
