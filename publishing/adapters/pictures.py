"""Decoding pictures that strangers uploaded, and encoding them anew: bytes in, files out, no IO.

The only module that imports Pillow. It is imported when the first upload is verified, in the web process alone: a cold
start does not pay for it, and the worker never loads a decoder.

Nothing but pixels comes through. Every file is written from the decoded picture with no metadata handed on, so EXIF
(with where it was taken), XMP, profiles, comments, texts and whatever stood behind the picture's end are gone.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image, ImageCms

from publishing.domain.media import (
    ANIMATION_LIMIT,
    FRAME_LIMIT,
    PIXEL_LIMIT,
    RENDITION_LIMIT,
    SMALL_SIDE,
    SMALL_SIZE,
    THUMBNAIL_SIDE,
    WEBP_PIXEL_LIMIT,
    File,
    mismatch,
    type_name,
)
from publishing.domain.outcome import Problem

#: Pillow's own guard warns from its limit on and raises from twice that on, without the numbers that an editor wants.
#: `_demand_small` is exact, and is asked before anything is decoded: after the header, and after each frame's.
Image.MAX_IMAGE_PIXELS = None

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_QUALITY: Final = 90
#: Tried one after the other until a small file is small enough; then the picture shrinks.
_SMALL_QUALITIES: Final = (85, 75, 65, 55)
_SHRINK: Final = 0.75
_THUMBNAIL_QUALITY: Final = 75
#: EXIF's orientation → what to do so that the picture is upright (EXIF 2.32, 4.6.4 A, tag 0x0112).
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE: Final = (255, 255, 255)

log = logging.getLogger(__name__)


class RefusedPictureError(Exception):
    """The bytes are no picture that can be used. `problem` says why, to an editor."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(code=code, detail=detail, retryable=False)


def render(content: bytes, media_type: str) -> tuple[File, ...]:
    """Decode a picture and return its files: the full one in its own format, then a smaller JPEG where one is of use.

    Raises RefusedPictureError when the bytes are not what they are said to be, are damaged, or would take more memory
    or time than a picture may.
    """
    if problem := mismatch(media_type, content):
        raise RefusedPictureError(problem.code, problem.detail)
    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities in metadata, none of which is kept.
            warnings.simplefilter("ignore")
            return _render(content, media_type)
    except RefusedPictureError:
        raise
    except Exception as error:  # the border: hostile bytes make decoders raise anything
        raise _damaged(error, media_type) from error


def thumbnail(file: File) -> File:
    """Return the small picture that lists show of a file that `render` made: WebP, because it keeps what is clear."""
    with Image.open(io.BytesIO(file.content), formats=[_FORMATS[file.media_type]]) as source:
        image = _standard(source)
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        return _file(_encode(image, "image/webp", quality=_THUMBNAIL_QUALITY), "image/webp", image.size)


def _render(content: bytes, media_type: str) -> tuple[File, ...]:
    with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as source:
        _demand_small(source.size, WEBP_PIXEL_LIMIT if media_type == "image/webp" else PIXEL_LIMIT)
        if _moves(source, media_type):
            full = _animation(source, media_type)
            source.seek(0)
            still = _standard(source)
        else:
            still = _still(source)
            full = _file(_encode(still, media_type), media_type, still.size)
    if media_type in {"image/jpeg", "image/png"} and len(full.content) <= SMALL_SIZE and max(still.size) <= SMALL_SIDE:
        return (full,)
    return full, _small(still)


def _demand_small(size: tuple[int, int], limit: int) -> None:
    """Refuse a picture by the size that its header states; nothing was decoded yet."""
    pixels = size[0] * size[1]
    if pixels > limit:
        detail = f"The picture has {pixels:,} pixels; {limit:,} are possible. Make it smaller."
        raise RefusedPictureError("too_many_pixels", detail)


def _moves(source: Any, media_type: str) -> bool:  # noqa: ANN401 - Pillow's plugins add what Image lacks
    if media_type == "image/jpeg":
        return False  # what cameras put behind the picture is a preview of it
    moves = bool(getattr(source, "is_animated", False))
    if moves and media_type == "image/png":
        detail = "An animated PNG cannot be used: many places show its first picture only. Save it as GIF or WebP."
        raise RefusedPictureError("animated_png", detail)
    return moves


# --- colors and orientation -------------------------------------------------------------------------------------------


def _still(source: Image.Image) -> Image.Image:
    """Decode a picture that does not move: upright, in sRGB. Never holds more than two of its size in memory."""
    source.load()
    profile, step = source.info.get("icc_profile"), _orientation(source)
    image = _in_srgb(_standard(source), profile)
    if image is not source:
        source.close()  # frees its pixels
    if step is None:
        return image
    turned = image.transpose(step)
    image.close()
    return turned


