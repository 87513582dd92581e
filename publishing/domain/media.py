"""Media: pictures and videos of the library, and the files that were made of each when its upload was verified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from publishing.domain.errors import FieldProblem
from publishing.domain.ids import digest
from publishing.domain.outcome import Problem
from publishing.domain.video import VIDEO_EXTENSIONS, VIDEO_LIMIT, VideoFacts, brand_type, is_video
from publishing.domain.wording import phrase

#: Pictures that can be uploaded, with the ending of the files that are made of them. SVG is a program, not a picture:
#: never.
EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/gif": "gif",
        "image/webp": "webp",
    }
)
_ENDINGS: Final[Mapping[str, str]] = MappingProxyType({**EXTENSIONS, **VIDEO_EXTENSIONS})
#: Everything that can be uploaded.
MEDIA_TYPES: Final = tuple(_ENDINGS)
#: The largest picture that can be uploaded.
UPLOAD_LIMIT: Final = 20_000_000
#: The largest picture that is decoded (width times height); 40 million take 160 MB of memory at most.
PIXEL_LIMIT: Final = 40_000_000
#: The same of WebP, whose decoder and encoder each hold further copies of the picture.
WEBP_PIXEL_LIMIT: Final = 12_000_000
#: The most frames of an animation, and the most pixels of all of them together: the encoders hold them all.
FRAME_LIMIT: Final = 500
ANIMATION_LIMIT: Final = 40_000_000
NAME_LIMIT: Final = 200
#: What a file made of a medium can have at most; a worker reads it whole.
RENDITION_LIMIT: Final = 30_000_000
#: A smaller JPEG is made of what is larger than this, in bytes or on its longer side.
SMALL_SIZE: Final = 950_000
SMALL_SIDE: Final = 2_048
#: How long the longer side of what lists show is, in pixels.
THUMBNAIL_SIDE: Final = 480
#: How long an upload is allowed for.
UPLOAD_FOR: Final = timedelta(minutes=10)
#: How many media one message can use.
MEDIA_LIMIT: Final = 20
#: How many media one page of a filtered list looks at, at most.
LOOKED_AT: Final = 500


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
    """One file made of a medium.

    A picture is decoded and encoded anew, so that nothing of the upload but the picture is in it; a video is the very
    file that was uploaded.
    """

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
    #: None of a picture.
    video: VideoFacts | None = None

    @property
    def pixels(self) -> int:
        """How many pixels one frame has."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One picture or video of the library."""

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
    #: What lists show of it; no channel gets it. None where none could be made.
    thumbnail: Rendition | None = None
    problem: Problem | None = None
    #: Random and told nobody: the names of its files are derived from it. Empty in lists.
    token: str = field(default="", repr=False)
    #: Grows with every message that begins to use it, so that a delete cannot overlook one. Zero in lists.
    use_rev: int = 0
    #: Grows with every edit by a person; the ETag of the API.
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def is_video(self) -> bool:
        """Tell whether it is a video, or is to become one."""
        return is_video(self.media_type)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of all its files in the bucket, what was uploaded among them."""
        files = self.renditions if self.thumbnail is None else (*self.renditions, self.thumbnail)
        return (self.upload_key, *(file.key for file in files))

    @property
    def upload_key(self) -> str:
        """The name under which what was uploaded waits in the bucket. Nobody but the service reads it there."""
        return f"uploads/{self.owner}/{self.id}"

    def file_key(self, fingerprint: str, media_type: str) -> str:
        """Return the name of a file made of this medium: 160 bits that nobody can guess without its token.

        The fingerprint follows from the file's bytes: verified twice at once, the same bytes get the same name, and
        other bytes another one.
        """
        return f"media/{digest(self.token, fingerprint)[:40]}.{_ENDINGS[media_type]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMedium:
    """What somebody wants to upload."""

    name: str
    media_type: str
    #: In bytes, exactly.
    size: int
    alt_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumChanges:
    """What an edit changes; None leaves a field as it is."""

    name: str | None = None
    alt_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumFilter:
    """Which media a list shows."""

    #: Found in the name or the alternative text, whatever its case; empty for all.
    text: str = ""
    #: Only those that can be used, or only those that cannot (not uploaded yet, refused); None for both.
    is_ready: bool | None = None

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return not self.text.strip() and self.is_ready is None

    def takes(self, medium: Medium) -> bool:
        """Tell whether the list shows a medium."""
        if self.is_ready is not None and (medium.status is MediaStatus.READY) is not self.is_ready:
            return False
        wanted = self.text.strip().casefold()
        return wanted in medium.name.casefold() or wanted in medium.alt_text.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Permission to upload one file: a form to be posted, with these fields before the file."""

    url: str
    fields: Mapping[str, str] = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file made of a medium, with its bytes, before it has a name."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    frames: int = 1


def upload_problems(wanted: NewMedium) -> Iterator[FieldProblem]:
    """Yield what is wrong with something that somebody wants to upload."""
    if not wanted.name.strip():
        detail = "The name is empty. Give the file's name, so that people find it again."
        yield FieldProblem(pointer="/name", code="blank", detail=detail)
    if wanted.media_type not in MEDIA_TYPES:
        names = ", ".join(MEDIA_TYPES)
        detail = f"Such files cannot be published. Possible are: {names}. Save the file as one of them."
        yield FieldProblem(pointer="/media_type", code="unsupported_type", detail=detail)
    if wanted.size < 1:
        yield FieldProblem(pointer="/size", code="empty", detail="The file is empty. Choose another one.")
    limit, what = (VIDEO_LIMIT, phrase("video")) if is_video(wanted.media_type) else (UPLOAD_LIMIT, phrase("picture"))
    if wanted.size > limit:
        detail = f"The file has {wanted.size:,} bytes; {limit:,} are possible. Make the {what} smaller."
        yield FieldProblem(pointer="/size", code="too_large", detail=detail)


def kind_of(content: bytes) -> str | None:
    """Return what a file is by its first bytes: a media type, or None for what is none of the known kinds."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return brand_type(content) or next((kind for start, kind in _STARTS if content.startswith(start)), None)


def mismatch(stated: str, content: bytes) -> Problem | None:
    """Return what is wrong when a file is not of the type that its uploader stated."""
    found = kind_of(content)
    if found == stated:
        return None
    said = type_name(stated)
    if found is None:
        what = phrase("video") if is_video(stated) else phrase("picture")
        detail = f"The file says {said}, and is no {what} that can be read. Export it again as {said}."
    elif found in MEDIA_TYPES:
        detail = f"The file says {said}, and is {type_name(found)}. Upload it again as what it is."
    else:
        detail = f"The file says {said}, and is {type_name(found)}. That cannot be published: export it as {said}."
    return Problem(code="wrong_type", detail=detail, retryable=False)


def type_name(media_type: str) -> str:
    """Return what people call a media type: `JPEG`."""
    if media_type in VIDEO_EXTENSIONS:
        return VIDEO_EXTENSIONS[media_type].upper()
    return media_type.rpartition("/")[2].removesuffix("+xml").upper()


#: How files begin; those that cannot be used are here to be named. WebP is told by its eighth byte, videos by `ftyp`.
_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"<svg", "image/svg+xml"),
    (b"<!DOCTYPE html", "text/html"),
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
