"""What a client asks Amazon SES to send: the body of `SendEmail`, judged as the service does. Pure."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from typing import TYPE_CHECKING

from local.platforms.base import Request, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_MESSAGE = 40 * 1024 * 1024
MOST_RECIPIENTS = 50
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_DOMAIN = re.compile(r"(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(?!-)[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
#: Real, and not simulated: to accept them without doing them would be a lie.
_NOT_SIMULATED = ("Raw", "Template")


class RefusedError(Exception):
    """The service does not accept the request; carries the exception's name and its words."""

    def __init__(self, code: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that passed every check."""

    sender: str
    recipients: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str
    html: str
    tags: Mapping[str, str]
    configuration_set: str


def read_mail(request: Request) -> Mail:
    """Judge a request; raises RefusedError with the service's words."""
    try:
        body = parse_object(request.body)
    except ValueError as error:
        raise RefusedError("SerializationException", str(error)) from None
    simple = _object(_content(body), "Simple")
    message = _object(simple, "Body")
    text, html = _part(message, "Text", required=False), _part(message, "Html", required=False)
    if not text and not html:
        raise RefusedError("BadRequestException", "Message body is required")
    subject = _part(simple, "Subject", required=True)
    if "\n" in subject or "\r" in subject:
        raise RefusedError("BadRequestException", "Subject contains illegal line breaks")
    return Mail(
        sender=_sender(body),
        recipients=_recipients(body),
        reply_to=tuple(_mailbox(one) for one in _list(body, "ReplyToAddresses")),
        subject=subject,
        text=text,
        html=html,
        tags=_tags(body),
        configuration_set=str(body.get("ConfigurationSetName", "")),
    )


def address_of(mailbox: str) -> str:
    """Return the bare address of a mailbox that passed."""
    return parseaddr(mailbox)[1]


def _content(body: Mapping[str, object]) -> Mapping[str, object]:
    content = _object(body, "Content")
    for name in _NOT_SIMULATED:
        if name in content:
            raise RefusedError("BadRequestException", f"This simulated service does not offer {name} content")
    return content


def _sender(body: Mapping[str, object]) -> str:
    sender = body.get("FromEmailAddress")
    if not isinstance(sender, str) or not sender:
        raise RefusedError("BadRequestException", "FromEmailAddress is required")
    return _mailbox(sender)


def _recipients(body: Mapping[str, object]) -> tuple[str, ...]:
    destination = _object(body, "Destination")
    found = [one for name in ("ToAddresses", "CcAddresses", "BccAddresses") for one in _list(destination, name)]
    if not found:
        raise RefusedError("BadRequestException", "Destination is required")
    if len(found) > MOST_RECIPIENTS:
        raise RefusedError("BadRequestException", f"Recipient count exceeds {MOST_RECIPIENTS}.")
    return tuple(_mailbox(one) for one in found)


def _mailbox(value: object) -> str:
    text = value if isinstance(value, str) else ""
    name, address = parseaddr(text)
    local, _, domain = address.rpartition("@")
    if not text.isascii() or not text.isprintable() or (not name and address != text.strip(" <>")):
        raise RefusedError("BadRequestException", "Illegal address")
    if not local or len(local) > 64 or not _DOMAIN.fullmatch(domain):
        raise RefusedError(
            "BadRequestException", "Domain contains illegal character" if local else "Missing final '@domain'"
        )
    try:
        Address(addr_spec=address)
    except (ValueError, IndexError):
        raise RefusedError("BadRequestException", "Local address contains illegal character") from None
    return text


def _tags(body: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for tag in _list(body, "EmailTags"):
        name, value = (tag.get("Name"), tag.get("Value")) if isinstance(tag, dict) else (None, None)
        if (
            not isinstance(name, str)
            or not isinstance(value, str)
            or not (_TAG.fullmatch(name) and _TAG.fullmatch(value))
        ):
            raise RefusedError("BadRequestException", "Invalid tag: only alphanumeric ASCII, '_' and '-' are allowed")
        found[name] = value
    return found


def _part(within: Mapping[str, object], name: str, *, required: bool) -> str:
    if name not in within and not required:
        return ""
    part = _object(within, name)
    data, charset = part.get("Data"), part.get("Charset", "us-ascii")
    if not isinstance(data, str) or not isinstance(charset, str):
        raise RefusedError("BadRequestException", f"{name} data is required")
    try:
        encoded = data.encode(codecs.lookup(charset).name)
    except (LookupError, UnicodeError):
        raise RefusedError("BadRequestException", f"{name} cannot be written in the charset {charset}") from None
    if len(encoded) > LONGEST_MESSAGE:
        raise RefusedError("MessageRejected", "Message length is more than the maximum")
    return data


def _object(within: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = within.get(name)
    if not isinstance(value, dict):
        raise RefusedError("BadRequestException", f"{name} is required")
    return value


def _list(within: Mapping[str, object], name: str) -> list[object]:
    value = within.get(name, [])
    if not isinstance(value, list):
        raise RefusedError("SerializationException", f"{name} must be a list")
    return value
