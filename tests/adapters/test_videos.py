"""A video's container: what it says is read from a few bounded parts, and whatever is odd is refused with a reason."""

import contextlib
import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.adapters.videos import BYTES_LIMIT, READ_LIMIT, RefusedVideoError, inspect
from publishing.domain.video import VIDEO_SIDE_LIMIT, Footage, VideoFacts
from tests import videos
from tests.pictures import picture_bytes
from tests.videos import QUARTER, box, ftyp, large_box, mdat, moov, sound, tkhd, track, video_bytes


def in_short(value: object) -> str:
    """Name a file by its hash: its bytes would be a name of megabytes."""
    return hashlib.sha256(value).hexdigest()[:8] if isinstance(value, bytes) else str(value)


class Parts:
    """A file that notes how it is read."""

    def __init__(self, content: bytes, size: int | None = None) -> None:
        self.content = content
        self.size = len(content) if size is None else size
        self.read: list[tuple[int, int]] = []

    def __call__(self, offset: int, length: int) -> bytes:
        assert offset >= 0 < length
        self.read.append((offset, length))
        return self.content[offset : offset + length]


def look(content: bytes, media_type: str = "video/mp4") -> Footage:
    return inspect(Parts(content), len(content), media_type)


def refusal(content: bytes, media_type: str = "video/mp4") -> str:
    with pytest.raises(RefusedVideoError) as refused:
        look(content, media_type)
    assert str(refused.value).endswith(".")
    assert refused.value.problem.detail == str(refused.value)
    return refused.value.problem.code


class TestAVideo:
    def test_says_its_size_duration_and_encodings(self):
        assert look(video_bytes()) == Footage(
            width=1920, height=1080, facts=VideoFacts(duration_ms=12_500, codec="avc1", sound="mp4a")
        )

    def test_of_a_telephone_that_was_held_upright_is_upright(self):
        turned = track(header=tkhd(1920, 1080, QUARTER))

        shown = look(video_bytes(moov(turned)))

        assert (shown.width, shown.height) == (1080, 1920)

    def test_without_sound_is_one_all_the_same(self):
        assert look(video_bytes(moov(track()))).facts.sound is None

    def test_with_moments_of_64_bits_is_read(self):
        shown = look(video_bytes(moov(track(header=tkhd(640, 360, version=1)), seconds=3, version=1)))

        assert (shown.width, shown.height, shown.facts.duration_ms) == (640, 360, 3000)

    def test_whose_track_has_no_size_has_that_of_its_pictures(self):
        shown = look(video_bytes(moov(track(width=320, height=240, header=tkhd(0, 0)))))

        assert (shown.width, shown.height) == (320, 240)

    @pytest.mark.parametrize(
        "content",
        [
            ftyp() + moov() + mdat(),
            ftyp() + box(b"free", bytes(50)) + large_box(b"mdat", bytes(500)) + moov(),
            ftyp() + moov() + struct.pack(">I4s", 0, b"mdat") + bytes(300),
            ftyp() + mdat(10) + mdat(3_000_000) + moov(track(), sound(), box(b"udta", bytes(4))),
        ],
        ids=["description first", "long lengths", "to the end", "with an empty list of notes"],
    )
    def test_is_read_however_it_is_laid_out(self, content: bytes):
        assert look(content).facts.duration_ms == 12_500

    def test_of_quicktime_is_one(self):
        assert look(video_bytes(brand=b"qt  "), "video/quicktime").width == 1920

    def test_of_an_unknown_brand_is_told_by_those_it_is_compatible_with(self):
        assert look(ftyp(b"XAVC", b"mp42") + mdat() + moov()).width == 1920

    def test_is_never_read_whole(self):
        content = video_bytes(pictures=20_000_000)
        parts = Parts(content)

        inspect(parts, len(content), "video/mp4")

        assert len(parts.read) <= 5
        assert sum(length for _, length in parts.read) < 10_000


