"""Content to a post, and counting. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture
from publishing.channels.base.text import normal_form, with_link
from publishing.channels.linkedin.littletext import to_little_text
from publishing.domain.content import Content

TEXT_LIMIT: Final = 3_000
#: The newest version of the API known on 2026-11-22; an account's `api_version` replaces it.
VERSION: Final = "202608"

#: What a post can show. The README beside this file names the source of each number.
IMAGES: Final = ImageRules(
    limit=20,
    types=("image/jpeg", "image/png", "image/gif"),
    max_pixels=36_152_319,
    animates=True,
    max_frames=250,
    alt_text_limit=4_086,
)

_VERSION: Final = re.compile(r"20\d\d(?:0[1-9]|1[0-2])")
_AUTHOR: Final = re.compile(r"urn:li:(?:person|organization):[A-Za-z0-9_-]{1,64}")
_ORGANIZATION: Final = "urn:li:organization:"


def compose(content: Content) -> str:
    """Return the post's text. A link is part of it, unless it stands below as a card."""
    return content.text if has_card(content) else with_link(content.text, content.link)


def has_card(content: Content) -> bool:
    """Tell whether the link becomes a card.

    LinkedIn reads no address for a title, so it needs one of ours; and a post shows a card or images, not both.
    """
    return bool(content.link and content.title and not content.media)


def measure(text: str) -> int:
    """Return a text's length in UTF-16 units, the largest of the readings of LinkedIn's undocumented unit."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def build_body(submission: Submission, settings: Mapping[str, str], shown: Sequence[Picture] = ()) -> dict[str, object]:
    """Return the request's fields; images stand in it by their content, until `with_images` names them."""
    content = submission.content
    body: dict[str, object] = {
        "author": author(settings) or "",
        "commentary": to_little_text(compose(content)),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    if has_card(content):
        body["content"] = {"article": {"source": content.link, "title": content.title}}
    elif shown:
        body["images"] = [
            {"sha256": picture.rendition.sha256, "altText": _alt_text(picture.alt_text)} for picture in shown
        ]
    return body


def with_images(body: Mapping[str, object], urns: Sequence[str]) -> dict[str, object]:
    """Return the request as it is sent: with the images by the names that LinkedIn gave them."""
    sent = {name: value for name, value in body.items() if name != "images"}
    stated = body.get("images")
    described = stated if isinstance(stated, list) else []
    images = [
        {"id": urn, **({"altText": image["altText"]} if image["altText"] else {})}
        for urn, image in zip(urns, described, strict=True)
    ]
    if images:
        sent["content"] = {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}
    return sent


def author(settings: Mapping[str, str]) -> str | None:
    """Return the member or organization that an account publishes as; None when its settings name none."""
    stated = settings.get("remote_id", "")
    return stated if _AUTHOR.fullmatch(stated) else None


def may_read(settings: Mapping[str, str]) -> bool:
    """Tell whether the account's posts can be read back: an organization's, unless the token lacks that scope."""
    return settings.get("remote_id", "").startswith(_ORGANIZATION) and settings.get("reads") != "no"


def version(settings: Mapping[str, str]) -> str:
    """Return the API's version for an account."""
    stated = settings.get("api_version", "")
    return stated if _VERSION.fullmatch(stated) else VERSION


def comparable(text: str) -> str:
    """Return a text such that what was sent and what LinkedIn shows for it are equal."""
    return normal_form(text)


def _alt_text(text: str) -> str:
    return text if text.strip() else ""
