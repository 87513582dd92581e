"""Videos in the library: the file that was looked at is the file that is kept, and no channel is handed one."""

import hashlib
from typing import Any

import botocore.client
import pytest

from publishing.adapters import aws, videos
from publishing.adapters.media import Bucket
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import pictures
from publishing.channels.base.registry import get_channel, kinds
from publishing.domain.content import Content, MediaUse
from publishing.domain.draft import Draft
from publishing.domain.errors import InvalidError, UnavailableError
from publishing.domain.media import MediaStatus, Medium, NewMedium
from publishing.domain.schedule import due_now
from publishing.domain.video import VIDEO_LIMIT, VideoFacts
from publishing.services import media, previewing, scheduling
from publishing.services.context import Context
from publishing.store import media as store
from tests.builders import NOW, build_account, build_actor
from tests.emulator import Emulator
from tests.library import Library, fetch, library_of, post_form
from tests.pictures import picture_bytes
from tests.system import QuietWaker, System
from tests.videos import box, ftyp, mdat, moov, track, video_bytes

FACTS = VideoFacts(duration_ms=12_500, codec="avc1", sound="mp4a")


@pytest.fixture
def library(table: str, emulator: Emulator) -> Library:
    environment = emulator.environment
    context = Context(
        waker=QuietWaker(), media_bucket=environment["MEDIA_BUCKET"], media_url=environment["OMNIPUB_MEDIA_URL"]
    )
    return Library(build_actor(), context)


