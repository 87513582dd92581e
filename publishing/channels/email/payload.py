"""Content to the request of `SendEmail`: subject, text part and HTML part. Pure."""

import html
import json
import re
from collections.abc import Mapping
from typing import Final

from publishing.channels.base.contract import Submission
from publishing.channels.base.text import with_link
from publishing.channels.email.address import ascii_address, mailbox
from publishing.domain.content import Content

#: A subject that is made of the text's first words ends here; inboxes show little more.
SUBJECT_LENGTH: Final = 70
#: Tags come back in every event about the message, and so lead back to the delivery.
KEY_TAG: Final = "omnipub-key"
MESSAGE_TAG: Final = "omnipub-message"

_URL: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}…]", re.IGNORECASE)
#: What may stand in a subject: no character that ends or hides a line.
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PAGE: Final = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'


def compose(content: Content) -> str:
    """Return the text part: the wording with its link."""
    return with_link(content.text, content.link)


def subject_of(content: Content) -> str:
    """Return the subject in one line: the title, else the first words of the text."""
    title = _one_line(content.title)
    if title:
        return title
    first = next((line for line in map(_one_line, content.text.splitlines()) if line), "")
    if len(first) <= SUBJECT_LENGTH:
        return first
    head = first[: SUBJECT_LENGTH + 1]
    words, _, _ = head.rpartition(" ")
    return f"{(words or head[:SUBJECT_LENGTH]).rstrip(' ,;:.-')}…"


def to_html(text: str) -> str:
    """Return the HTML part: paragraphs, line breaks and links, everything else escaped.

    It loads nothing from anywhere, so opening the mail tells nobody.
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    paragraphs = re.split(r"\n{2,}", normal)
    body = "\n".join(f"<p>{_inline(paragraph).replace(chr(10), '<br>' + chr(10))}</p>" for paragraph in paragraphs)
    return _PAGE.format(body=body)


def build_body(submission: Submission, settings: Mapping[str, str]) -> dict[str, object]:
    """Return the request. Raise `BadAddressError` when sender, recipient or reply address is none."""
    text = compose(submission.content)
    sender = mailbox(ascii_address(settings.get("sender", "")), settings.get("sender_name", ""))
    body: dict[str, object] = {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [ascii_address(settings.get("recipient", ""))]},
        "Content": {
            "Simple": {
                "Subject": _part(subject_of(submission.content)),
                "Body": {"Text": _part(text), "Html": _part(to_html(text))},
            }
        },
        "EmailTags": [
            {"Name": KEY_TAG, "Value": submission.delivery_key},
            {"Name": MESSAGE_TAG, "Value": submission.message_id},
        ],
    }
    if settings.get("reply_to"):
        body["ReplyToAddresses"] = [ascii_address(settings["reply_to"])]
    if settings.get("configuration_set"):
        body["ConfigurationSetName"] = settings["configuration_set"]
    return body


def encode(body: Mapping[str, object]) -> bytes:
    """Return the exact bytes that are signed and sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _part(data: str) -> dict[str, str]:
    return {"Data": data, "Charset": "UTF-8"}


def _one_line(text: str) -> str:
    return " ".join(_INVISIBLE.sub(" ", text).split())


def _inline(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        address = html.escape(match.group())
        pieces += [html.escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*pieces, html.escape(text[end:])])
