"""What Amazon SES reports about a mail after it took it. Pure.

The form is that of https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html, read on
2026-11-22. Diagnostic texts of mail servers may quote addresses, so of them only the status code is kept.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Final

from publishing.channels.base.feedback import UnreadableReportError
from publishing.channels.email.address import BadAddressError, ascii_address
from publishing.channels.email.payload import KEY_TAG, MESSAGE_TAG
from publishing.domain.account import Account
from publishing.domain.feedback import Feedback, FeedbackKind
from publishing.domain.ids import digest
from publishing.domain.outcome import Publication, Reason

SERVICE: Final = "Amazon SES"
_ID_LENGTH: Final = 32
_LONGEST_ID: Final = 256
_WORD: Final = re.compile(r"[A-Za-z-]{1,40}")
#: RFC 3463.
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_BAD_CONTENT: Final = "Bad content"

Event = Mapping[str, object]


class SesFeedback:
    """Reads the events of a configuration set's event destination."""

    def read(self, event: Event) -> Feedback | None:
        """Return what an event says; None without our tags, and for opens, clicks and what no delivery depends on."""
        described = _DESCRIBERS.get(str(event.get("eventType")))
        mail = _object(event, "mail")
        tags = mail.get("tags")
        message_id, key = _tag(tags, MESSAGE_TAG), _tag(tags, KEY_TAG)
        if described is None or not message_id or not key:
            return None
        remote_id = mail.get("messageId")
        if not isinstance(remote_id, str) or not 0 < len(remote_id) <= _LONGEST_ID or not remote_id.isprintable():
            raise UnreadableReportError("The event names no mail.")
        section, kind, describe = described
        about = event.get(section)
        about = about if isinstance(about, dict) else {}
        said = describe(about)
        if said is None:
            return None
        detail, reason, blocks, recipients = said
        stamp = str(about.get("timestamp") or mail.get("timestamp"))
        identity = str(about.get("feedbackId") or stamp)
        return Feedback(
            id=digest("ses", kind.value, remote_id, identity)[:_ID_LENGTH],
            kind=kind,
            message_id=message_id,
            delivery_key=key,
            at=_moment(stamp),
            publication=Publication(id=remote_id),
            detail=detail,
            reason=reason,
            blocks=blocks,
            recipients=recipients,
        )

    def concerns(self, account: Account, address: str) -> bool:
        """Tell whether an account's one recipient is this address. No server tells names apart by their case."""
        if account.channel != "email":
            return False
        ours = _comparable(account.settings.get("recipient", ""))
        return ours is not None and ours == _comparable(address)


#: Sentence, reason, whether its recipients are blocked, their addresses.
_Said = tuple[str, Reason, bool, tuple[str, ...]]


def _sent(_: Event) -> _Said:
    return f"{SERVICE} took it and passes it on.", Reason.DESTINATION, False, ()


def _delivered(_: Event) -> _Said:
    return "The recipient's mail server took it.", Reason.DESTINATION, False, ()


def _delayed(about: Event) -> _Said:
    why = _bracketed(about.get("delayType"))
    detail = f"The recipient's mail server does not take it yet{why}. {SERVICE} goes on trying."
    return detail, Reason.DESTINATION, False, ()


def _bounced(about: Event) -> _Said:
    recipients = _addresses(about, "bouncedRecipients")
    why = _bracketed(about.get("bounceSubType"), _status(about))
    if about.get("bounceType") == "Permanent":
        detail = f"The mail came back for good{why}. Check the recipient's address."
        return detail, Reason.DESTINATION, True, recipients
    detail = f"The mail came back{why}: the recipient's mail server did not take it in time. It can be sent again."
    return detail, Reason.UNAVAILABLE, False, recipients


def _complained(about: Event) -> _Said | None:
    kind = about.get("complaintFeedbackType")
    if kind == "not-spam":
        # Somebody took it out of the unwanted mail: the opposite of a complaint.
        return None
    detail = f"The recipient complained about the mail{_bracketed(kind)}."
    return detail, Reason.DESTINATION, True, _addresses(about, "complainedRecipients")


def _refused(about: Event) -> _Said:
    has_virus = about.get("reason") == _BAD_CONTENT
    detail = (
        f"{SERVICE} took the mail and did not send it: "
        f"{'it found a virus in it' if has_virus else 'it does not pass it on'}."
    )
    return detail, Reason.CONTENT, False, ()


def _not_rendered(_: Event) -> _Said:
    return f"{SERVICE} took the mail and did not send it: it could not be rendered.", Reason.CONTENT, False, ()


#: Event type → the event's own section, what it means, and how it is put.
_DESCRIBERS: Final[Mapping[str, tuple[str, FeedbackKind, Callable[[Event], _Said | None]]]] = {
    "Send": ("send", FeedbackKind.SENT, _sent),
    "Delivery": ("delivery", FeedbackKind.DELIVERED, _delivered),
    "DeliveryDelay": ("deliveryDelay", FeedbackKind.DELAYED, _delayed),
    "Bounce": ("bounce", FeedbackKind.BOUNCED, _bounced),
    "Complaint": ("complaint", FeedbackKind.COMPLAINED, _complained),
    "Reject": ("reject", FeedbackKind.REFUSED, _refused),
    "Rendering Failure": ("failure", FeedbackKind.REFUSED, _not_rendered),
}


def _object(within: Event, name: str) -> Event:
    value = within.get(name)
    if not isinstance(value, dict):
        raise UnreadableReportError(f"The event has no {name}.")
    return value


def _tag(tags: object, name: str) -> str:
    """Return the one value of a tag; events hold a list for each."""
    values = tags.get(name) if isinstance(tags, dict) else None
    value = values[0] if isinstance(values, list) and len(values) == 1 else ""
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableReportError("The event has no time.") from None
    if moment.tzinfo is None:
        raise UnreadableReportError("The event's time has no zone.")
    return moment.astimezone(UTC)


def _addresses(about: Event, name: str) -> tuple[str, ...]:
    entries = about.get(name)
    found = (
        [entry.get("emailAddress") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return tuple(address for address in found if isinstance(address, str))


def _status(about: Event) -> str:
    """Return the status code that the first recipient's server gave."""
    entries = about.get("bouncedRecipients")
    first = entries[0] if isinstance(entries, list) and entries else None
    status = first.get("status") if isinstance(first, dict) else None
    return status if isinstance(status, str) and _STATUS.fullmatch(status) else ""


def _bracketed(*words: object) -> str:
    """Return the words of the service that are words, in brackets; anything else is left out."""
    plain = [word for word in words if isinstance(word, str) and (_WORD.fullmatch(word) or _STATUS.fullmatch(word))]
    shown = [word for word in plain if word not in {"General", "Undetermined"}]
    return f" ({', '.join(shown)})" if shown else ""


def _comparable(address: str) -> str | None:
    try:
        return ascii_address(parseaddr(address)[1]).lower()
    except BadAddressError:
        return None
