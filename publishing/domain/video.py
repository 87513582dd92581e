"""Videos of the library: what is known of one, by what its container says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: Videos that can be uploaded, with the ending of their files: both are the ISO base media file format.
VIDEO_EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType({"video/mp4": "mp4", "video/quicktime": "mov"})
#: The largest video that can be uploaded.
VIDEO_LIMIT: Final = 500_000_000
#: The longest side that is possible, in pixels, and the longest duration, in milliseconds: four hours.
VIDEO_SIDE_LIMIT: Final = 8_192
VIDEO_DURATION_LIMIT: Final = 4 * 60 * 60 * 1000
#: The first four letters behind `ftyp`, or any of those after them, by which MP4 is told.
_MP4_BRANDS: Final = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9",
     b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"mmp4"}
)  # fmt: skip
_OTHER_BRANDS: Final[Mapping[bytes, str]] = MappingProxyType(
    {b"qt  ": "video/quicktime", b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif",
     b"msf1": "image/heif", b"avif": "image/avif", b"avis": "image/avif", b"M4A ": "audio/m4a", b"M4B ": "audio/m4b"}
)  # fmt: skip
#: What people call an encoding, by its four letters. https://mp4ra.org/registered-types/sampleentries
_ENCODINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"avc1": "H.264", "avc3": "H.264", "hvc1": "HEVC", "hev1": "HEVC", "vp08": "VP8", "vp09": "VP9", "av01": "AV1",
     "mp4v": "MPEG-4", "mp4a": "AAC", "ac-3": "Dolby Digital", "ec-3": "Dolby Digital Plus", "Opus": "Opus"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """What a video's container says besides its size in pixels."""

    duration_ms: int
    #: The four letters of the picture's encoding: `avc1` for H.264, `hvc1` for HEVC.
    codec: str
    #: The same of the sound: `mp4a` for AAC. None where there is none.
    sound: str | None = None

    @property
    def picture_encoding(self) -> str:
        """Return what people call the picture's encoding; its letters where they have no name."""
        return _ENCODINGS.get(self.codec, self.codec)

    @property
    def sound_encoding(self) -> str:
        """Return what people call the sound's encoding; empty where there is none."""
        return _ENCODINGS.get(self.sound, self.sound) if self.sound else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A video that can be kept, as it is shown: upright."""

    width: int
    height: int
    facts: VideoFacts


def is_video(media_type: str) -> bool:
    """Tell whether a media type is one of the videos that can be uploaded."""
    return media_type in VIDEO_EXTENSIONS


def brand_type(content: bytes) -> str | None:
    """Return what a file of the ISO base media family is by its `ftyp`, or None for none that is known here."""
    if content[4:8] != b"ftyp":
        return None
    major = content[8:12]
    if major in _OTHER_BRANDS:
        return _OTHER_BRANDS[major]
    end = min(int.from_bytes(content[:4]), len(content))
    brands = {major, *(content[start : start + 4] for start in range(16, end - 3, 4))}
    return "video/mp4" if brands & _MP4_BRANDS else None


def clock_time(duration_ms: int) -> str:
    """Return a duration as players show it: `1:05`, `2:00:00`; what is shorter than a second is `0:01`."""
    seconds = max(1, round(duration_ms / 1000))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
