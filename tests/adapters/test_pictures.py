"""Decoding what strangers uploaded: nothing but pixels survives, and nothing takes more than it may."""

import contextlib
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from publishing.adapters.pictures import RefusedPictureError, render
from publishing.domain.media import FRAME_LIMIT, SMALL_SIDE, SMALL_SIZE, File

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
#: What hostile or careless files carry beside their pixels.
SECRET = b"SECRET-of-the-uploader"
SCRIPT = b"<html><script>alert(document.domain)</script></html>"


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def quarters(mode: str = "RGB", size: tuple[int, int] = (64, 32)) -> Image.Image:
    """A picture whose corners are red, green, blue and white, clockwise from the upper left."""
    image = Image.new("RGB", (2, 2))
    image.putdata([RED, GREEN, WHITE, BLUE])
    return image.resize(size, Image.Resampling.NEAREST).convert(mode)


def decode(file: File) -> Image.Image:
    image = Image.open(io.BytesIO(file.content))
    image.load()
    assert (image.size, image.get_format_mimetype()) == ((file.width, file.height), file.media_type)
    return image


def near(first: Any, second: Any, by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(first[:3], second[:3], strict=True))


def corner(image: Image.Image, x: float = 0.1, y: float = 0.1) -> Any:
    return image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def refusal(content: bytes, media_type: str) -> Any:
    with pytest.raises(RefusedPictureError) as refused:
        render(content, media_type)
    return refused.value.problem


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010E] = SECRET.decode()
    made.get_ifd(0x8825)[2] = (48.0, 8.0, 11.0)  # where it was taken
    made.get_ifd(0x8825)[29] = SECRET.decode()
    return made


FORMS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}


class TestAPicture:
    @pytest.mark.parametrize("media_type", FORMS)
    def test_keeps_its_format_and_its_pixels(self, media_type: str):
        full = render(encode(quarters(), FORMS[media_type]), media_type)[0]

        assert full.media_type == media_type
        shown = decode(full)
        assert near(corner(shown), RED)
        assert near(corner(shown, 0.9, 0.9), BLUE)

    @pytest.mark.parametrize(
        ("media_type", "count"), [("image/jpeg", 1), ("image/png", 1), ("image/webp", 2), ("image/gif", 2)]
    )
    def test_has_a_jpeg_beside_it_where_many_do_not_take_its_format(self, media_type: str, count: int):
        files = render(encode(quarters(), FORMS[media_type]), media_type)

        assert [file.media_type for file in files] == [media_type, "image/jpeg"][:count]

    @pytest.mark.parametrize(("size", "small"), [((2100, 50), (2048, 49)), ((50, 2100), (49, 2048))])
    def test_has_a_smaller_one_beside_it_when_it_is_long(self, size, small):
        files = render(encode(quarters(size=size), "PNG"), "image/png")

        assert [(file.width, file.height) for file in files] == [size, small]

    def test_has_a_small_enough_one_beside_it_when_it_is_large(self):
        files = render(encode(noise(1300, 1300), "PNG", compress_level=1), "image/png")

        assert files[0].width == 1300
        assert len(files[1].content) <= SMALL_SIZE
        assert max(files[1].width, files[1].height) <= SMALL_SIDE

    def test_is_never_enlarged(self):
        (file,) = render(encode(Image.new("RGB", (1, 1), RED), "PNG"), "image/png")

        assert (file.width, file.height) == (1, 1)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
    def test_stands_upright(self, orientation: int, media_type: str):
        turned = {
            1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
        }[orientation]  # fmt: skip
        stored = quarters() if turned is None else quarters().transpose(turned)

        full = render(encode(stored, FORMS[media_type], exif=exif(orientation)), media_type)[0]

        shown = decode(full)
        assert shown.size == (64, 32)
        assert near(corner(shown), RED)
        assert near(corner(shown, 0.9, 0.1), GREEN)

    def test_of_sixteen_bits_has_eight(self):
        image = Image.new("I;16", (4, 4))
        image.putdata([65_535, 0, 32_896, 257] * 4)

        shown = decode(render(encode(image, "PNG"), "image/png")[0])

        assert [shown.convert("L").getpixel((x, 0)) for x in range(4)] == [255, 0, 128, 1]

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
    def test_of_any_kind_of_color_is_the_same_picture(self, mode: str):
        image = quarters(mode)

        shown = decode(render(encode(image, "PNG"), "image/png")[0])

        assert near(corner(shown), corner(image))
        assert near(corner(shown, 0.9, 0.9), corner(image, 0.9, 0.9))

    def test_of_a_palette_keeps_what_is_clear_and_shows_white_there_without(self):
        image = quarters("P", (2100, 50))
        clear = image.getpixel((0, 0))

        full, small = render(encode(image, "PNG", transparency=clear), "image/png")

        assert decode(full).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
        assert near(corner(decode(small)), WHITE)
        assert near(corner(decode(small), 0.9, 0.9), BLUE)

    def test_in_cmyk_is_turned_into_rgb(self):
        shown = decode(render(encode(quarters("CMYK"), "JPEG"), "image/jpeg")[0])

        assert shown.mode == "RGB"
        assert near(corner(shown), RED)

    def test_in_other_colors_is_turned_into_srgb(self):
        lab = ImageCms.createProfile("LAB")
        assert lab
        swapped = swapped_profile()

        shown = decode(render(encode(Image.new("RGB", (8, 8), RED), "PNG", icc_profile=swapped), "image/png")[0])

        assert near(shown.getpixel((4, 4)), GREEN, by=40)
        assert "icc_profile" not in shown.info

    def test_with_a_broken_profile_is_taken_as_it_is(self):
        shown = decode(render(encode(quarters(), "PNG", icc_profile=b"no profile"), "image/png")[0])

        assert near(corner(shown), RED)

    def test_of_a_camera_that_stores_a_preview_behind_it_is_one_picture(self):
        content = encode(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8), GREEN)])

        (file,) = render(content, "image/jpeg")

        assert (file.frames, file.width) == (1, 64)
        assert near(corner(decode(file)), RED)


