"""Content to a page's post, and the parts of a Graph request that depend on the account. Pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from publishing.channels.base.contract import Submission
from publishing.channels.base.text import normal_form

TEXT_LIMIT: Final = 63_206
#: The current version of the Graph API on 2026-11-22; an account's `api_version` replaces it.
VERSION: Final = "v26.0"

_VERSION: Final = re.compile(r"v\d{1,3}\.\d{1,2}")
_PAGE_ID: Final = re.compile(r"\d{1,30}")


def measure(text: str) -> int:
    """Return a post's length: code points. Its link stands beside the text and does not count."""
    return len(text)


def build_body(submission: Submission) -> dict[str, object]:
    """Return the post's fields. A link becomes the card below the text."""
    body: dict[str, object] = {"message": submission.content.text}
    if submission.content.link:
        body["link"] = submission.content.link
    return body


def page_path(settings: Mapping[str, str]) -> str | None:
    """Return the path of the account's page; None when the account's settings name none that could be one.

    With a page's own token `me` is that page, so its id need not be known.
    """
    version, page_id = settings.get("api_version") or VERSION, settings.get("remote_id") or "me"
    if not _VERSION.fullmatch(version) or not (page_id == "me" or _PAGE_ID.fullmatch(page_id)):
        return None
    return f"/{version}/{page_id}"


def split_credential(credential: str) -> tuple[str, str | None] | None:
    """Return the page's token and the app's secret, if there is one; None when the credential cannot be that."""
    words = credential.split()
    if not 0 < len(words) < 3 or any(not (word.isascii() and word.isprintable()) for word in words):
        return None
    return words[0], words[1] if len(words) > 1 else None


def proof(token: str, secret: str) -> str:
    """Return `appsecret_proof`, which shows that a call comes from the app that the token was made for."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def comparable(text: str) -> str:
    """Return a text such that what was sent equals what the page's feed says; Facebook may rewrite white space."""
    return normal_form(text)
