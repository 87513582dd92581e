"""Content to the request of `Publish` on a phone number. Pure."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from publishing.channels.base.text import with_link
from publishing.domain.content import Content

#: What one `Publish` takes, however many parts it makes.
TEXT_LIMIT: Final = 1_600
SMS_TYPES: Final = ("Transactional", "Promotional")

#: `TEXT_LIMIT` makes 25 parts at most.
_MAX_PARTS: Final = re.compile(r"[1-9]|1[0-9]|2[0-5]")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
#: One to eleven letters and digits with at least one letter.
_SENDER_ID: Final = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}")


def compose(content: Content) -> str:
    """Return the text: the wording with its link."""
    return with_link(content.text, content.link)


def measure(text: str) -> int:
    """Return a text's length in UTF-16 units, the longest reading of "characters": a text that fits is surely taken."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def is_number(text: str) -> bool:
    """Tell whether this is a phone number in the form of E.164: a plus and up to fifteen digits, country code first."""
    return bool(_NUMBER.fullmatch(text))


def is_sender_id(text: str) -> bool:
    """Tell whether a text can stand in the place of the sender's number."""
    return bool(_SENDER_ID.fullmatch(text))


def allowed_parts(settings: Mapping[str, str]) -> int | None:
    """Return how many parts the account pays for at most; None when it sets no bound, or none that could be one."""
    stated = settings.get("max_parts", "")
    return int(stated) if _MAX_PARTS.fullmatch(stated) else None


def build_body(content: Content, settings: Mapping[str, str]) -> dict[str, object]:
    """Return the request's fields."""
    attributes = {
        "AWS.SNS.SMS.SenderID": settings.get("sender_id", ""),
        "AWS.SNS.SMS.SMSType": settings.get("sms_type", ""),
    }
    body: dict[str, object] = {
        "Action": "Publish",
        "Version": "2010-03-31",
        "PhoneNumber": settings.get("number", ""),
        "Message": compose(content),
    }
    stated = [(name, value) for name, value in attributes.items() if value]
    for number, (name, value) in enumerate(stated, start=1):
        entry = f"MessageAttributes.entry.{number}"
        body |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
    return body


def build_question(settings: Mapping[str, str]) -> dict[str, object]:
    """Return the fields of the question whether whoever has the account's number opted out of messages."""
    return {
        "Action": "CheckIfPhoneNumberIsOptedOut",
        "Version": "2010-03-31",
        "phoneNumber": settings.get("number", ""),
    }


def encode(body: Mapping[str, object]) -> bytes:
    """Return the exact bytes that are signed and sent."""
    return urlencode({name: str(value) for name, value in body.items()}).encode("ascii")
