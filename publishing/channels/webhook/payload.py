"""Content to request body and signature. Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import Picture, pictures
from publishing.domain.media import EXTENSIONS, MEDIA_LIMIT

EVENT_TYPE: Final = "message.published"
IMAGES: Final = ImageRules(limit=MEDIA_LIMIT, types=tuple(EXTENSIONS), animates=True)


def build_body(submission: Submission) -> dict[str, object]:
    """Return the event that a receiver gets; its shape is documented in the README beside this file."""
    content = submission.content
    return {
        "id": submission.delivery_key,
        "type": EVENT_TYPE,
        "due_at": _moment(submission.due_at),
        "message": {
            "id": submission.message_id,
            "title": content.title,
            "text": content.text,
            "link": content.link,
            "media": [_medium(picture) for picture in pictures(submission, IMAGES)],
        },
    }


def _medium(picture: Picture) -> dict[str, object]:
    file = picture.rendition
    return {
        "url": picture.url,
        "type": file.media_type,
        "size": file.size,
        "width": file.width,
        "height": file.height,
        "sha256": file.sha256,
        "alt_text": picture.alt_text,
    }


def encode(body: Mapping[str, object]) -> bytes:
    """Return the exact bytes that are signed and sent: the same for every attempt."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def sign(raw: bytes, *, key: str, timestamp: int, credential: str) -> str:
    """Return the signature header. A credential of several secrets, one a word, signs with each of them."""
    signed = b".".join((key.encode(), str(timestamp).encode(), raw))
    return ",".join(
        f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in credential.split()
    )


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
