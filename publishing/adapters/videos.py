"""Reading what a video's container says of itself, by a few ranged reads: no decoder, and never the pictures.

A file of the ISO base media family (MP4, MOV) is a row of boxes, each with its length and four letters. The boxes of
the top are walked by their headers alone; of `moov`, which describes the tracks, all is read, and it may be 8 MB. What
stands inside is found on fixed paths, without recursion: however deep a file is nested, nobody follows it there.

No library: those that are kept read whole files, or build a tree of everything that the file asks for.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from publishing.domain.media import mismatch
from publishing.domain.outcome import Problem
from publishing.domain.video import VIDEO_DURATION_LIMIT, VIDEO_SIDE_LIMIT, Footage, VideoFacts
from publishing.domain.wording import phrase

#: Returns so many bytes from an offset on; fewer where the file ends.
Read = Callable[[int, int], bytes]

#: What `inspect` reads at most: requests, and bytes of all of them.
READ_LIMIT: Final = 40
BYTES_LIMIT: Final = 10_000_000
_MOOV_LIMIT: Final = 8_000_000
#: What else may describe the file beside `moov`, and is searched for places.
_NOTES_LIMIT: Final = 1_000_000
_HEAD: Final = 4_096
_TOP_LIMIT: Final = 32
_CHILD_LIMIT: Final = 1_000
_TRACK_LIMIT: Final = 32

#: Boxes beside `moov` that carry notes, and those inside it and its tracks that carry none.
_TOP_NOTES: Final = frozenset({b"uuid", b"meta", b"udta"})
_NO_NOTES: Final = frozenset({b"mvhd", b"trak", b"iods", b"tkhd", b"mdia", b"edts", b"tref", b"tapt", b"free", b"skip"})
#: Where a video was filmed: 3GPP's and QuickTime's boxes, those of cameras, Apple's key, XMP's names.
_PLACE_BOXES: Final = frozenset({b"loci", b"\xa9xyz", b"GPMF", b"gps "})
_PLACE_WORDS: Final = (b"\xa9xyz", b"location.ISO6709", b"GPSLatitude", b"GPSCoordinates")
#: Tracks in which cameras write down the way they took.
_PLACE_TRACKS: Final = frozenset({"gpmd", "camm", "rtmd"})
_PROTECTED: Final = frozenset({"encv", "enca", "drmi", "drms"})

_CUT_OFF: Final = "The file is cut off: it says that it is longer than it is. Export it again, and upload all of it."


class RefusedVideoError(Exception):
    """The bytes are no video that can be used. `problem` says why, to an editor."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(code=code, detail=detail, retryable=False)


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    #: Of what stands in it, behind its header.
    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    kind: bytes
    codec: str
    width: int
    height: int


class _Source:
    """A file that is read in parts, so many and no more."""

    def __init__(self, read: Read, size: int) -> None:
        self.size = size
        self._read = read
        self._reads = self._bytes = 0
        self._head = b""
        self._head = self.part(0, min(_HEAD, size))

    def part(self, offset: int, length: int) -> bytes:
        """Return exactly these bytes; what was read before is not asked for again."""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        self._reads += 1
        self._bytes += length
        if self._reads > READ_LIMIT or self._bytes > BYTES_LIMIT:
            raise _damaged()
        content = self._read(offset, length)
        if len(content) != length:
            raise RefusedVideoError("cut_off", _CUT_OFF)
        return content


def inspect(read: Read, size: int, media_type: str) -> Footage:
    """Return what a video's container says of it.

    Raises RefusedVideoError when the file is not what it is said to be, is cut off or damaged, has no pictures, is too
    long or too large, is protected, or says where it was filmed; and whatever `read` raises.
    """
    source = _Source(read, size)
    if problem := mismatch(media_type, source.part(0, min(_HEAD, size))):
        raise RefusedVideoError(problem.code, problem.detail)
    boxes = list(_top(source))
    found = [box for box in boxes if box.kind == b"moov"]
    if not found:
        # It is written last by many cameras: a recording that was broken off has none.
        raise RefusedVideoError("cut_off", "The file has no description of its pictures. Export it again.")
    if len(found) > 1:
        raise _damaged()
    if not any(box.kind == b"mdat" and box.size for box in boxes):
        raise RefusedVideoError("no_pictures", "There are no pictures in the file. Export it again, as one file.")
    for box in boxes:
        if box.kind in _TOP_NOTES:
            _demand_no_place(_whole(source, box, _NOTES_LIMIT), box.kind)
    return _footage(_whole(source, found[0], _MOOV_LIMIT))


