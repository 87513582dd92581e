"""What channels that upload files have in common: a handle that remembers them, and the reading of answers to uploads.

An upload is invisible and can be repeated, so whatever becomes of one is certain: it is never a matter of doubt.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from publishing.channels.base.answers import parse_moment, read_refusal
from publishing.channels.base.contract import Payload, Prepared
from publishing.domain.media import EXTENSIONS, Rendition
from publishing.domain.outcome import Deferred, Reason, Rejected, Unknown
from publishing.domain.wording import phrase
from publishing.http import Answer

#: How much of a payload's hash a handle carries.
_SHA_LENGTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Which of a payload's files are at the platform, in the payload's order. Stored as a delivery's handle."""

    #: The beginning of the hash of the payload that they belong to.
    payload_sha: str
    #: When the first of them was sent; None before.
    since: datetime | None = None
    #: What the channel keeps of each: plain data without a secret, under keys of its own.
    notes: tuple[Mapping[str, object], ...] = ()

    def plus(self, note: Mapping[str, object], *, now: datetime) -> Self:
        """Return these and one more; `now` is when its upload began."""
        return replace(self, since=self.since or now, notes=(*self.notes, note))

    def changed(self, position: int, note: Mapping[str, object]) -> Self:
        """Return these with another note in place of the one at a position, counted from 0."""
        return replace(self, notes=(*self.notes[:position], note, *self.notes[position + 1 :]))

    def next_file(self, payload: Payload) -> Rendition | None:
        """Return the file that is to be uploaded next, or None when all of them were."""
        return payload.files[len(self.notes)] if len(self.notes) < len(payload.files) else None

    def prepared(self, *, is_complete: bool) -> Prepared:
        """Return these as the answer of a step."""
        stated = {"of": self.payload_sha, "since": _moment(self.since), "files": list(self.notes)}
        handle = json.dumps(stated, ensure_ascii=False, separators=(",", ":"))
        return Prepared(handle=handle, is_complete=is_complete)


def resume(payload: Payload, *, longest: timedelta, now: datetime) -> Uploads:
    """Return what the steps before have left, for the next one.

    That is nothing, so that everything is uploaded anew, where it is older than the platform is trusted to keep files
    that no publication uses, or where it belongs to another payload.
    """
    uploads = _read(payload)
    is_kept = uploads.since is not None and uploads.since <= now < uploads.since + longest
    return uploads if is_kept else Uploads(payload_sha=_sha(payload))


def finished(payload: Payload) -> Uploads:
    """Return what the visible call refers to. Raise ValueError unless that is every file of the payload."""
    uploads = _read(payload)
    if len(uploads.notes) != len(payload.files):
        raise ValueError("Not all files are at the platform.")
    return uploads


def image_label(payload: Payload, position: int) -> str:
    """Return how a sentence for an editor calls a file, by its position counted from 0."""
    number = position + 1
    return phrase("the image") if len(payload.files) == 1 else phrase(f"image {number}")


def read_upload_refusal(
    answer: Answer, *, name: str, label: str, now: datetime, wait_until: datetime | None = None
) -> Deferred | Rejected | None:
    """Return the outcome of an answer to an upload whose status is no success, or None for a 2xx.

    `label` is what the image is called, `wait_until` the platform's own time to come back for a 429.
    """
    match read_refusal(answer, name=name, now=now, wait_until=wait_until):
        case Unknown():
            detail = f"{name} had an error of its own when it was given {label} (HTTP {answer.status})."
            return Deferred(reason=Reason.UNAVAILABLE, detail=detail)
        case Rejected(reason=Reason.CONTENT):
            detail = f"{name} does not accept {label}. Use another picture."
            if answer.status == 413:
                detail = f"{name} says that {label} is too large. Use a smaller one."
            return Rejected(reason=Reason.CONTENT, detail=detail)
        case Deferred() | Rejected() as outcome:
            return outcome
        case _:
            return None


def upload_not_understood(*, name: str, label: str) -> Deferred:
    """Return the outcome of an upload whose success cannot be read. It is repeated: nobody saw it."""
    detail = f"{name} answered in a way that cannot be understood when it was given {label}."
    return Deferred(reason=Reason.UNAVAILABLE, detail=detail)


def encode_form(
    file: Rendition, content: bytes, *, fields: Mapping[str, str], file_field: str = "file"
) -> tuple[str, bytes]:
    """Return media type and body of a form (`multipart/form-data`) that carries fields and one file.

    The same for every attempt. The boundary comes from a hash of all that is in it, so that none of that can hold it.
    """
    parts = [f'name="{name}"\r\n\r\n{value}'.encode(errors="surrogatepass") for name, value in fields.items()]
    filename = f"image.{EXTENSIONS.get(file.media_type, 'bin')}"
    head = f'name="{file_field}"; filename="{filename}"\r\nContent-Type: {file.media_type}\r\n\r\n'.encode()
    hashed = hashlib.sha256(content)
    for part in parts:
        hashed.update(part)
    boundary = f"omnipub-{hashed.hexdigest()[:40]}"
    start = f"--{boundary}\r\nContent-Disposition: form-data; ".encode()
    pieces = [piece for part in (*parts, head) for piece in (b"\r\n", start, part)][1:]
    body = b"".join((*pieces, content, f"\r\n--{boundary}--\r\n".encode()))
    return f"multipart/form-data; boundary={boundary}", body


def _read(payload: Payload) -> Uploads:
    """Return what a handle says, or nothing when it says nothing about this payload."""
    nothing = Uploads(payload_sha=_sha(payload))
    try:
        stated = json.loads(payload.handle or "null")
    except (ValueError, RecursionError):
        return nothing
    if not isinstance(stated, dict) or stated.get("of") != nothing.payload_sha:
        return nothing
    since, notes = parse_moment(stated.get("since")), stated.get("files")
    if since is None or not isinstance(notes, list) or len(notes) > len(payload.files):
        return nothing
    if not all(isinstance(note, dict) for note in notes):
        return nothing
    return replace(nothing, since=since, notes=tuple(notes))


def _sha(payload: Payload) -> str:
    return payload.sha()[:_SHA_LENGTH]


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None
