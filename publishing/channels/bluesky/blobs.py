"""Putting images in place: one blob a step. Blobs are named by their content, so the same file is the same blob."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.contract import Payload, Prepared
from publishing.channels.base.uploads import (
    Uploads,
    finished,
    image_label,
    read_upload_refusal,
    upload_not_understood,
)
from publishing.channels.bluesky.errors import NAME, RESTRICTED, error_name, read_reset, restricted
from publishing.channels.bluesky.session import Session
from publishing.domain.media import Rendition
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer, Courier, UnreadableError

#: How long an upload is relied on. A server deletes what no record refers to "within a time window (eg, minutes)"; the
#: protocol's guidelines ask for an hour at least. Another upload costs little and changes nothing.
KEPT: Final = timedelta(minutes=10)
_LONGEST: Final = 200


def send_blob(file: Rendition, content: bytes, *, base_url: str, session: Session, courier: Courier) -> Answer:
    """Upload one file."""
    headers = {**session.headers, "content-type": file.media_type}
    url = f"{base_url}/xrpc/com.atproto.repo.uploadBlob"
    return courier.request("POST", url, headers=headers, content=content, acts=False)


def read_answer(answer: Answer, payload: Payload, uploads: Uploads, *, now: datetime) -> Prepared | Deferred | Rejected:
    """Return how far the uploads are with this answer. A refused token is not judged here."""
    label = image_label(payload, len(uploads.notes))
    if answer.status < 500 and error_name(answer) in RESTRICTED:
        return restricted()
    refusal = read_upload_refusal(answer, name=NAME, label=label, now=now, wait_until=read_reset(answer, now=now))
    if refusal is not None:
        return refusal
    try:
        blob = _read_blob(answer.json_object().get("blob"))
    except UnreadableError:
        return upload_not_understood(name=NAME, label=label)
    uploads = uploads.plus({"blob": blob}, now=now)
    return uploads.prepared(is_complete=uploads.next_file(payload) is None)


def blobs(payload: Payload) -> Sequence[object]:
    """Return the blobs of a payload's images. Raise ValueError unless all of them were uploaded."""
    return [note["blob"] for note in finished(payload).notes]


def blobs_gone(payload: Payload) -> Deferred:
    """Return the outcome for blobs that the server no longer has: once they count as old, all are uploaded anew."""
    since = finished(payload).since
    detail = f"{NAME} no longer has the images that it was given. They are uploaded anew."
    return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=since + KEPT if since else None)


def _read_blob(stated: object) -> Mapping[str, object]:
    """Return the reference that a record has to hold, and nothing else. Raise `UnreadableError` when it is none."""
    if not isinstance(stated, dict):
        raise UnreadableError("The answer names no blob.")
    ref, media_type, size = stated.get("ref"), stated.get("mimeType"), stated.get("size")
    link = ref.get("$link") if isinstance(ref, dict) else None
    if not (isinstance(link, str) and isinstance(media_type, str) and isinstance(size, int)):
        raise UnreadableError("The answer names no blob.")
    if not link or len(link) > _LONGEST or len(media_type) > _LONGEST:
        raise UnreadableError("The answer names no blob.")
    return {"$type": "blob", "ref": {"$link": link}, "mimeType": media_type, "size": size}