def _top(source: _Source) -> Iterator[_Box]:
    offset = 0
    for _ in range(_TOP_LIMIT):
        left = source.size - offset
        if left < 8:
            if left:
                raise RefusedVideoError("cut_off", _CUT_OFF)
            return
        box = _box(source.part(offset, min(16, left)), left, is_top=True)
        yield _Box(box.kind, offset + box.start, box.size)
        offset += box.start + box.size
    if offset < source.size:
        raise _damaged(phrase("is made of too many parts, as live recordings are"))


def _box(header: bytes, left: int, *, is_top: bool = False) -> _Box:
    """Return the box that starts with these bytes, `left` before its surroundings end; its start is relative."""
    length, kind = struct.unpack_from(">I4s", header)
    start = 8
    if length == 1:
        if len(header) < 16:
            raise _damaged()
        length, start = int.from_bytes(header[8:16]), 16
    elif length == 0 and is_top and kind == b"mdat":
        length = left  # to the file's end
    if length < start:
        raise _damaged()
    if length > left:
        raise RefusedVideoError("cut_off", _CUT_OFF) if is_top else _damaged()
    return _Box(kind, start, length - start)


def _whole(source: _Source, box: _Box, limit: int) -> bytes:
    if box.size > limit:
        raise _damaged(phrase("describes itself at a length that no video needs"))
    return source.part(box.start, box.size)


# --- inside moov ------------------------------------------------------------------------------------------------------


def _children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what the boxes of a box are and hold. What is too short to be one at the end is QuickTime's terminator."""
    offset = 0
    for _ in range(_CHILD_LIMIT):
        left = len(content) - offset
        if left < 8:
            return
        box = _box(content[offset : offset + 16], left)
        yield box.kind, content[offset + box.start : offset + box.start + box.size]
        offset += box.start + box.size
    raise _damaged()


def _child(content: bytes, *path: bytes) -> bytes:
    """Return what the first box on a path holds; nothing where there is none."""
    for kind in path:
        content = next((held for each, held in _children(content) if each == kind), b"")
    return content


def _footage(moov: bytes) -> Footage:
    boxes = list(_children(moov))
    kinds = [kind for kind, _ in boxes]
    if b"mvex" in kinds:
        raise RefusedVideoError("fragmented", "The video is stored in fragments, for streaming. Export it as one file.")
    if kinds.count(b"trak") > _TRACK_LIMIT:
        raise _damaged()
    _demand_no_notes_of_places(boxes)
    tracks = [_track(held) for kind, held in boxes if kind == b"trak"]
    if any(track.codec in _PLACE_TRACKS for track in tracks):
        raise _place()
    if any(track.codec in _PROTECTED for track in tracks):
        raise RefusedVideoError("protected", "The video is protected against copying. Export it without protection.")
    picture = next((track for track in tracks if track.kind == b"vide"), None)
    if picture is None:
        raise RefusedVideoError("no_pictures", "There are no pictures in the file, only sound. Choose a video.")
    _demand_size(picture)
    sound = next((track.codec for track in tracks if track.kind == b"soun"), None)
    facts = VideoFacts(duration_ms=_duration(_child(moov, b"mvhd")), codec=picture.codec, sound=sound)
    return Footage(width=picture.width, height=picture.height, facts=facts)


def _duration(mvhd: bytes) -> int:
    # Version and flags; two moments, the time scale, the duration: 32 bits each, in version 1 the scale alone is that.
    scale, duration = _unpack(">20xIQ", mvhd) if mvhd[:1] == b"\x01" else _unpack(">12xII", mvhd)
    if not scale or not duration:
        raise RefusedVideoError("no_duration", "The video lasts no time at all. Export it again.")
    milliseconds: int = duration * 1000 // scale
    if milliseconds > VIDEO_DURATION_LIMIT:
        hours = VIDEO_DURATION_LIMIT // 3_600_000
        raise RefusedVideoError("too_long", f"The video lasts longer than {hours} hours. Shorten it.")
    return max(1, milliseconds)


