"""Putting images in place: one upload a step, then the wait for what the server processes later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from publishing.channels.base.contract import Library, Payload, Prepared
from publishing.channels.base.uploads import (
    Uploads,
    encode_form,
    finished,
    image_label,
    read_upload_refusal,
    resume,
    upload_not_understood,
)
from publishing.channels.mastodon.lookup import read_reset
from publishing.channels.mastodon.payload import description_of
from publishing.domain.media import Rendition
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer, Courier, CourierError, UnreadableError

NAME: Final = "Mastodon"
#: How long an upload is relied on. Servers delete what no status uses after a day (`MediaAttachmentsVacuum::TTL`).
KEPT: Final = timedelta(hours=1)
#: When to look again for what is still being processed; animations take seconds.
_PROCESSING: Final = timedelta(seconds=15)
_LONGEST_ID: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An account's media at its server, during one call of the channel."""

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    courier: Courier
    now: datetime

    def step(self, payload: Payload, library: Library) -> Prepared | Deferred | Rejected:
        """Upload the next image; when all of them are there, ask for one that is still being processed."""
        uploads = resume(payload, longest=KEPT, now=self.now)
        file = uploads.next_file(payload)
        if file is not None:
            return self._upload(payload, uploads, file, library.read(file))
        waiting = _waiting(uploads)
        return self._ask(payload, uploads, waiting[0]) if waiting else uploads.prepared(is_complete=True)

    def explain_refusal(self, payload: Payload) -> Deferred | None:
        """Return what to do about a refused status if its media may be the reason; None when they are all right.

        Error texts are localized and the status is the same for a text that is too long, so the media are asked for.
        """
        uploads = finished(payload)
        try:
            answers = [self._get(str(note["id"])) for note in uploads.notes]
        except CourierError:
            detail = f"{NAME} refused the post, and could not be asked whether that was because of its images."
            return Deferred(reason=Reason.UNAVAILABLE, detail=detail)
        if all(answer.status == 200 for answer in answers):
            return None
        if any(answer.status in {404, 410} for answer in answers):
            return self._gone(uploads)
        detail = f"{NAME} refused the post, perhaps because its images were not ready."
        return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=self.now + _PROCESSING)

    def _upload(
        self, payload: Payload, uploads: Uploads, file: Rendition, content: bytes
    ) -> Prepared | Deferred | Rejected:
        position = len(uploads.notes)
        label = image_label(payload, position)
        description = description_of(payload.body, position)
        media_type, body = encode_form(file, content, fields={"description": description} if description else {})
        headers = {**self.headers, "content-type": media_type}
        answer = self.courier.request(
            "POST", f"{self.base_url}/api/v2/media", headers=headers, content=body, acts=False
        )
        refusal = self._refusal(answer, label)
        if refusal is not None:
            return refusal
        try:
            media_id = answer.json_object().get("id")
        except UnreadableError:
            media_id = None
        if not isinstance(media_id, str) or not 0 < len(media_id) <= _LONGEST_ID:
            return upload_not_understood(name=NAME, label=label)
        # 202: the file was taken, and is processed later.
        note = {"id": media_id, "waits": True} if answer.status == 202 else {"id": media_id}
        uploads = uploads.plus(note, now=self.now)
        is_complete = uploads.next_file(payload) is None and not _waiting(uploads)
        return uploads.prepared(is_complete=is_complete)

    def _ask(self, payload: Payload, uploads: Uploads, position: int) -> Prepared | Deferred | Rejected:
        media_id, label = str(uploads.notes[position]["id"]), image_label(payload, position)
        answer = self._get(media_id)
        if answer.status in {404, 410}:
            return self._gone(uploads)
        refusal = self._refusal(answer, label)
        if refusal is not None:
            return refusal
        if answer.status == 206:
            detail = f"{NAME} is still processing {label}."
            return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=self.now + _PROCESSING)
        uploads = uploads.changed(position, {"id": media_id})
        return uploads.prepared(is_complete=not _waiting(uploads))

    def _gone(self, uploads: Uploads) -> Deferred:
        """Return the outcome for media that the server no longer has: once they count as old, all are uploaded anew."""
        detail = f"{NAME} no longer has the images that it was given. They are uploaded anew."
        not_before = uploads.since + KEPT if uploads.since else None
        return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=not_before)

    def _get(self, media_id: str) -> Answer:
        url = f"{self.base_url}/api/v1/media/{quote(media_id, safe='')}"
        return self.courier.request("GET", url, headers=self.headers, acts=False)

    def _refusal(self, answer: Answer, label: str) -> Deferred | Rejected | None:
        wait_until = read_reset(answer, now=self.now)
        return read_upload_refusal(answer, name=NAME, label=label, now=self.now, wait_until=wait_until)


def media_ids(payload: Payload) -> Sequence[str]:
    """Return the ids of a payload's images. Raise ValueError unless all of them were uploaded."""
    return [str(note["id"]) for note in finished(payload).notes]


def _waiting(uploads: Uploads) -> Sequence[int]:
    """Return the positions of what is still being processed."""
    return [position for position, note in enumerate(uploads.notes) if note.get("waits")]
