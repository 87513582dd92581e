"""The library: what is uploaded becomes ready or refused, whoever asks first, and a picture in use is not deleted."""

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.adapters import aws
from publishing.adapters.media import Bucket
from publishing.domain.content import MediaUse
from publishing.domain.draft import Changes, Draft
from publishing.domain.errors import (
    ConflictError,
    InvalidError,
    MediaGoneError,
    NotAllowedError,
    NotFoundError,
    StaleError,
    UnavailableError,
)
from publishing.domain.media import UPLOAD_LIMIT, MediaStatus, Medium, MediumChanges, NewMedium
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.domain.permissions import Role
from publishing.domain.schedule import due_now
from publishing.services import changing, inspecting, media, scheduling
from publishing.services.context import Context
from publishing.services.settling import cancel_message
from publishing.store import media as store
from publishing.store import messages, writes
from tests.builders import build_actor
from tests.emulator import Emulator
from tests.library import Library, fetch, post_form
from tests.pictures import picture_bytes
from tests.system import QuietWaker, System

MEMBER = build_actor(Role.MEMBER, id="member-1")


@pytest.fixture
def context(table: str, emulator: Emulator) -> Context:
    environment = emulator.environment
    return Context(
        waker=QuietWaker(), media_bucket=environment["MEDIA_BUCKET"], media_url=environment["OMNIPUB_MEDIA_URL"]
    )


@pytest.fixture
def library(context: Context) -> Library:
    return Library(build_actor(), context)


@pytest.fixture
def bucket(context: Context) -> Bucket:
    return Bucket(context.media_bucket)


def write(library: Library, *used: Medium | MediaUse, **fields: Any) -> MessageWithDeliveries:
    uses = tuple(each if isinstance(each, MediaUse) else MediaUse(id=each.id) for each in used)
    draft = Draft(**{"text": "Look!", "media": uses, **fields})
    return scheduling.create_message(actor=library.actor, draft=draft, now=library.now, context=library.context)


def edit(library: Library, message_id: str, **fields: Any) -> MessageWithDeliveries:
    return scheduling.edit_message(
        actor=library.actor, message_id=message_id, changes=Changes(**fields), rev=None, now=library.now,
        context=library.context,
    )  # fmt: skip


def exists(bucket: Bucket, key: str) -> bool:
    listed = aws.client("s3").list_objects_v2(Bucket=bucket.name, Prefix=key)
    return bool(listed["KeyCount"])


class TestAnUpload:
    def test_is_allowed_for_that_name_type_and_size_only(self, library: Library):
        content = picture_bytes()
        medium, upload = library.ask(content)

        assert upload.fields["key"] == f"uploads/{library.actor.id}/{medium.id}"
        assert post_form(upload, content + b"x") == 400
        assert post_form(upload, content, **{"Content-Type": "text/html"}) == 403
        assert post_form(upload, content, key="media/other") == 403
        assert library.get(medium).status is MediaStatus.UPLOADING
        assert post_form(upload, content) == 204
        assert library.get(medium).status is MediaStatus.READY

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"media_type": "image/svg+xml"}, "/media_type", "unsupported_type"),
            ({"media_type": "IMAGE/JPEG"}, "/media_type", "unsupported_type"),
            ({"size": UPLOAD_LIMIT + 1}, "/size", "too_large"),
            ({"size": 0}, "/size", "empty"),
            ({"name": " "}, "/name", "blank"),
        ],
    )
    def test_of_what_cannot_be_used_is_refused_before_it(self, library: Library, changes, pointer, code):
        wanted = replace(NewMedium(name="door.jpg", media_type="image/jpeg", size=10), **changes)

        with pytest.raises(InvalidError) as refused:
            media.request_upload(actor=library.actor, wanted=wanted, now=library.now, context=library.context)

        assert [(each.pointer, each.code) for each in refused.value.problems] == [(pointer, code)]

    def test_is_not_for_viewers(self, context: Context):
        with pytest.raises(NotAllowedError):
            Library(build_actor(Role.VIEWER), context).ask(b"x")


