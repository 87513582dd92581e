"""Media: images of the library, and the files that were made of each when its upload was verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from publishing.domain.outcome import Problem

#: What can be uploaded, with the ending of the files that are made of it. SVG is a program, not a picture: never.
EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/gif": "gif",
        "image/webp": "webp",
    }
)
#: The largest file that can be uploaded.
UPLOAD_LIMIT: Final = 20_000_000
#: The largest picture that is decoded (width times height); 40 million take 160 MB of memory at most.
PIXEL_LIMIT: Final = 40_000_000
#: The most frames of an animation, and the most pixels of all of them together.
FRAME_LIMIT: Final = 500
ANIMATION_LIMIT: Final = 250_000_000
NAME_LIMIT: Final = 200
#: How many media one message can use.
MEDIA_LIMIT: Final = 20


class MediaStatus(StrEnum):
    """Where a medium is in its life."""

    #: The upload was allowed; nothing, or something unverified, is there.
    UPLOADING = "uploading"
    #: Verified and usable.
    READY = "ready"
    #: What was uploaded cannot be used; the problem says why.
    REFUSED = "refused"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One file made of a medium: decoded and encoded anew, so that nothing of the upload but the picture is in it."""

    #: The object's name in the bucket, and the end of its public address. Unguessable.
    key: str
    media_type: str
    #: In bytes.
    size: int
    #: In pixels, as it is shown.
    width: int
    height: int
    #: Hex.
    sha256: str
    frames: int = 1

    @property
    def pixels(self) -> int:
        """How many pixels one frame has."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One picture of the library."""

    id: str
    #: Id of the user who uploaded it.
    owner: str
    status: MediaStatus
    #: The file's name as the uploader called it; for people only.
    name: str
    #: What the uploader said it would be, and how large; the upload is refused when it is larger.
    media_type: str
    size: int
    #: Of its own: used where a message says nothing else.
    alt_text: str = ""
    #: The first is the picture in full; those after it are smaller, for channels that take less.
    renditions: tuple[Rendition, ...] = ()
    problem: Problem | None = None
    #: Grows with every change; the ETag of the API.
    rev: int = 1
    created_at: datetime
    updated_at: datetime