@pytest.fixture
def bucket(library: Library) -> Bucket:
    return Bucket(library.context.media_bucket)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the bucket is asked, and with what."""
    made: list[tuple[str, dict[str, Any]]] = []
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore makes it so

    def note(self: Any, operation: str, arguments: Any) -> Any:
        if self.meta.service_model.service_name == "s3":
            made.append((operation, dict(arguments)))
        return original(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", note)
    return made


def add(library: Library, content: bytes | None = None, media_type: str = "video/mp4", **fields: Any) -> Medium:
    return library.add(video_bytes() if content is None else content, media_type, **{"name": "walk.mp4", **fields})


def keys_of(bucket: Bucket, prefix: str) -> set[str]:
    listed = aws.client("s3").list_objects_v2(Bucket=bucket.name, Prefix=prefix)
    return {each["Key"] for each in listed.get("Contents", ())}


class TestAVideo:
    def test_that_is_sound_is_kept_as_it_came_and_anybody_can_fetch_it(self, library: Library, bucket: Bucket):
        content = video_bytes()

        ready = add(library, content)

        assert ready.status is MediaStatus.READY
        (file,) = ready.renditions
        assert (file.media_type, file.size, file.width, file.height) == ("video/mp4", len(content), 1920, 1080)
        assert file.video == FACTS
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.key.startswith("media/")
        assert file.key.endswith(".mp4")
        served, headers = fetch(f"{library.context.media_url}/{file.key}")
        assert served == content
        assert headers["content-type"] == "video/mp4"
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["content-disposition"] == "inline"
        assert keys_of(bucket, ready.upload_key) == set()

    def test_keeps_its_facts_in_the_table_and_in_lists(self, library: Library):
        ready = add(library)

        assert store.get_medium(ready.id).renditions == ready.renditions
        assert store.list_all(cursor=None, limit=1).rows[0].renditions == ready.renditions
        assert store.get_medium(ready.id).thumbnail is None

    def test_of_quicktime_has_its_own_ending(self, library: Library):
        ready = add(library, video_bytes(brand=b"qt  "), "video/quicktime")

        assert ready.renditions[0].key.endswith(".mov")

    def test_has_a_name_that_nobody_can_guess(self, library: Library):
        content = video_bytes()

        assert add(library, content).renditions[0].key != add(library, content).renditions[0].key

    def test_is_read_in_a_few_parts_only(self, library: Library, asked: list[tuple[str, dict[str, Any]]]):
        content = video_bytes(pictures=3_000_000)
        medium = library.upload(content, "video/mp4")
        asked.clear()

        library.get(medium)

        looked = [arguments for operation, arguments in asked if operation == "GetObject" and "Range" in arguments]
        assert 0 < len(looked) <= 4
        assert all(arguments["Key"] == medium.upload_key and arguments["IfMatch"] for arguments in looked)
        copied = dict(asked)["CopyObject"]
        assert (copied["ChecksumAlgorithm"], copied["CopySourceIfMatch"]) == ("SHA256", looked[0]["IfMatch"])

    def test_is_deleted_with_its_file(self, library: Library, bucket: Bucket):
        ready = add(library)

        library.delete(ready)

        assert keys_of(bucket, ready.renditions[0].key) == set()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (picture_bytes(), "wrong_type"),
            (video_bytes()[:-50], "cut_off"),
            (ftyp() + mdat() + moov(track(), box(b"udta", box(b"\xa9xyz", bytes(10)))), "location"),
        ],
        ids=["a picture", "cut off", "with its place"],
    )
    def test_that_cannot_be_used_is_refused_and_leaves_nothing(
        self, library: Library, bucket: Bucket, content: bytes, code: str
    ):
        before = keys_of(bucket, "media/")

        refused = add(library, content)

        assert refused.status is MediaStatus.REFUSED
        assert refused.problem is not None
        assert refused.problem.code == code
        assert refused.renditions == ()
        assert keys_of(bucket, refused.upload_key) == set()
        assert keys_of(bucket, "media/") - before == set()

    def test_under_a_pictures_name_is_refused_as_what_it_is(self, library: Library):
        refused = library.add(video_bytes(), "image/jpeg")

        assert refused.problem is not None
        assert refused.problem.detail == "The file says JPEG, and is MP4. Upload it again as what it is."

    def test_of_another_size_than_was_said_is_refused(self, library: Library, bucket: Bucket):
        medium, _ = library.ask(video_bytes(), "video/mp4")
        aws.client("s3").put_object(Bucket=bucket.name, Key=medium.upload_key, Body=video_bytes() + bytes(8))

        refused = library.get(medium)

        assert refused.problem is not None
        assert refused.problem.code == "wrong_size"

    def test_that_did_not_arrive_is_waited_for(self, library: Library):
        medium, _ = library.ask(video_bytes(), "video/mp4")

        assert library.get(medium).status is MediaStatus.UPLOADING


class TestALimit:
    def wanted(self, size: int, media_type: str) -> NewMedium:
        return NewMedium(name="walk.mp4", media_type=media_type, size=size)

    def test_is_larger_for_videos(self, library: Library):
        medium, upload = media.request_upload(
            actor=library.actor, wanted=self.wanted(VIDEO_LIMIT, "video/mp4"), now=library.now, context=library.context
        )

        assert medium.is_video
        assert upload.fields["Content-Type"] == "video/mp4"
        assert post_form(upload, video_bytes()) == 400  # not as large as was said

    @pytest.mark.parametrize(
        ("size", "media_type", "code"),
        [
            (VIDEO_LIMIT + 1, "video/mp4", "too_large"),
            (10, "video/webm", "unsupported_type"),
            (20_000_001, "image/png", "too_large"),
        ],
    )
    def test_is_held(self, library: Library, size: int, media_type: str, code: str):
        with pytest.raises(InvalidError) as refused:
            media.request_upload(
                actor=library.actor, wanted=self.wanted(size, media_type), now=library.now, context=library.context
            )

        assert [each.code for each in refused.value.problems] == [code]


class TestAnUploadThatIsReplacedMeanwhile:
    """The form is good for ten minutes: whoever has it may post another file of the same size while one is checked."""

    def replace(self, bucket: Bucket, medium: Medium) -> bytes:
        other = video_bytes(moov(track(), box(b"udta", box(b"\xa9xyz", bytes(10)))))
        other += box(b"free", bytes(medium.size - len(other) - 8))
        aws.client("s3").put_object(Bucket=bucket.name, Key=medium.upload_key, Body=other)
        return other

    def test_is_not_kept_in_the_place_of_what_was_looked_at(
        self, library: Library, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ):
        medium = library.upload(video_bytes() + box(b"free", bytes(500)), "video/mp4")
        before, look = keys_of(bucket, "media/"), videos.inspect

        def replaced_behind(*arguments: Any) -> Any:
            footage = look(*arguments)
            self.replace(bucket, medium)
            return footage

        with monkeypatch.context() as patch:
            patch.setattr(videos, "inspect", replaced_behind)
            with pytest.raises(UnavailableError):
                library.get(medium)

        assert keys_of(bucket, "media/") == before
        again = library.get(medium)
        assert again.problem is not None
        assert again.problem.code == "location"

    def test_is_not_read_as_a_part_of_it(self, library: Library, bucket: Bucket):
        medium = library.upload(video_bytes() + box(b"free", bytes(500)), "video/mp4")
        waiting = bucket.find_upload(medium)
        self.replace(bucket, medium)

        with pytest.raises(UnavailableError):
            bucket.read_part(medium, waiting, 0, 100)


class TestAMessageWithAVideo:
    @pytest.fixture
    def uploads(self, system: System, emulator: Emulator) -> Library:
        return library_of(system, emulator)

    def test_can_be_a_draft_but_goes_nowhere(self, system: System, uploads: Library):
        account = system.connect("mastodon", "toots")
        use = MediaUse(id=add(uploads).id, alt_text="A walk")
        draft = Draft(text="Look!", media=(use,), account_ids=(account.id,))

        kept = scheduling.create_message(
            actor=system.actor, draft=draft, now=uploads.now, context=uploads.context
        ).message
        preview = previewing.preview_message(
            actor=system.actor, draft=draft, now=uploads.now, context=uploads.context
        ).accounts[0]
        due = Draft(text="Look!", media=(use,), account_ids=(account.id,), due=due_now(uploads.now))
        with pytest.raises(InvalidError) as refused:
            scheduling.create_message(actor=system.actor, draft=due, now=uploads.now, context=uploads.context)

        assert kept.media[0].is_video
        assert kept.media[0].renditions[0].video == FACTS
        assert [each.detail for each in preview.problems] == ["Mastodon takes no videos here. Remove it."]
        assert preview.media[0].renditions == ()
        assert [each.detail for each in refused.value.problems] == ["toots: Mastodon takes no videos here. Remove it."]


class TestNoChannel:
    @pytest.mark.parametrize("kind", kinds())
    def test_is_handed_a_video(self, library: Library, kind: str):
        """Even if a problem were overlooked: what a worker sends is built from pictures alone."""
        ready = add(library)
        use = MediaUse(id=ready.id, alt_text="A walk", renditions=ready.renditions)
        channel, account = get_channel(kind), build_account(channel=kind)
        submission = Submission(
            message_id="m", delivery_id="d", delivery_key="k" * 32, due_at=NOW, media_url="https://media.example",
            content=Content(text="Look", media=(use,)),
        )  # fmt: skip

        payload = channel.build(submission, account)

        assert not channel.capabilities.takes_videos
        assert pictures(submission, channel.image_rules(account)) == ()
        assert payload.files == ()
        assert ready.renditions[0].key not in str(payload.body)
        problems = channel.problems(submission.content, account)
        assert f"{channel.capabilities.name} takes no videos here. Remove it." in [each.detail for each in problems]
