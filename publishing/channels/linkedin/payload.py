"""Content to a post, and counting. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from publishing.channels.base.contract import Submission
from publishing.channels.base.text import normal_form, with_link
from publishing.channels.linkedin.littletext import to_little_text
from publishing.domain.content import Content

TEXT_LIMIT: Final = 3_000
#: The newest version of the API known on 2026-11-22; an account's `api_version` replaces it.
VERSION: Final = "202608"

_VERSION: Final = re.compile(r"20\d\d(?:0[1-9]|1[0-2])")
_AUTHOR: Final = re.compile(r"urn:li:(?:person|organization):[A-Za-z0-9_-]{1,64}")
_ORGANIZATION: Final = "urn:li:organization:"


def compose(content: Content) -> str:
    """Return the post's text. A link is part of it, unless a title lets it stand below as a card."""
    return content.text if has_card(content) else with_link(content.text, content.link)


def has_card(content: Content) -> bool:
    """Tell whether the link becomes a card: LinkedIn reads no address for a title, so it needs one of ours."""
    return bool(content.link and content.title)


def measure(text: str) -> int:
    """Return a text's length in UTF-16 units, the largest of the readings of LinkedIn's undocumented unit."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def build_body(submission: Submission, settings: Mapping[str, str]) -> dict[str, object]:
    """Return the request's fields."""
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
    return body


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