def _standard(image: Image.Image) -> Image.Image:
    """Return a picture with 8 bits a channel: L, RGB, RGBA, or CMYK while its profile is not applied yet."""
    if image.mode.startswith("I"):
        # 16 bits: Pillow's own conversion cuts off everything above 255.
        return image.convert("I").point([value / 257 for value in range(65_536)], "L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in the colors that everybody expects where no profile says otherwise."""
    if profile:
        try:
            given = ImageCms.getOpenProfile(io.BytesIO(profile))
            if image.mode != "L" and not ImageCms.getProfileDescription(given).startswith("sRGB"):
                mode = "RGB" if image.mode == "CMYK" else image.mode
                wanted = ImageCms.createProfile("sRGB")
                in_place = mode == image.mode
                turned = ImageCms.profileToProfile(image, given, wanted, outputMode=mode, inPlace=in_place)
                image = image if turned is None else turned
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A profile that cannot be applied is no reason to refuse the picture.
            log.info("picture.profile_ignored")
    return image.convert("RGB") if image.mode == "CMYK" else image


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """Return what makes a picture upright, by its EXIF; None when it is, or when its EXIF cannot be read."""
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - metadata is hostile too, and a picture with broken metadata is a picture
        return None


# --- animations -------------------------------------------------------------------------------------------------------


def _animation(source: Any, media_type: str) -> File:  # noqa: ANN401 - as above
    durations, is_clear = _survey(source)
    size, loop = source.size, source.info.get("loop")
    frames = _frames(source, len(durations), mode="RGBA" if is_clear else "RGB")
    options: dict[str, Any] = {"save_all": True, "append_images": frames, "duration": durations}
    if loop is not None:
        options["loop"] = loop
    if media_type == "image/gif" and is_clear:
        options["disposal"] = 2  # each frame is whole: what is clear in it must not show the one before
    target = _Bounded()
    # Speed before size: a function has 30 seconds.
    next(frames).save(target, _FORMATS[media_type], quality=85, method=0, **options)
    content = target.getvalue()
    return _file(content, media_type, size, frames=_count(content, media_type))


def _survey(source: Any) -> tuple[list[int], bool]:  # noqa: ANN401 - as above
    """Decode all frames once; return how long each is shown, and whether one of them is clear somewhere.

    Stops at the limits, however many frames follow. A frame is decoded only when its size is known to be allowed.
    """
    size, is_clear = source.size, False
    durations: list[int] = []
    while True:
        number = len(durations)
        try:
            source.seek(number)
        except EOFError:
            return durations, is_clear
        if number >= FRAME_LIMIT:
            detail = f"The animation has more than {FRAME_LIMIT} pictures. Shorten it."
            raise RefusedPictureError("too_many_frames", detail)
        if source.size != size:
            raise RefusedPictureError("damaged", _damaged_detail("image/gif"))
        if size[0] * size[1] * (number + 1) > ANIMATION_LIMIT:
            detail = (
                f"All pictures of the animation together have more than {ANIMATION_LIMIT:,} pixels. Make it smaller."
            )
            raise RefusedPictureError("too_many_pixels", detail)
        source.load()
        durations.append(int(source.info.get("duration", 0)))
        is_clear = is_clear or _is_clear(source)


def _is_clear(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return bool(lowest < 255)  # type: ignore[operator]  # one channel has one pair


def _frames(source: Any, count: int, *, mode: str) -> Iterator[Image.Image]:  # noqa: ANN401 - as above
    for number in range(count):
        source.seek(number)
        source.load()
        frame = source.convert(mode) if source.mode != mode else source.copy()
        frame.info.clear()
        yield frame


def _count(content: bytes, media_type: str) -> int:
    """Return how many frames our own file has: encoders merge those that are alike."""
    with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as made:
        return int(getattr(made, "n_frames", 1))


# --- files ------------------------------------------------------------------------------------------------------------


class _Bounded(io.BytesIO):
    """Memory that takes no more than a file may have."""

    def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer
        if self.tell() + len(data) > RENDITION_LIMIT:
            detail = f"The picture would take more than {RENDITION_LIMIT:,} bytes. Make it smaller."
            raise RefusedPictureError("too_large", detail)
        return super().write(data)


def _encode(image: Image.Image, media_type: str, *, quality: int = _QUALITY) -> bytes:
    image.info.clear()  # Pillow's writers would put parts of it into the file
    target = _Bounded()
    image.save(target, _FORMATS[media_type], quality=quality, method=4)
    return target.getvalue()


def _small(image: Image.Image) -> File:
    """Return a JPEG that about every platform takes. Shrinks the picture that it is given."""
    image.thumbnail((SMALL_SIDE, SMALL_SIDE))
    image = _on_white(image)
    while True:
        for quality in _SMALL_QUALITIES:
            content = _encode(image, "image/jpeg", quality=quality)
            if len(content) <= SMALL_SIZE:
                return _file(content, "image/jpeg", image.size)
        image.thumbnail((max(1, round(image.width * _SHRINK)), max(1, round(image.height * _SHRINK))))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGB", image.size, _WHITE)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _file(content: bytes, media_type: str, size: tuple[int, int], *, frames: int = 1) -> File:
    return File(content=content, media_type=media_type, width=size[0], height=size[1], frames=frames)


def _damaged(error: Exception, media_type: str) -> RefusedPictureError:
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return RefusedPictureError("cut_off", "The file is cut off. Export it again.")
    # What a decoder said may quote the file; its class is enough to look for a fault of our own.
    log.info("picture.damaged", extra={"error": type(error).__name__, "media_type": media_type})
    return RefusedPictureError("damaged", _damaged_detail(media_type))


def _damaged_detail(media_type: str) -> str:
    return f"The file is damaged: it cannot be read as {type_name(media_type)}. Export it again."
