"""Videos, box by box: what cameras write, and what they never would."""

import struct
from typing import Any

#: Where the time of a film stands still: no turning.
UPRIGHT = (65_536, 0, 0, 65_536)
#: A quarter turn, as a telephone writes that is held upright.
QUARTER = (0, 65_536, -65_536, 0)


def box(kind: bytes, *held: bytes) -> bytes:
    content = b"".join(held)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def large_box(kind: bytes, content: bytes) -> bytes:
    """The same with a length of 64 bits."""
    return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content


def ftyp(major: bytes = b"isom", *others: bytes) -> bytes:
    return box(b"ftyp", major, bytes(4), *others)


def mvhd(*, seconds: float = 12.5, scale: int = 1_000, version: int = 0) -> bytes:
    duration = round(seconds * scale)
    if version:
        return box(b"mvhd", b"\x01\0\0\0", bytes(16), struct.pack(">IQ", scale, duration), bytes(80))
    return box(b"mvhd", bytes(4), bytes(8), struct.pack(">II", scale, duration), bytes(80))


def tkhd(width: int, height: int, matrix: tuple[int, int, int, int] = UPRIGHT, version: int = 0) -> bytes:
    a, b, c, d = matrix
    turned = struct.pack(">iiiiiiiii", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    size = struct.pack(">II", width << 16, height << 16)
    return box(b"tkhd", bytes([version, 0, 0, 7]), bytes(48 if version else 36), turned, size)


def entry(codec: bytes, width: int, height: int, *more: bytes) -> bytes:
    return box(codec, bytes(24), struct.pack(">HH", width, height), bytes(50), *more)


def track(
    kind: bytes = b"vide",
    codec: bytes = b"avc1",
    *,
    width: int = 1_920,
    height: int = 1_080,
    header: bytes | None = None,
    reference: bytes = b"\0\0\0\x01",
    described: bytes = b"",
    more: bytes = b"",
) -> bytes:
    stsd = box(b"stsd", bytes(4), struct.pack(">I", 1), entry(codec, width, height, described))
    dref = box(b"dref", bytes(4), struct.pack(">I", 1), box(b"url ", reference))
    minf = box(b"minf", box(b"dinf", dref), box(b"stbl", stsd, box(b"stts", bytes(8))))
    mdia = box(b"mdia", box(b"mdhd", bytes(24)), box(b"hdlr", bytes(8), kind, bytes(13)), minf)
    return box(b"trak", header if header is not None else tkhd(width, height), mdia, more)


def sound(codec: bytes = b"mp4a") -> bytes:
    return track(b"soun", codec, width=0, height=0)


def moov(*held: bytes, **header: Any) -> bytes:
    return box(b"moov", mvhd(**header), *(held or (track(), sound())))


def mdat(size: int = 2_000) -> bytes:
    return box(b"mdat", bytes(size))


def video_bytes(described: bytes | None = None, *, brand: bytes = b"isom", pictures: int = 2_000) -> bytes:
    """A video of twelve and a half seconds, 1920 by 1080, H.264 with AAC."""
    return ftyp(brand) + mdat(pictures) + (moov() if described is None else described)
