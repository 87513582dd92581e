"""Media of an account: uploaded, processed for a while, attached to one status, and from then on no longer offered."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus

from PIL import Image

from local.platforms import images
from local.platforms.base import Call, Commit, Response, World, json_response
from local.platforms.forms import read_form
from local.platforms.mastodon.draft import MAX_MEDIA, RefusedError

SIZE_LIMIT = 16 * 1024 * 1024
PIXEL_LIMIT = 33_177_600
GIF_PIXEL_LIMIT = 921_600
DESCRIPTION_LIMIT = 1_500
TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
#: Of the instance's configuration.
LIMITS: Mapping[str, object] = {
    "supported_mime_types": list(TYPES),
    "description_limit": DESCRIPTION_LIMIT,
    "image_size_limit": SIZE_LIMIT,
    "image_matrix_limit": PIXEL_LIMIT,
}
CHANNEL = "mastodon"
#: Where the store keeps what is known of a file; the wall shows nothing of it.
_ABOUT = "mastodon.about"


@dataclass(frozen=True, kw_only=True)
class Medium:
    """What the server knows of one file."""

    id: str
    description: str | None
    type: str
    media_type: str
    sha256: str
    width: int
    height: int
    #: In seconds of the epoch.
    ready_at: float
    is_attached: bool = False

    def is_ready(self, now: datetime) -> bool:
        """Say whether it has been processed."""
        return now.timestamp() >= self.ready_at


class MediaShelf:
    """The media of all accounts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def upload(self, call: Call, processing: int | None) -> Commit:
        """Judge an upload; `processing` is how many seconds every file takes, None lets only animations take any."""
        form = read_form(call.request)
        file = form.get("file")
        if file is None or not file.content:
            raise RefusedError(422, "Validation failed: File can't be blank")
        description = form["description"].text if "description" in form else None
        if description and len(description) > DESCRIPTION_LIMIT:
            raise RefusedError(
                422, f"Validation failed: Description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
            )
        now = self._world.now()
        number = str((int(now.timestamp() * 1000) << 16) + self._world.store.next_number() % 65536)
        upload = _judge(file.content, number)
        is_animation = _is_animation(upload)
        medium = Medium(
            id=number,
            description=description,
            type="gifv" if is_animation else "image",
            media_type=upload.media_type,
            sha256=upload.sha256,
            width=upload.width,
            height=upload.height,
            ready_at=now.timestamp() + (processing or 0),
        )

        def commit() -> Response:
            self._world.store.add_upload(CHANNEL, call.account, number, file.content)
            self._put(call.account, medium)
            is_later = processing is not None or is_animation
            status = HTTPStatus.ACCEPTED if is_later else HTTPStatus.OK
            return json_response(self._entity(call.account, medium, is_ready=not is_later), status=status)

        return commit

    def show(self, call: Call) -> Response:
        """Answer what became of an upload, as long as no status has it."""
        medium = self.find(call.account, call.path[-1])
        if medium is None or medium.is_attached:
            raise RefusedError(404, "Record not found")
        is_ready = medium.is_ready(self._world.now())
        status = HTTPStatus.OK if is_ready else HTTPStatus.PARTIAL_CONTENT
        return json_response(self._entity(call.account, medium, is_ready=is_ready), status=status)

    def choose(self, account: str, ids: Sequence[str]) -> Sequence[Medium]:
        """Return the media for a new status; raises RefusedError unless each can be attached."""
        found = [(one, self.find(account, one)) for one in ids[:MAX_MEDIA]]
        unusable = [one for one, medium in found if medium is None or medium.is_attached]
        if unusable:
            raise RefusedError(422, f"Media {', '.join(unusable)} not found or already attached to another post")
        media = [medium for _, medium in found if medium is not None]
        if not all(medium.is_ready(self._world.now()) for medium in media):
            raise RefusedError(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        return media

    def attach(self, account: str, media: Sequence[Medium]) -> None:
        """Note that a status has them."""
        for medium in media:
            self._put(account, Medium(**{**asdict(medium), "is_attached": True}))

    def entities(self, account: str, ids: Sequence[str]) -> list[dict[str, object]]:
        """Return a status's media as the API words them."""
        media = [self.find(account, one) for one in ids]
        return [self._entity(account, medium, is_ready=True) for medium in media if medium is not None]

    def find(self, account: str, media_id: str) -> Medium | None:
        """Return what is known of a file, or None."""
        kept = self._world.store.find_upload(_ABOUT, account, media_id)
        return Medium(**json.loads(kept)) if kept is not None else None

    def _put(self, account: str, medium: Medium) -> None:
        self._world.store.add_upload(_ABOUT, account, medium.id, json.dumps(asdict(medium)).encode())

    def _entity(self, account: str, medium: Medium, *, is_ready: bool) -> dict[str, object]:
        url = f"{self._world.url}/media/{CHANNEL}/{account}/{medium.id}"
        size = {"width": medium.width, "height": medium.height, "size": f"{medium.width}x{medium.height}"}
        return {
            "id": medium.id,
            "type": medium.type,
            "url": url if is_ready else None,
            "preview_url": url,
            "remote_url": None,
            "text_url": None,
            "meta": {"original": {**size, "aspect": medium.width / medium.height}},
            "description": medium.description,
            "blurhash": None,
        }


def shown(medium: Medium) -> dict[str, object]:
    """Return what a post keeps of a medium for the wall and the evidence."""
    return {
        "id": medium.id,
        "alt_text": medium.description or "",
        "sha256": medium.sha256,
        "media_type": medium.media_type,
    }


def _judge(content: bytes, media_id: str) -> images.Upload:
    try:
        upload = images.read_image(
            content, upload_id=media_id, types=TYPES, max_size=SIZE_LIMIT, max_pixels=PIXEL_LIMIT
        )
    except images.BadImageError as error:
        raise RefusedError(422, f"Validation failed: File {error}") from error
    if upload.media_type == "image/gif" and upload.width * upload.height > GIF_PIXEL_LIMIT:
        raise RefusedError(422, f"{upload.width}x{upload.height} GIF files are not supported")
    return upload


def _is_animation(upload: images.Upload) -> bool:
    with Image.open(io.BytesIO(upload.body)) as image:
        return upload.media_type == "image/gif" and int(getattr(image, "n_frames", 1)) > 1
