"""Images as the platforms get them: uploaded or fetched, judged, kept, and shown on the wall."""

from __future__ import annotations

import hashlib
import html
import io
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from local.platforms.store import Post, Store

TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
FETCH_LIMIT: Final = 20_000_000
FETCH_SECONDS: Final = 10
#: Shown on the wall of posts that name pictures elsewhere: local mode keeps its own on loopback.
OWN_PLACES: Final = ("http://127.0.0.1:", "http://localhost:")


class BadImageError(Exception):
    """What came is no image that the platform takes; the text says why, in no platform's words."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One image that a platform has."""

    id: str
    media_type: str
    width: int
    height: int
    sha256: str
    body: bytes


def read_image(body: bytes, *, upload_id: str, types: Container[str], max_size: int, max_pixels: int) -> Upload:
    """Judge bytes as a platform does that looks at them; raise BadImageError."""
    if len(body) > max_size:
        raise BadImageError(f"larger than {max_size} bytes")
    try:
        with Image.open(io.BytesIO(body), formats=list(TYPES)) as image:
            media_type, (width, height) = TYPES[str(image.format)], image.size
            if width * height > max_pixels:
                raise BadImageError(f"more than {max_pixels} pixels")
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadImageError("not an image, or cut off") from error
    if media_type not in types:
        raise BadImageError(f"{media_type} is not taken")
    sha = hashlib.sha256(body).hexdigest()
    return Upload(id=upload_id, media_type=media_type, width=width, height=height, sha256=sha, body=body)


def fetch(url: str) -> bytes:
    """Fetch an image the way a platform does that is given addresses; from this machine only."""
    if not url.startswith(OWN_PLACES):
        raise BadImageError("the address cannot be reached")
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - loopback, checked above
            body: bytes = answer.read(FETCH_LIMIT + 1)
    except OSError as error:
        raise BadImageError("the address cannot be read") from error
    return body


def shown(upload: Upload, alt_text: str) -> dict[str, object]:
    """Return what a post keeps of an image, under `images` of its details."""
    return {"id": upload.id, "alt_text": alt_text, "sha256": upload.sha256, "media_type": upload.media_type}


def of_post(post: Post) -> Sequence[Mapping[str, object]]:
    """Return the images of a post as `shown` put them there."""
    images = post.details.get("images", ())
    return images if isinstance(images, list) else ()


def find(store: Store, channel: str, account: str, upload_id: str) -> Upload | None:
    """Return an image that was uploaded to an account, or None: what was uploaded may be none."""
    kept = store.find_upload(channel, account, upload_id) or b""
    try:
        return read_image(kept, upload_id=upload_id, types=TYPES.values(), max_size=len(kept), max_pixels=10**9)
    except BadImageError:
        return None


def place(post: Post, image: Mapping[str, object]) -> str:
    """Return where the wall serves an image of a post."""
    return "/media/" + "/".join(quote(part, safe="") for part in (post.channel, post.account, str(image["id"])))


def gallery(post: Post) -> str:
    """Draw the images of a post, with their descriptions where a network shows them."""
    figures = "".join(
        f'<img src="{html.escape(place(post, image))}"'
        f' alt="{html.escape(str(image["alt_text"]))}" title="{html.escape(str(image["alt_text"]))}" loading="lazy">'
        for image in of_post(post)
    )
    return f'<div class="gallery count-{min(len(of_post(post)), 5)}">{figures}</div>' if figures else ""
