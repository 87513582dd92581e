"""What the buttons of a message's page do: one service call each, and sentences about what happened."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publishing.admin.review_panel import due_of_form
from publishing.admin.words import channel_name, label_of
from publishing.domain.draft import Cancellation, CancelVerdict, Duplicate, Resolution, StoredAnswer
from publishing.domain.errors import AnsweredError, KeyReusedError
from publishing.domain.ids import digest
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import Actor
from publishing.services import queries, reviewing, scheduling, settling
from publishing.services.blocking import unblock_account
from publishing.services.configured import context
from publishing.services.duplicating import duplicate_message

_TOKEN_LIMIT: Final = 64
_REV_DIGITS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Who clicked which button, where and when."""

    request: HttpRequest
    actor: Actor
    message_id: str
    now: datetime
    delivery_id: str = ""


def _publish(click: Click) -> str:
    scheduling.publish_message(actor=click.actor, message_id=click.message_id, now=click.now, context=context())
    messages.success(click.request, _("It is going out now. This page shows how."))
    return ""


def _cancel(click: Click) -> str:
    answer = settling.cancel_message(actor=click.actor, message_id=click.message_id, now=click.now, context=context())
    if not answer.verdicts:
        messages.success(click.request, _("The message is cancelled. Nothing of it was published."))
    for verdict in CancelVerdict:
        names = _names(answer, verdict)
        if names:
            level, sentence = _verdict(verdict, len(names))
            messages.add_message(click.request, level, sentence % {"names": ", ".join(names)})
    return ""


def _names(answer: Cancellation, verdict: CancelVerdict) -> list[str]:
    """Return the channels of the deliveries with a verdict."""
    every = answer.result.deliveries
    return [channel_name(each.channel) for each in every if answer.verdicts[each.id] is verdict]


def _verdict(verdict: CancelVerdict, count: int) -> tuple[int, str]:
    match verdict:
        case CancelVerdict.CANCELLED:
            return messages.SUCCESS, _("Cancelled, and certainly not published: %(names)s.")
        case CancelVerdict.TOO_LATE:
            return messages.WARNING, _("Too late, it had ended already: %(names)s.")
        case CancelVerdict.CHECKING:
            sentence = ngettext(
                "Being sent just now, so it is being checked: %(names)s.",
                "Being sent just now, so they are being checked: %(names)s.",
                count,
            )
            return messages.WARNING, sentence


def _delete(click: Click) -> str:
    rev = _rev(click)
    scheduling.delete_message(actor=click.actor, message_id=click.message_id, rev=rev, now=click.now, context=context())
    messages.success(click.request, _("The message is deleted."))
    return reverse("desk")


def _rev(click: Click) -> int | None:
    """Return the revision that the reader saw, by a hidden field."""
    given = click.request.POST.get("rev", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _REV_DIGITS else None


def _submit(click: Click) -> str:
    reviewing.submit_message(
        actor=click.actor, message_id=click.message_id, rev=_rev(click), now=click.now, context=context()
    )
    messages.success(click.request, _("It was submitted. An approver sees it on the dashboard."))
    return ""


def _approve(click: Click) -> str:
    form = click.request.POST
    found = reviewing.approve_message(
        actor=click.actor,
        message_id=click.message_id,
        rev=_rev(click),
        comment=_comment(click),
        due=due_of_form(form, zone=str(timezone.get_current_timezone()), now=click.now),
        now=click.now,
        context=context(),
    )
    said = _("Approved. Its editor may schedule it now.")
    if found.message.status is MessageStatus.SCHEDULED:
        said = _("Approved and scheduled.")
    messages.success(click.request, said)
    return ""


def _reject(click: Click) -> str:
    reviewing.reject_message(
        actor=click.actor, message_id=click.message_id, rev=_rev(click), comment=_comment(click), now=click.now,
        context=context(),
    )  # fmt: skip
    messages.success(click.request, _("Sent back to its editor, with your comment."))
    return ""


def _comment(click: Click) -> str:
    return click.request.POST.get("comment", "").replace("\r\n", "\n").strip()


def _duplicate(click: Click) -> str:
    """Copy the message; the same form sent twice leads to the same copy."""
    token = click.request.POST.get("token", "")[:_TOKEN_LIMIT] or secrets.token_urlsafe()

    def kept(made: Duplicate) -> StoredAnswer:
        return StoredAnswer(
            user_id=click.actor.id,
            key_sha=digest("desk-duplicate", token),
            request_sha=digest(click.message_id),
            status=303,
            body=made.result.message.id,
        )

    try:
        made = duplicate_message(
            actor=click.actor, message_id=click.message_id, now=click.now, context=context(), answer=kept
        )
    except AnsweredError as error:
        if not isinstance(error.stored, StoredAnswer) or error.stored.request_sha != digest(click.message_id):
            raise KeyReusedError(_("This form was used for another message. Load the page again.")) from error
        return reverse("desk-message", args=[error.stored.body])
    messages.success(click.request, _("This is the copy: a draft of yours, without a due time."))
    if made.dropped_account_ids:
        messages.warning(click.request, _("Accounts that you cannot publish to were left out."))
    return reverse("desk-message", args=[made.result.message.id])


def _retry(click: Click) -> str:
    settling.retry_delivery(
        actor=click.actor, message_id=click.message_id, delivery_id=click.delivery_id, now=click.now, context=context()
    )  # fmt: skip
    messages.success(click.request, _("It is tried again now."))
    return ""


def _resolve(click: Click) -> str:
    is_there = click.request.POST.get("there") == "yes"
    url = click.request.POST.get("url", "").strip() or None
    result = settling.resolve_delivery(
        actor=click.actor,
        message_id=click.message_id,
        delivery_id=click.delivery_id,
        resolution=Resolution(published=is_there, url=url if is_there else None),
        now=click.now,
        context=context(),
    )
    said = _("Noted: it is there.") if is_there else _("Noted: it is not there. You can retry it now.")
    messages.success(click.request, said)
    messages.info(click.request, _("The message is now: %(status)s.") % {"status": label_of(result.message.status)})
    return ""


def _unblock(click: Click) -> str:
    found = queries.get_message(actor=click.actor, message_id=click.message_id).delivery(click.delivery_id)
    account_id = found.account_id if found else ""
    account = unblock_account(actor=click.actor, account_id=account_id, now=click.now)
    messages.success(click.request, _("%(name)s can be sent to again.") % {"name": account.name})
    return ""


#: By the last part of the address: what to do. Each says what happened, and returns where to go on, else nothing.
ON_MESSAGES: Final[dict[str, Callable[[Click], str]]] = {
    "publish": _publish, "cancel": _cancel, "delete": _delete, "duplicate": _duplicate,
    "submit": _submit, "approve": _approve, "reject": _reject,
}  # fmt: skip
#: Those of review, which have fields: what was typed into them is shown again when they are refused.
DECISIONS: Final = frozenset({"submit", "approve", "reject"})
ON_DELIVERIES: Final[dict[str, Callable[[Click], str]]] = {
    "retry": _retry, "resolve": _resolve, "unblock": _unblock,
}  # fmt: skip