class TestAFileUnderAVideosName:
    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (picture_bytes(), "JPEG"),
            (picture_bytes("image/webp"), "WEBP"),
            (b"\x1aE\xdf\xa3" + bytes(500), "WEBM"),
            (b"<html><script>", "HTML"),
            (b"%PDF-1.7" + bytes(100), "PDF"),
            (video_bytes(brand=b"qt  "), "MOV"),
            (video_bytes(brand=b"heic"), "HEIC"),
            (video_bytes(brand=b"M4A "), "M4A"),
        ],
        ids=["jpeg", "webp", "webm", "html", "pdf", "quicktime", "heic", "sound"],
    )
    def test_is_refused_as_what_it_is(self, content: bytes, found: str):
        with pytest.raises(RefusedVideoError, match=f"The file says MP4, and is {found}") as refused:
            look(content)

        assert refused.value.problem.code == "wrong_type"

    @pytest.mark.parametrize(
        "content", [b"x", b"hello" * 100, ftyp(b"none") + mdat() + moov(), mdat() + moov()], ids=in_short
    )
    def test_that_is_nothing_known_is_refused(self, content: bytes):
        assert refusal(content) == "wrong_type"

    def test_mp4_is_not_quicktime(self):
        assert refusal(video_bytes(), "video/quicktime") == "wrong_type"


class TestAFileThatIsCutOff:
    @pytest.mark.parametrize("missing", [1, 100, 700, 2_000])
    def test_is_refused(self, missing: int):
        assert refusal(video_bytes()[:-missing]) == "cut_off"

    @pytest.mark.parametrize("missing", [1, 900, 1_990])
    def test_in_its_pictures_is_refused(self, missing: int):
        assert refusal((ftyp() + moov() + mdat())[:-missing]) == "cut_off"

    def test_of_a_recording_that_was_broken_off_is_refused(self):
        assert refusal(ftyp() + struct.pack(">I4s", 0, b"mdat") + bytes(500)) == "cut_off"

    def test_in_the_bucket_is_refused(self):
        content = video_bytes()

        with pytest.raises(RefusedVideoError, match="cut off"):
            inspect(Parts(content[:-10]), len(content), "video/mp4")


class TestAnAbsurdFile:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (ftyp() + struct.pack(">I4sQ", 1, b"mdat", 2**63) + moov(), "cut_off"),
            (ftyp() + struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1) + moov(), "cut_off"),
            (ftyp() + struct.pack(">I4sQ", 1, b"mdat", 3) + moov() + mdat(), "damaged"),
            (ftyp() + struct.pack(">I4s", 5, b"mdat") + moov() + mdat(), "damaged"),
            (ftyp() + struct.pack(">I4s", 0, b"moov") + mdat(), "damaged"),
            (ftyp() + mdat() + moov() + moov(), "damaged"),
            (ftyp() + mdat() + box(b"free") * 40 + moov(), "damaged"),
            (ftyp() + mdat() + moov(track(), box(b"free") * 1_100), "damaged"),
            (ftyp() + mdat() + moov(*[track()] * 40), "damaged"),
            (ftyp() + mdat() + box(b"moov", bytes(8_000_001)), "damaged"),
            (ftyp() + mdat() + moov() + box(b"uuid", bytes(1_000_001)), "damaged"),
            (ftyp() + mdat() + box(b"moov"), "no_pictures"),
            (ftyp() + mdat() + moov(box(b"trak")), "damaged"),
            (ftyp() + mdat() + moov(struct.pack(">I4s", 2**31, b"trak")), "damaged"),
            (ftyp() + mdat() + moov(track(codec=b"\xff\0\0\0")), "damaged"),
            (ftyp() + mdat() + moov(track(width=0, height=0)), "damaged"),
        ],
        ids=in_short,
    )
    def test_is_refused(self, content: bytes, code: str):
        assert refusal(content) == code

    def test_that_is_nested_without_end_is_not_followed(self):
        nested = b""
        for _ in range(5_000):
            nested = box(b"trak", nested)

        assert refusal(video_bytes(moov(nested))) == "damaged"


class TestAVideoThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (ftyp() + moov(), "no_pictures"),
            (ftyp() + mdat(0) + moov(), "no_pictures"),
            (video_bytes(moov(sound())), "no_pictures"),
            (video_bytes(moov(track(), box(b"mvex", bytes(30)))), "fragmented"),
            (video_bytes(moov(track(codec=b"encv"))), "protected"),
            (video_bytes(moov(track(), sound(b"enca"))), "protected"),
            (video_bytes(moov(track(reference=bytes(4) + b"http://elsewhere.example/a.mp4\0"))), "refers_elsewhere"),
            (video_bytes(moov(seconds=0)), "no_duration"),
            (video_bytes(moov(scale=0)), "no_duration"),
            (video_bytes(moov(seconds=4 * 3600 + 1)), "too_long"),
            (video_bytes(moov(seconds=2**50, version=1)), "too_long"),
            (video_bytes(moov(track(width=VIDEO_SIDE_LIMIT + 1))), "too_many_pixels"),
        ],
        ids=in_short,
    )
    def test_is_refused(self, content: bytes, code: str):
        assert refusal(content) == code

    @pytest.mark.parametrize(
        "content",
        [
            video_bytes(moov(track(), box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+52.5200+013.4050/")))),
            video_bytes(moov(track(), box(b"udta", box(b"loci", bytes(20))))),
            video_bytes(moov(track(), box(b"udta", box(b"GPMF", bytes(20))))),
            video_bytes(moov(track(), box(b"gps ", bytes(20)))),
            video_bytes(moov(track(), box(b"meta", b"....mdtacom.apple.quicktime.location.ISO6709"))),
            video_bytes(moov(track(more=box(b"udta", box(b"loci", bytes(20)))))),
            video_bytes(moov(track(), track(b"meta", b"gpmd"))),
            video_bytes(moov(track(), track(b"meta", b"camm"))),
            video_bytes(moov(track(), track(b"meta", b"mebx", described=b"com.apple.quicktime.location.ISO6709"))),
            video_bytes() + box(b"uuid", bytes(16), b"<x:xmpmeta exif:GPSLatitude='52,31N'>"),
            video_bytes() + box(b"udta", box(b"\xa9xyz", bytes(10))),
        ],
        ids=in_short,
    )
    def test_because_it_says_where_it_was_filmed_is_refused(self, content: bytes):
        assert refusal(content) == "location"

    def test_may_say_other_things_about_itself(self):
        notes = box(b"udta", box(b"\xa9swr", b"\0\x07\0\0Velocities 3"), box(b"meta", bytes(30)))

        assert look(video_bytes(moov(track(), notes))).width == 1920


def _boxes() -> st.SearchStrategy[bytes]:
    kinds = st.sampled_from(
        [b"moov", b"mdat", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hdlr", b"mvhd", b"tkhd", b"udta", b"dinf",
         b"dref", b"uuid", b"free", b"ftyp", b"meta"]
    )  # fmt: skip
    lengths = st.integers(0, 2**32 - 1) | st.integers(0, 200)
    odd = st.builds(lambda length, kind, held: struct.pack(">I4s", length, kind) + held, lengths, kinds, st.binary())
    return st.recursive(
        st.binary(max_size=60) | odd,
        lambda inner: st.builds(lambda kind, held: box(kind, *held), kinds, st.lists(inner, max_size=5)),
        max_leaves=20,
    )


class TestAnyBytes:
    """Whatever is uploaded ends in a video or a refusal, after a bounded number of reads."""

    @given(st.lists(_boxes(), max_size=6).map(b"".join), st.integers(0, 2**63))
    def test_as_boxes(self, content: bytes, longer: int):
        self.check(ftyp() + content, longer)

    @given(st.data())
    def test_in_the_place_of_some_of_a_good_file(self, data: st.DataObject):
        good = bytearray(video_bytes(moov(track(), sound(), box(b"udta", box(b"name", b"x"))), pictures=20))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(good) - 1))
            good[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
        self.check(bytes(good), 0)

    @given(st.binary(max_size=300))
    def test_at_all(self, content: bytes):
        self.check(content, 0)

    @staticmethod
    def check(content: bytes, longer: int) -> None:
        parts = Parts(content, len(content) + longer)
        with contextlib.suppress(RefusedVideoError):
            shown = inspect(parts, parts.size, "video/mp4")
            assert 0 < shown.width <= VIDEO_SIDE_LIMIT
            assert 0 < shown.height <= VIDEO_SIDE_LIMIT
            assert shown.facts.duration_ms > 0
        assert len(parts.read) <= READ_LIMIT
        assert sum(length for _, length in parts.read) <= BYTES_LIMIT
        assert all(offset + length <= parts.size for offset, length in parts.read)


def test_the_builders_file_is_laid_out_as_the_format_says():
    """The offsets of the format itself: a fault in the builders must not hide one of the reader's."""
    described = videos.moov(track(width=1920, height=1080))
    start = described.index(b"tkhd") + 4

    # ISO/IEC 14496-12, 8.3.2: version and flags, 20 bytes, 8 reserved, 8 of layer and volume, the matrix, the size.
    assert described[start + 76 : start + 84] == struct.pack(">II", 1920 << 16, 1080 << 16)
    assert described[start + 40 : start + 44] == struct.pack(">i", 65_536)