class TestVerification:
    def test_makes_files_that_anybody_can_fetch(self, library: Library, context: Context):
        ready = library.add(picture_bytes(width=3000, height=100))

        assert ready.status is MediaStatus.READY
        assert [(file.width, file.media_type) for file in ready.renditions] == [
            (3000, "image/jpeg"),
            (2048, "image/jpeg"),
        ]
        for file in ready.renditions:
            content, headers = fetch(f"{context.media_url}/{file.key}")
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
            assert headers["content-type"] == "image/jpeg"
            assert headers["cache-control"] == "public, max-age=31536000, immutable"
            assert headers["content-disposition"] == "inline"

    @pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/webp"])
    def test_has_a_small_picture_for_lists_that_no_channel_gets(
        self, library: Library, bucket: Bucket, media_type: str
    ):
        ready = library.add(picture_bytes(media_type, width=1500, height=900), media_type)

        small = ready.thumbnail
        assert small is not None
        assert (small.media_type, small.width, small.height) == ("image/webp", 480, 288)
        assert small not in ready.renditions
        content, headers = fetch(f"{library.context.media_url}/{small.key}")
        assert (hashlib.sha256(content).hexdigest(), headers["content-type"]) == (small.sha256, "image/webp")
        assert [each.thumbnail for each in store.list_all(cursor=None, limit=1).rows] == [small]
        media.delete_medium(actor=library.actor, medium_id=ready.id, rev=None, now=library.now, context=library.context)
        assert not exists(bucket, small.key)

    def test_gives_files_names_that_nobody_can_guess(self, library: Library):
        content = picture_bytes()

        names = {library.add(content).renditions[0].key for _ in range(2)}

        assert len(names) == 2
        assert all(len(name.removeprefix("media/").removesuffix(".jpg")) == 40 for name in names)

    def test_removes_the_upload(self, library: Library, bucket: Bucket):
        ready = library.add()

        assert not exists(bucket, ready.upload_key)

    def test_refuses_with_a_sentence_and_removes_the_upload(self, library: Library, bucket: Bucket):
        refused = library.add(picture_bytes("image/png"), "image/jpeg")

        assert refused.status is MediaStatus.REFUSED
        assert refused.problem is not None
        assert refused.problem.detail == "The file says JPEG, and is PNG. Upload it again as what it is."
        assert not exists(bucket, refused.upload_key)
        assert library.get(refused) == refused

    @pytest.mark.parametrize("content", [b"", b"x" * 999, b"x" * 1001])
    def test_refuses_a_file_of_another_size_that_got_there_by_another_way(
        self, library: Library, bucket: Bucket, content: bytes
    ):
        medium, _ = library.ask(b"x" * 1000)
        aws.client("s3").put_object(Bucket=bucket.name, Key=medium.upload_key, Body=content)

        assert library.get(medium).status is MediaStatus.REFUSED

    def test_leaves_what_was_not_uploaded_yet_as_it_is(self, library: Library):
        medium, _ = library.ask(picture_bytes())

        assert library.get(medium).status is MediaStatus.UPLOADING
        assert library.get(medium).renditions == ()

    def test_loses_nothing_while_the_bucket_is_away(self, library: Library, monkeypatch: pytest.MonkeyPatch):
        medium = library.upload()
        with monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
            aws.client.cache_clear()
            with pytest.raises(UnavailableError):
                library.get(medium)
        aws.client.cache_clear()

        assert library.get(medium).status is MediaStatus.READY

    def test_twice_at_once_keeps_the_same_files(self, library: Library, monkeypatch: pytest.MonkeyPatch):
        medium = library.upload()
        both_read = threading.Barrier(2)
        look = inspecting._look

        def look_together(*arguments: Any) -> Any:
            both_read.wait(timeout=20)
            return look(*arguments)

        # As two processes: each decodes one picture at a time.
        monkeypatch.setattr(inspecting, "_DECODING", threading.Semaphore(2))
        monkeypatch.setattr(inspecting, "_look", look_together)
        found: list[Medium] = []
        threads = [threading.Thread(target=lambda: found.append(library.get(medium))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [each.status for each in found] == [MediaStatus.READY] * 2
        assert found[0].renditions == found[1].renditions
        fetch(f"{library.context.media_url}/{found[0].renditions[0].key}")

    def test_that_comes_second_reads_what_the_first_wrote(self, library: Library):
        medium = library.upload()
        ready = library.get(medium)

        late = inspecting.verify(medium, bucket=Bucket(library.context.media_bucket), now=library.now)

        assert late == ready

    def test_of_what_is_deleted_meanwhile_leaves_no_files(
        self, library: Library, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ):
        medium = library.upload()
        kept: list[str] = []
        keep = Bucket.keep

        def keep_and_delete(self: Bucket, key: str, file: Any) -> Any:
            kept.append(key)
            rendition = keep(self, key, file)
            library.delete(medium)
            return rendition

        monkeypatch.setattr(Bucket, "keep", keep_and_delete)

        assert library.get(medium).status is MediaStatus.DELETED
        assert [exists(bucket, key) for key in kept] == [False, False]


class TestAMessage:
    def test_stores_the_files_of_its_media_with_their_own_words_unless_it_has_others(self, library: Library):
        door, stage = library.add(alt_text="A door"), library.add(alt_text="A stage")

        message = write(library, door, MediaUse(id=stage.id, alt_text="Our stage")).message

        stored = messages.get_message(message.id).message
        assert [(use.alt_text, use.renditions) for use in stored.media] == [
            ("A door", door.renditions),
            ("Our stage", stage.renditions),
        ]

    def test_verifies_what_was_uploaded_and_not_asked_about(self, library: Library):
        message = write(library, library.upload()).message

        assert message.media[0].renditions

    def test_names_what_is_wrong_with_each(self, library: Library):
        missing, _ = library.ask(picture_bytes())
        refused = library.add(picture_bytes("image/png"), "image/jpeg", name="logo.jpg")
        good = library.add()

        with pytest.raises(InvalidError) as wrong:
            write(library, MediaUse(id="nothing"), missing, refused, good, good)

        assert [(each.pointer, each.code) for each in wrong.value.problems] == [
            ("/media/0/id", "unknown_media"),
            ("/media/1/id", "not_ready"),
            ("/media/2/id", "refused"),
            ("/media/4/id", "doubled"),
        ]
        assert "logo.jpg: The file says JPEG, and is PNG." in str(wrong.value)

    def test_has_a_limit(self, library: Library):
        with pytest.raises(InvalidError, match=r"The message has 21 media; at most 20 are possible\. Remove 1\."):
            write(library, *(MediaUse(id=f"m{number}") for number in range(21)))

    def test_of_a_member_uses_their_own_only(self, library: Library, context: Context):
        others, members = library.add(), Library(MEMBER, context)
        own = members.add()

        assert write(members, own).message.media
        assert write(library, own).message.media
        with pytest.raises(InvalidError, match="There is no such medium"):
            write(members, others)

    def test_of_a_member_keeps_a_picture_that_an_editor_put_in(self, library: Library, context: Context):
        others, members = library.add(), Library(MEMBER, context)
        message = write(members).message
        edit(library, message.id, media=(MediaUse(id=others.id),))

        edited = edit(members, message.id, media=(MediaUse(id=others.id, alt_text="Ours"),))

        assert edited.message.media[0].alt_text == "Ours"
        assert edited.message.media[0].renditions == others.renditions

    def test_that_is_edited_elsewhere_does_not_look_at_its_media(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ):
        medium = library.add()
        message = write(library, medium).message
        asked: list[str] = []
        dispatch = writes.dispatch

        def note_and_dispatch(name: str, arguments: Any) -> dict[str, Any]:
            asked.append(repr(arguments))
            return dispatch(name, arguments)

        monkeypatch.setattr(writes, "dispatch", note_and_dispatch)

        edited = edit(library, message.id, text="Changed").message

        assert edited.media == message.media
        assert asked
        assert not any(f"MEDIA#{medium.id}" in request for request in asked)

    def test_loses_against_a_delete_that_came_first(self, library: Library, monkeypatch: pytest.MonkeyPatch):
        medium = library.add()
        message = write(library).message
        commit = changing.commit

        def delete_and_commit(*arguments: Any, **options: Any) -> None:
            library.delete(medium)
            commit(*arguments, **options)

        monkeypatch.setattr(scheduling, "commit", delete_and_commit)

        with pytest.raises(ConflictError, match="A picture of the message was deleted just now"):
            edit(library, message.id, media=(MediaUse(id=medium.id),))
        assert messages.get_message(message.id).message.media == ()


class TestADelete:
    def test_removes_the_files_and_every_trace_in_lists(self, library: Library, bucket: Bucket):
        medium = library.add()

        library.delete(medium)

        assert not any(exists(bucket, file.key) for file in medium.renditions)
        assert media.list_media(actor=library.actor, mine=False, cursor=None, limit=10).rows == ()
        with pytest.raises(NotFoundError):
            library.get(medium)
        with pytest.raises(MediaGoneError):
            bucket.read(medium.renditions[0])

    def test_is_refused_while_a_message_that_is_not_finished_uses_it(self, library: Library):
        medium = library.add()
        message = write(library, medium).message

        with pytest.raises(ConflictError, match=f"The message {message.id} uses it and is not finished"):
            library.delete(medium)

    def test_is_possible_once_the_message_shows_something_else_or_is_finished(self, library: Library):
        medium = library.add()
        changed, cancelled = write(library, medium).message, write(library, medium).message
        edit(library, changed.id, media=())
        cancel_message(actor=library.actor, message_id=cancelled.id, now=library.now, context=library.context)

        library.delete(medium)

        assert messages.get_message(cancelled.id).message.media[0].renditions[0].sha256 == medium.renditions[0].sha256

    def test_looks_at_every_message(self, library: Library, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(media, "_TOGETHER", 2)
        medium = library.add()
        waiting = write(library, medium).message
        for _ in range(4):
            message = write(library, medium).message
            cancel_message(actor=library.actor, message_id=message.id, now=library.now, context=library.context)

        with pytest.raises(ConflictError, match=waiting.id):
            library.delete(medium)

    def test_loses_against_a_message_that_began_to_use_it_meanwhile(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ):
        medium = library.add()
        mark_deleted = media._mark_deleted

        def use_and_delete(*arguments: Any) -> None:
            monkeypatch.setattr(media, "_mark_deleted", mark_deleted)
            write(library, medium)
            mark_deleted(*arguments)

        monkeypatch.setattr(media, "_mark_deleted", use_and_delete)

        with pytest.raises(ConflictError, match="uses it and is not finished"):
            library.delete(medium)
        assert library.get(medium).status is MediaStatus.READY

    def test_makes_a_finished_message_unable_to_start_anew(self, system: System, library: Library):
        account = system.connect("webhook", "newsroom")
        medium = library.add()
        message = write(library, medium, account_ids=(account.id,)).message
        cancel_message(actor=library.actor, message_id=message.id, now=library.now, context=library.context)
        library.delete(medium)

        with pytest.raises(InvalidError, match="There is no such medium"):
            scheduling.publish_message(
                actor=library.actor, message_id=message.id, now=library.now, context=library.context
            )

    def test_is_refused_again_when_a_finished_message_starts_anew(self, system: System, library: Library):
        account = system.connect("webhook", "newsroom")
        medium = library.add()
        message = write(library, medium, account_ids=(account.id,)).message
        cancel_message(actor=library.actor, message_id=message.id, now=library.now, context=library.context)
        before = store.get_medium(medium.id).use_rev

        scheduling.publish_message(actor=library.actor, message_id=message.id, now=library.now, context=library.context)

        assert store.get_medium(medium.id).use_rev == before + 1
        with pytest.raises(ConflictError):
            library.delete(medium)

    def test_goes_on_where_the_bucket_was_away(self, library: Library, bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
        medium = library.add()
        with monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
            aws.client.cache_clear()
            with pytest.raises(UnavailableError):
                library.delete(medium)
        aws.client.cache_clear()
        assert exists(bucket, medium.renditions[0].key)

        library.delete(medium)

        assert not exists(bucket, medium.renditions[0].key)

    def test_of_somebody_else_is_not_found(self, library: Library):
        medium = library.add()

        with pytest.raises(NotFoundError):
            library.delete(medium, actor=MEMBER)


class TestAnEdit:
    def test_changes_what_it_names(self, library: Library):
        medium = library.add(alt_text="A door")

        edited = media.edit_medium(
            actor=library.actor, medium_id=medium.id, changes=MediumChanges(name="Door"), rev=1,
            now=library.now + timedelta(seconds=1), context=library.context,
        )  # fmt: skip

        assert (edited.name, edited.alt_text, edited.rev) == ("Door", "A door", 2)
        assert library.get(medium) == replace(edited, updated_at=library.get(medium).updated_at)

    def test_of_what_somebody_changed_is_stale(self, library: Library):
        medium = library.add()

        with pytest.raises(StaleError):
            media.edit_medium(
                actor=library.actor, medium_id=medium.id, changes=MediumChanges(alt_text="x"), rev=7, now=library.now,
                context=library.context,
            )  # fmt: skip
        with pytest.raises(StaleError):
            library.delete(medium, rev=7)


def test_a_message_with_the_most_of_everything_fits_into_one_transaction(system: System, library: Library):
    accounts = [system.connect("webhook", f"room-{number}") for number in range(50)]
    pictures = [library.add() for _ in range(20)]

    made = write(library, *pictures, account_ids=tuple(account.id for account in accounts), due=due_now(library.now))

    assert made.message.status is MessageStatus.SCHEDULED
    assert len(made.deliveries) == 50
