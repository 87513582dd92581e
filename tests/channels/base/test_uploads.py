"""Uploads: what a handle remembers, for how long, and what answers to an upload mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import pytest

from publishing.channels.base.contract import Payload
from publishing.channels.base.uploads import (
    Uploads,
    encode_form,
    finished,
    image_label,
    read_upload_refusal,
    resume,
    upload_not_understood,
)
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer
from tests.pictures import build_rendition, picture_bytes

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def payload_of(count: int = 2, *, handle: str | None = None, **body: object) -> Payload:
    files = tuple(build_rendition() for _ in range(count))
    return Payload(text="Look", body={"text": "Look", **body}, delivery_key="key", files=files, handle=handle)


def stepped(payload: Payload, uploads: Uploads) -> Payload:
    complete = uploads.next_file(payload) is None
    return replace(payload, handle=uploads.prepared(is_complete=complete).handle)


class TestAHandle:
    def test_is_nothing_before_the_first_step(self):
        payload = payload_of()

        uploads = resume(payload, longest=HOUR, now=NOW)

        assert (uploads.notes, uploads.since, uploads.next_file(payload)) == ((), None, payload.files[0])

    def test_remembers_each_file_and_when_the_first_was_sent(self):
        payload = payload_of()
        payload = stepped(payload, resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW))
        later = NOW + timedelta(minutes=5)
        second = resume(payload, longest=HOUR, now=later)

        payload = stepped(payload, second.plus({"id": "2"}, now=later))

        assert second.next_file(payload) == payload.files[1]
        assert finished(payload).notes == ({"id": "1"}, {"id": "2"})
        assert finished(payload).since == NOW

    def test_keeps_a_note_that_changed_in_its_place(self):
        payload = payload_of()
        uploads = resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW).plus({"id": "2"}, now=NOW)

        payload = stepped(payload, uploads.changed(0, {"id": "1", "done": True}))

        assert finished(payload).notes == ({"id": "1", "done": True}, {"id": "2"})

    @pytest.mark.parametrize("age", [HOUR, timedelta(days=2), timedelta(seconds=-1)])
    def test_that_is_too_old_or_of_the_future_is_begun_anew(self, age):
        payload = payload_of(1)
        payload = stepped(payload, resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW))

        assert resume(payload, longest=HOUR, now=NOW + HOUR - timedelta(seconds=1)).notes == ({"id": "1"},)
        assert resume(payload, longest=HOUR, now=NOW + age).notes == ()

    def test_of_another_payload_is_begun_anew(self):
        payload = payload_of(1)
        handle = stepped(payload, resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW)).handle
        other = replace(payload, body={"text": "Look elsewhere"}, handle=handle)

        assert resume(other, longest=HOUR, now=NOW).notes == ()
        with pytest.raises(ValueError, match="Not all files"):
            finished(other)

    @pytest.mark.parametrize(
        ("there", "spoiled"),
        [
            ('{"of"', ""),
            ('{"of"', "{"),
            ('"since"', '"until"'),
            ("2026", "soon"),
            ('[{"id":"1"}]', '["1"]'),
            ('[{"id":"1"}]', '{"id":"1"}'),
            ('[{"id":"1"}]', '[{"id":"1"},{"id":"2"}]'),
        ],
    )
    def test_that_was_spoiled_is_begun_anew(self, there, spoiled):
        payload = payload_of(1)
        payload = stepped(payload, resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW))
        handle = str(payload.handle)

        assert there in handle
        assert resume(replace(payload, handle=handle.replace(there, spoiled)), longest=HOUR, now=NOW).notes == ()

    @pytest.mark.parametrize("handle", ["", "[]", "7", "[" * 100_000])
    def test_that_is_none_is_begun_anew(self, handle):
        assert resume(payload_of(1, handle=handle), longest=HOUR, now=NOW).notes == ()

    def test_of_some_files_is_not_enough_for_the_visible_call(self):
        payload = payload_of(2)
        payload = stepped(payload, resume(payload, longest=HOUR, now=NOW).plus({"id": "1"}, now=NOW))

        with pytest.raises(ValueError, match="Not all files"):
            finished(payload)


def refusal(status: int, **headers: str) -> Deferred | Rejected | None:
    answer = Answer(status=status, headers=headers, body=b"")
    return read_upload_refusal(answer, name="Mastodon", label="image 2", now=NOW)


class TestAnAnswerToAnUpload:
    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (400, Rejected, Reason.CONTENT),
            (401, Deferred, Reason.CREDENTIAL),
            (403, Rejected, Reason.PERMISSION),
            (404, Rejected, Reason.DESTINATION),
            (408, Deferred, Reason.UNAVAILABLE),
            (413, Rejected, Reason.CONTENT),
            (415, Rejected, Reason.CONTENT),
            (422, Rejected, Reason.CONTENT),
            (429, Deferred, Reason.RATE),
            (500, Deferred, Reason.UNAVAILABLE),
            (503, Deferred, Reason.UNAVAILABLE),
        ],
    )
    def test_is_never_doubt(self, status, kind, reason):
        outcome = refusal(status)

        assert isinstance(outcome, kind)
        assert outcome.reason is reason
        assert outcome.detail.startswith("Mastodon ")
        assert outcome.detail.endswith(".")

    @pytest.mark.parametrize("status", [200, 201, 202, 206])
    def test_of_a_success_is_no_refusal(self, status):
        assert refusal(status) is None

    def test_names_the_image_that_is_not_taken(self):
        too_large, unfit = refusal(413), refusal(422)

        assert isinstance(too_large, Rejected)
        assert too_large.detail == "Mastodon says that image 2 is too large. Use a smaller one."
        assert isinstance(unfit, Rejected)
        assert "image 2" in unfit.detail

    def test_may_ask_to_wait(self):
        outcome = refusal(429, **{"retry-after": "60"})

        assert isinstance(outcome, Deferred)
        assert outcome.not_before == NOW + timedelta(minutes=1)

    def test_that_cannot_be_understood_is_tried_again(self):
        outcome = upload_not_understood(name="Mastodon", label="the image")

        assert outcome.reason is Reason.UNAVAILABLE
        assert "the image" in outcome.detail


class TestALabel:
    def test_counts_only_where_there_are_several(self):
        assert image_label(payload_of(1), 0) == "the image"
        assert image_label(payload_of(3), 2) == "image 3"


class TestAForm:
    def test_carries_fields_and_the_very_bytes(self):
        content = picture_bytes("image/png") + b"\r\n--omnipub-\r\n\x00\xff"
        file = build_rendition("image/png", content=content)

        media_type, body = encode_form(file, content, fields={"description": "Grüße 👋🏽\r\n\r\nzwei", "focus": "0,0"})

        parsed = message_from_bytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body, policy=HTTP)
        parts: dict[Any, Any] = {
            part.get_param("name", header="content-disposition"): part for part in parsed.iter_parts()
        }
        assert list(parts) == ["description", "focus", "file"]
        assert parts["description"].get_payload(decode=True).decode() == "Grüße 👋🏽\r\n\r\nzwei"
        assert parts["file"].get_payload(decode=True) == content
        assert parts["file"].get_content_type() == "image/png"
        assert parts["file"].get_filename() == "image.png"
        assert not parsed.defects

    def test_is_the_same_at_every_attempt(self):
        content = picture_bytes()
        file = build_rendition(content=content)

        assert encode_form(file, content, fields={"a": "b"}) == encode_form(file, content, fields={"a": "b"})

    def test_without_fields_is_a_file_alone(self):
        content = b"GIF89a"

        media_type, body = encode_form(build_rendition("image/gif"), content, fields={}, file_field="source")

        boundary = media_type.partition("boundary=")[2].encode()
        assert body.startswith(
            b"--" + boundary + b'\r\nContent-Disposition: form-data; name="source"; filename="image.gif"'
        )
        assert body.count(boundary) == 2
