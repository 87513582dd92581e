"""Content to a page's post, and the parts of a Graph request that depend on the account. Pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture
from publishing.channels.base.text import normal_form, with_link
from publishing.domain.content import Content

TEXT_LIMIT: Final = 63_206
#: The current version of the Graph API on 2026-11-22; an account's `api_version` replaces it.
VERSION: Final = "v26.0"
#: What a post can show. The README beside this file names the source of each number.
IMAGES: Final = ImageRules(limit=10, types=("image/jpeg", "image/png", "image/gif"), max_size=4_000_000)

_VERSION: Final = re.compile(r"v\d{1,3}\.\d{1,2}")
_PAGE_ID: Final = re.compile(r"\d{1,30}")


def compose(content: Content) -> str:
    """Return the post's text. A link stands in it only where images take the place of its card."""
    return with_link(content.text, content.link) if content.media else content.text


def measure(text: str) -> int:
    """Return a text's length: code points."""
    return len(text)


def build_body(submission: Submission, shown: Sequence[Picture] = ()) -> dict[str, object]:
    """Return the post's fields. A link becomes the card below the text, unless images stand there.

    Those stand in it as what Facebook is to fetch, until `with_photos` names what became of them.
    """
    body: dict[str, object] = {"message": compose(submission.content)}
    if shown:
        body["images"] = [
            {"url": picture.url, "alt_text": picture.alt_text, "sha256": picture.rendition.sha256} for picture in shown
        ]
    elif submission.content.link:
        body["link"] = submission.content.link
    return body


def photo_fields(body: Mapping[str, object], position: int) -> dict[str, object]:
    """Return the request that gives Facebook one image, which nobody sees until a post shows it."""
    images = body["images"]
    image = images[position] if isinstance(images, list) else {}
    fields: dict[str, object] = {"url": image["url"], "published": False}
    if image["alt_text"].strip():
        fields["alt_text_custom"] = image["alt_text"]
    return fields


def with_photos(body: Mapping[str, object], ids: Sequence[str]) -> dict[str, object]:
    """Return the post's fields as they are sent: with the images by the ids that Facebook gave them."""
    sent = {name: value for name, value in body.items() if name != "images"}
    return {**sent, "attached_media": [{"media_fbid": one} for one in ids]} if ids else sent


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