def swapped_profile() -> bytes:
    """sRGB's profile with the names of its red and green primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    name = profile.index("sRGB".encode("utf-16-be"))
    profile[name : name + 8] = "Test".encode("utf-16-be")
    return bytes(profile)


def animation(form: str, *, clear: bool = False, **options: Any) -> bytes:
    mode, ground = ("RGBA", (0, 0, 0, 0)) if clear else ("RGB", WHITE)
    frames = []
    for position, color in enumerate([RED, GREEN, BLUE]):
        frame = Image.new(mode, (30, 10), ground)
        frame.paste(color, (position * 10, 0, position * 10 + 10, 10))
        # Dots in two corners: WebP's encoder crops, and forgets that what it cropped away was clear.
        frame.paste(color, (0, 0, 1, 1))
        frame.paste(color, (29, 9, 30, 10))
        frames.append(frame)
    if clear:
        options["disposal"] = 2
    return encode(frames[0], form, save_all=True, append_images=frames[1:], duration=[70, 80, 90], loop=3, **options)


class TestAnAnimation:
    @pytest.mark.parametrize("media_type", ["image/gif", "image/webp"])
    @pytest.mark.parametrize("clear", [False, True])
    def test_keeps_its_pictures_and_their_timing(self, media_type: str, clear: bool):
        full, still = render(animation(FORMS[media_type], clear=clear), media_type)

        assert (full.frames, still.frames, still.media_type) == (3, 1, "image/jpeg")
        shown: Any = Image.open(io.BytesIO(full.content))
        seen = []
        for number, color in enumerate([RED, GREEN, BLUE]):
            shown.seek(number)
            shown.load()
            seen.append(shown.info["duration"])
            whole = shown.convert("RGBA")
            assert near(whole.getpixel((number * 10 + 5, 5)), color, by=30)
            other = whole.getpixel(((number * 10 + 15) % 30, 5))
            assert other[3] == 0 if clear else near(other, WHITE, by=30)
        assert seen == [70, 80, 90]
        assert shown.info["loop"] == 3
        assert near(decode(still).getpixel((5, 5)), RED, by=30)

    def test_of_ten_thousand_pictures_is_refused_early(self):
        frames = [Image.new("L", (1, 1), shade) for shade in (0, 255)]
        content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
        start = content.index(b"\x21\xf9", content.index(b"\x21\xf9") + 2)
        many = content[:start] + content[start:-1] * 10_000 + b";"

        problem = refusal(many, "image/gif")

        assert problem.detail == f"The animation has more than {FRAME_LIMIT} pictures. Shorten it."

    @pytest.mark.parametrize("media_type", ["image/gif", "image/webp"])
    def test_of_too_many_pixels_is_refused(self, media_type: str):
        frames = [Image.new("RGB", (3000, 3000), color) for color in (RED, GREEN, BLUE, WHITE, RED)]
        content = encode(frames[0], FORMS[media_type], save_all=True, append_images=frames[1:], duration=50)

        assert refusal(content, media_type).code == "too_many_pixels"

    def test_whose_later_picture_is_larger_than_the_first_is_refused(self):
        content = bytearray(animation("GIF"))
        second = content.index(b"\x2c", content.index(b"\x21\xf9", content.index(b"\x21\xf9") + 2))
        content[second + 5 : second + 9] = struct.pack("<HH", 65_535, 65_535)

        assert refusal(bytes(content), "image/gif").code in {"damaged", "cut_off"}

    def test_in_png_is_refused_with_what_to_do(self):
        problem = refusal(animation("PNG"), "image/png")

        assert (problem.code, "Save it as GIF or WebP." in problem.detail) == ("animated_png", True)


def png_bomb(side: int) -> bytes:
    """A square PNG of black pixels in some hundred kilobytes, without ever holding them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (side + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("index.html", SCRIPT + SECRET)
    return target.getvalue()


def texts() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", SECRET.decode())
    made.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    made.add_text("Author", SECRET.decode(), zip=True)
    return made


class TestAHostileFile:
    def test_that_unpacks_to_a_hundred_million_pixels_is_refused_by_its_header(self):
        problem = refusal(png_bomb(10_000), "image/png")

        assert problem.detail == "The picture has 100,000,000 pixels; 40,000,000 are possible. Make it smaller."

    @pytest.mark.parametrize("media_type", FORMS)
    @pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
    def test_that_is_cut_off_is_refused(self, media_type: str, part: float):
        content = encode(noise(64, 64), FORMS[media_type])

        problem = refusal(content[: int(len(content) * part)], media_type)

        assert problem.detail in {
            "The file is cut off. Export it again.",
            f"The file is damaged: it cannot be read as {FORMS[media_type]}. Export it again.",
        }

    def test_that_is_cut_off_says_so(self):
        content = encode(noise(64, 64), "JPEG")

        assert refusal(content[: len(content) // 2], "image/jpeg").detail == "The file is cut off. Export it again."

    @pytest.mark.parametrize(
        ("content", "stated", "said"),
        [
            (encode(quarters(), "PNG"), "image/jpeg", "The file says JPEG, and is PNG."),
            (SCRIPT, "image/jpeg", "The file says JPEG, and is HTML."),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png", "The file says PNG, and is SVG."),
            (b"%PDF-1.7", "image/gif", "The file says GIF, and is PDF."),
            (zipped(), "image/webp", "The file says WEBP, and is ZIP."),
            (b"", "image/png", "The file says PNG, and is no picture that can be read."),
            (b"\x00" * 500, "image/png", "The file says PNG, and is no picture that can be read."),
        ],
        ids=["png", "html", "svg", "pdf", "zip", "nothing", "zeros"],
    )
    def test_of_another_type_than_it_says_is_refused(self, content: bytes, stated: str, said: str):
        problem = refusal(content, stated)

        assert problem.code == "wrong_type"
        assert problem.detail.startswith(said)

    @pytest.mark.parametrize("stated", FORMS)
    def test_that_begins_like_a_picture_and_is_none_is_refused(self, stated: str):
        starts = {
            "image/jpeg": b"\xff\xd8\xff",
            "image/png": b"\x89PNG\r\n\x1a\n",
            "image/gif": b"GIF89a/*",
            "image/webp": b"RIFF\0\0\0\0WEBP",
        }

        assert refusal(starts[stated] + SCRIPT * 20, stated).code in {"damaged", "cut_off"}

    @pytest.mark.parametrize(
        ("build", "media_type"),
        [
            (
                lambda: encode(quarters(), "JPEG", exif=exif(), comment=SECRET, xmp=SECRET, icc_profile=SECRET),
                "image/jpeg",
            ),
            (lambda: encode(quarters(), "JPEG", exif=b"Exif\0\0" + SECRET * 2900), "image/jpeg"),
            (lambda: encode(quarters(), "JPEG") + SCRIPT + SECRET, "image/jpeg"),
            (lambda: encode(quarters(), "JPEG") + zipped(), "image/jpeg"),
            (lambda: encode(quarters(), "PNG", exif=exif(), pnginfo=texts(), icc_profile=SECRET), "image/png"),
            (lambda: encode(quarters("P"), "PNG", pnginfo=texts(), transparency=SECRET[:3]) + zipped(), "image/png"),
            (lambda: encode(quarters(), "GIF", comment=SECRET) + SCRIPT, "image/gif"),
            (lambda: animation("GIF", comment=SECRET) + b"/*" + SECRET + SCRIPT, "image/gif"),
            (lambda: encode(quarters(), "WEBP", exif=exif(), xmp=SECRET, icc_profile=SECRET) + SCRIPT, "image/webp"),
            (lambda: animation("WEBP", exif=exif(), xmp=SECRET, icc_profile=SECRET) + zipped(), "image/webp"),
        ],
        ids=[
            "JPEG with metadata",
            "JPEG with huge EXIF",
            "JPEG and HTML",
            "JPEG and ZIP",
            "PNG with metadata",
            "PNG of a palette and ZIP",
            "GIF and script",
            "moving GIF and script",
            "WebP with metadata and script",
            "moving WebP with metadata and ZIP",
        ],
    )
    def test_gives_nothing_but_its_pixels(self, build: Callable[[], bytes], media_type: str):
        content = build()
        assert SECRET in content or b"PK\x03\x04" in content or b"zTXt" in content

        for file in render(content, media_type):
            for hidden in (SECRET, b"script", b"PK\x03\x04", b"Exif", b"http", b"XMP", b"ICC", b"tEXt", b"eXIf"):
                assert hidden not in file.content
            image = decode(file)
            assert dict(image.getexif()) == {}
            assert not {"comment", "xmp", "exif", "icc_profile", "XML:com.adobe.xmp", "Comment"} & image.info.keys()


class TestAnyBytes:
    @given(
        stated=st.sampled_from(sorted(FORMS)),
        place=st.floats(0, 1, exclude_max=True),
        change=st.binary(min_size=1, max_size=30),
        extra=st.binary(max_size=200),
    )
    def test_are_refused_or_become_a_clean_picture(self, stated: str, place: float, change: bytes, extra: bytes):
        content = bytearray(encode(noise(24, 16), FORMS[stated]))
        at = int(len(content) * place)
        content[at : at + len(change)] = change

        files: tuple[File, ...] = ()
        with contextlib.suppress(RefusedPictureError):
            files = render(bytes(content) + extra, stated)

        again = [render(file.content, file.media_type)[0] for file in files]
        assert [(file.width, file.height) for file in again] == [(file.width, file.height) for file in files]
        assert not any(len(extra) > 8 and extra in file.content for file in files)