def _track(trak: bytes) -> _Track:
    mdia = _child(trak, b"mdia")
    (kind,) = _unpack(">8x4s", _child(mdia, b"hdlr"))
    minf = _child(mdia, b"minf")
    entry = _child(minf, b"stbl", b"stsd")
    codec, *stated = _described(kind, entry)
    if any(word in entry for word in _PLACE_WORDS):
        raise _place()
    if kind != b"vide":
        return _Track(kind=kind, codec=codec, width=0, height=0)
    _demand_self_contained(_child(minf, b"dinf", b"dref"))
    width, height = _shown(_child(trak, b"tkhd"), stated)
    return _Track(kind=kind, codec=codec, width=width, height=height)


def _described(kind: bytes, stsd: bytes) -> tuple[str, int, int]:
    """Return the encoding of a track by its first sample description, and width and height where it has pictures."""
    (code,) = _unpack(">12x4s", stsd)
    if not all(0x20 <= letter < 0x7F for letter in code):
        raise _damaged()
    # The entry's header has 16 bytes, then 16 of QuickTime's own; version, flags and count stand before it.
    width, height = _unpack(">40xHH", stsd) if kind == b"vide" else (0, 0)
    return code.decode("ascii").strip(), width, height


def _shown(tkhd: bytes, stated: list[int]) -> tuple[int, int]:
    """Return width and height as a track is shown: turned as its matrix says; of its description where it has none."""
    skipped = 52 if tkhd[:1] == b"\x01" else 40
    a, b, c, d, width, height = _unpack(f">{skipped}xii4xii16xII", tkhd)
    # Fixed point, 16 bits behind it.
    size = (round(width / 65_536), round(height / 65_536))
    across, down = size if all(size) else (stated[0], stated[1])
    is_turned = a == d == 0 and b != 0 and c != 0
    return (down, across) if is_turned else (across, down)


# --- what is refused --------------------------------------------------------------------------------------------------


def _demand_size(picture: _Track) -> None:
    if not picture.width or not picture.height:
        raise _damaged()
    if max(picture.width, picture.height) > VIDEO_SIDE_LIMIT:
        detail = (
            f"The video has {picture.width:,} by {picture.height:,} pixels; "
            f"{VIDEO_SIDE_LIMIT:,} on a side are possible. Make it smaller."
        )
        raise RefusedVideoError("too_many_pixels", detail)


def _demand_self_contained(dref: bytes) -> None:
    """Refuse pictures that stand in another file. Bit 0 of a reference's flags says that they are in this one."""
    if any(len(held) < 4 or not held[3] & 1 for _, held in _children(dref[8:])):
        raise RefusedVideoError("refers_elsewhere", "The video's pictures are in another file. Export it as one file.")


def _demand_no_notes_of_places(boxes: list[tuple[bytes, bytes]]) -> None:
    for kind, held in boxes:
        if kind == b"trak":
            _demand_no_notes_of_places([each for each in _children(held) if each[0] != b"trak"])
        elif kind not in _NO_NOTES:
            _demand_no_place(held, kind)


def _demand_no_place(notes: bytes, kind: bytes) -> None:
    if kind in _PLACE_BOXES or any(word in notes for word in _PLACE_WORDS):
        raise _place()
    if kind == b"udta" and any(each in _PLACE_BOXES for each, _ in _children(notes)):
        raise _place()


def _place() -> RefusedVideoError:
    return RefusedVideoError("location", "The file says where it was filmed. Export it without location.")


def _damaged(what: str = phrase("cannot be read as a video")) -> RefusedVideoError:
    return RefusedVideoError("damaged", f"The file is damaged: it {what}. Export it again as MP4.")


def _unpack(layout: str, content: bytes) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(layout, content)
    except struct.error:
        raise _damaged() from None
