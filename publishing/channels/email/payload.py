"""Content to the request of `SendEmail`: subject, text part and HTML part. Pure."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture, pictures
from publishing.channels.base.text import with_link
from publishing.channels.email.address import ascii_address, mailbox
from publishing.domain.content import Content
from publishing.domain.media import MEDIA_LIMIT

#: A subject that is made of the text's first words ends here; inboxes show little more.
SUBJECT_LENGTH: Final = 70
#: Tags come back in every event about the message, and so lead back to the delivery.
KEY_TAG: Final = "omnipub-key"
MESSAGE_TAG: Final = "omnipub-message"
#: What every mail client draws; WebP is still unknown to some.
IMAGES: Final = ImageRules(limit=MEDIA_LIMIT, types=("image/jpeg", "image/png", "image/gif"), animates=True)
#: Pictures are shown at most this wide: the column that mail clients leave for a letter, in pixels.
IMAGE_WIDTH: Final = 600

_URL: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}…]", re.IGNORECASE)
#: What may stand in a subject: no character that ends or hides a line.
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PAGE: Final = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'


def compose(content: Content) -> str:
    """Return the mail's wording: the text with its link."""
    return with_link(content.text, content.link)


def to_text(text: str, shown: Sequence[Picture] = ()) -> str:
    """Return the text part: the wording, then what the pictures show and where they are."""
    if not shown:
        return text
    lines = "\n".join(f"{_label(_one_line(picture.alt_text))} {picture.url}" for picture in shown)
    return f"{text.rstrip()}\n\n{lines}"


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


def to_html(text: str, shown: Sequence[Picture] = ()) -> str:
    """Return the HTML part: paragraphs, line breaks and links, everything else escaped, and the pictures below.

    It loads the pictures and nothing else, from addresses that are the same for every reader.
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    paragraphs = re.split(r"\n{2,}", normal)
    lines = [f"<p>{_inline(paragraph).replace(chr(10), '<br>' + chr(10))}</p>" for paragraph in paragraphs]
    return _PAGE.format(body="\n".join([*lines, *map(_figure, shown)]))


def build_body(
    submission: Submission, settings: Mapping[str, str], *, rules: ImageRules | None = IMAGES
) -> dict[str, object]:
    """Return the request. Raise `BadAddressError` when sender, recipient or reply address is none."""
    text, shown = compose(submission.content), pictures(submission, rules)
    sender = mailbox(ascii_address(settings.get("sender", "")), settings.get("sender_name", ""))
    body: dict[str, object] = {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [ascii_address(settings.get("recipient", ""))]},
        "Content": {
            "Simple": {
                "Subject": _part(subject_of(submission.content)),
                "Body": {"Text": _part(to_text(text, shown)), "Html": _part(to_html(text, shown))},
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


def _figure(picture: Picture) -> str:
    """Draw a picture. Its size is stated, so that the letter does not jump when the picture comes."""
    file = picture.rendition
    width = min(file.width, IMAGE_WIDTH)
    height = max(round(file.height * width / file.width), 1)
    return (
        f'<p><img src="{html.escape(picture.url)}" alt="{html.escape(_one_line(picture.alt_text))}" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto"></p>'
    )


def _label(description: str) -> str:
    return f"[Image: {description}]" if description else "[Image]"
