"""Blobs: files that were uploaded, named by their content, and usable by records of the same account."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.base import Call, Commit, Response, World, json_response
from local.platforms.bluesky.records import COLLECTION, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Of every file, whatever it is (`PDS_BLOB_UPLOAD_LIMIT`).
UPLOAD_LIMIT = 5 * 1024 * 1024
#: Of an image in a post: what the lexicon says, and what servers from before 2026 enforce.
IMAGE_LIMIT = 2_000_000
IMAGE_LIMITS = (1_000_000, IMAGE_LIMIT)
PIXEL_LIMIT = 100_000_000
CHANNEL = "bluesky"


class BlobShelf:
    """The blobs of all accounts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def upload(self, call: Call) -> Commit:
        """Take any file; what it is looked at for is said by its first bytes rather than by its sender."""
        content = call.request.body
        if len(content) > UPLOAD_LIMIT:
            raise RefusedError(
                "request entity too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, name="PayloadTooLarge"
            )
        if not call.request.media_type:
            raise RefusedError("Request encoding (Content-Type) required but not provided")
        name = cid(content)

        def commit() -> Response:
            self._world.store.add_upload(CHANNEL, call.account, name, content)
            blob = {
                "$type": "blob",
                "ref": {"$link": name},
                "mimeType": _media_type(content) or call.request.media_type,
                "size": len(content),
            }
            return json_response({"blob": blob})

        return commit

    def use(self, account: str, record: Mapping[str, object], limit: int) -> list[dict[str, object]]:
        """Return the images of a record as the wall shows them; raises RefusedError for one that cannot be used."""
        return [self._use(account, image, limit, number) for number, image in enumerate(images_of(record))]

    def _use(self, account: str, image: Mapping[str, object], limit: int, number: int) -> dict[str, object]:
        blob = image["image"]
        stated = blob if isinstance(blob, dict) else {}
        if stated["size"] > limit:
            where = f"$.record.embed.images[{number}].image"
            sentence = f"blob too big (maximum {limit}, got {stated['size']}) at {where}"
            raise RefusedError(f"Invalid {COLLECTION} record: {sentence}")
        name = str(stated["ref"]["$link"])
        content = self._world.store.find_upload(CHANNEL, account, name)
        if content is None:
            raise RefusedError(f"Could not find blob: {name}", name="BlobNotFound")
        if stated["size"] != len(content):
            sentence = f"Referenced Size does not match stored blob. Expected: {stated['size']}, Got: {len(content)}"
            raise RefusedError(sentence, name="InvalidSize")
        media_type = _media_type(content)
        if media_type != stated["mimeType"]:
            sentence = (
                f"Referenced Mimetype does not match stored blob. Expected: {stated['mimeType']}, Got: {media_type}"
            )
            raise RefusedError(sentence, name="InvalidMimeType")
        upload = images.find(self._world.store, CHANNEL, account, name)
        if upload is None:
            raise RefusedError(f"Could not find blob: {name}", name="BlobNotFound")
        return images.shown(upload, str(image["alt"]))


def cid(content: bytes) -> str:
    """Return a blob's content id: version 1, raw, SHA-256, in base 32."""
    raw = b"\x01\x55\x12\x20" + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def images_of(record: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Return the images of a post that passed its lexicon."""
    embed = record.get("embed")
    found = embed.get("images") if isinstance(embed, dict) else None
    return found if isinstance(found, list) else []


def _media_type(content: bytes) -> str | None:
    try:
        upload = images.read_image(
            content, upload_id="", types=images.TYPES.values(), max_size=UPLOAD_LIMIT, max_pixels=PIXEL_LIMIT
        )
    except images.BadImageError:
        return None
    return upload.media_type
