"""Verify what was uploaded, when it is first asked about or used: then it becomes ready, or refused with a reason."""

import hashlib
import logging
import threading
from datetime import datetime
from typing import Final

from publishing.adapters import videos
from publishing.adapters.media import Bucket, NotUploadedError
from publishing.domain.errors import UnavailableError
from publishing.domain.media import File, MediaStatus, Medium, Rendition
from publishing.domain.outcome import Problem
from publishing.store import media

#: One picture is decoded at a time in a process, whatever its threads: that bounds its memory.
_DECODING: Final = threading.Lock()

log = logging.getLogger(__name__)


def verify(medium: Medium, *, bucket: Bucket, now: datetime) -> Medium:
    """Return a medium as it is after its upload, if there is one, was looked at.

    Stays `uploading` while nothing is there. Safe to run any number of times at once: files have names that follow from
    their bytes, and one conditional write decides. Raises UnavailableError when the bucket or the table is out of
    reach; nothing is lost then, and the next one to ask verifies it.
    """
    #   A: read upload ── decode ── keep files ── ready ────── remove upload
    #   B:      read upload ── decode ── keep the same files ── ready ✗, so it reads what A wrote
    #   C:                                                          no upload: it reads what A wrote
    # Of a video its description is read alone, and the bucket copies the file itself.
    if medium.status is not MediaStatus.UPLOADING:
        return medium
    try:
        verified = _verify_video(medium, bucket, now) if medium.is_video else _verify_picture(medium, bucket, now)
    except NotUploadedError:
        verified = None
    if verified is None:
        return _latest(medium)
    log.info("medium.verified", extra={"medium": medium.id, "status": verified.status.value})
    _clear_away(verified, bucket)
    return verified


def _verify_picture(medium: Medium, bucket: Bucket, now: datetime) -> Medium | None:
    """Return the medium as it was noted; None when somebody else noted it. Raises NotUploadedError."""
    with _DECODING:
        content = bucket.read_upload(medium)
        looked = _look(medium, content)
        del content
        if isinstance(looked, Problem):
            return media.record_refused(medium.id, looked, now=now)
        *kept, small = [bucket.keep(_key(medium, file), file) for file in (*looked, _thumbnail(looked))]
        return _note_ready(medium, kept, small, bucket=bucket, now=now)


def _verify_video(medium: Medium, bucket: Bucket, now: datetime) -> Medium | None:
    """Return as `_verify_picture` does. Reads what describes the video only; the bucket copies the file."""
    waiting = bucket.find_upload(medium)
    problem = _size_problem(medium, waiting.size)
    if problem is None:
        try:
            footage = videos.inspect(
                lambda offset, length: bucket.read_part(medium, waiting, offset, length),
                waiting.size,
                medium.media_type,
            )
        except videos.RefusedVideoError as refusal:
            problem = refusal.problem
    if problem is not None:
        return media.record_refused(medium.id, problem, now=now)
    kept = bucket.keep_video(medium.file_key(waiting.etag, medium.media_type), medium, waiting, footage)
    return _note_ready(medium, [kept], None, bucket=bucket, now=now)


def _note_ready(
    medium: Medium, kept: list[Rendition], small: Rendition | None, *, bucket: Bucket, now: datetime
) -> Medium | None:
    verified = media.record_ready(medium.id, kept, thumbnail=small, now=now)
    if verified is None and _latest(medium).status is MediaStatus.DELETED:
        # Deleted meanwhile, by somebody who did not know of these files.
        bucket.remove(file.key for file in (*kept, small) if file is not None)
    return verified


def _look(medium: Medium, content: bytes) -> tuple[File, ...] | Problem:
    if problem := _size_problem(medium, len(content)):
        return problem
    # Pillow takes long to load: a cold start must not pay for what few requests need.
    from publishing.adapters import pictures

    try:
        return pictures.render(content, medium.media_type)
    except pictures.RefusedPictureError as refusal:
        return refusal.problem


def _size_problem(medium: Medium, size: int) -> Problem | None:
    if not size:
        return Problem(code="empty", detail="The file is empty. Choose another one.", retryable=False)
    if size != medium.size:
        detail = "The file is not as large as was said when its upload was asked for. Upload it again."
        return Problem(code="wrong_size", detail=detail, retryable=False)
    return None


def _thumbnail(files: tuple[File, ...]) -> File:
    from publishing.adapters import pictures  # as above

    # The last has the fewest pixels; of an animation it is the first picture.
    return pictures.thumbnail(files[-1])


def _key(medium: Medium, file: File) -> str:
    return medium.file_key(hashlib.sha256(file.content).hexdigest(), file.media_type)


def _latest(medium: Medium) -> Medium:
    return media.get_medium(medium.id, deleted=True)


def _clear_away(medium: Medium, bucket: Bucket) -> None:
    try:
        bucket.remove([medium.upload_key])
    except UnavailableError:
        # Nobody reads it again, and the bucket's own rule for old uploads takes it away.
        log.warning("medium.upload_left", extra={"medium": medium.id})
