"""Files of media in their bucket: as a worker reads them, and as the web function lets people upload and keeps them."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.errors import MediaGoneError, UnavailableError
from publishing.domain.media import UPLOAD_FOR, File, Medium, Rendition, Upload
from publishing.domain.video import Footage

# Without the right to list a bucket, S3 words an absent object as a denied one.
_GONE: Final = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})
#: A file never changes under its name.
_FOREVER: Final = "public, max-age=31536000, immutable"


class NotUploadedError(Exception):
    """Nothing was uploaded yet, or it was taken away already."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What waits in the bucket: how large it is, and which bytes it has."""

    size: int
    #: Another one for other bytes.
    etag: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of media."""

    name: str

    def read(self, file: Rendition) -> bytes:
        """Return a file's bytes; never more than its size, and only if they are the very ones that were stored.

        Raises MediaGoneError when it is gone or another, UnavailableError when the bucket is out of reach.
        """
        try:
            content = self._get(file.key, limit=file.size + 1)
        except NotUploadedError:
            raise MediaGoneError("An image of the message is no longer there.") from None
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise MediaGoneError("An image of the message is not the file that was checked.")
        return content

    def permit_upload(self, medium: Medium, *, now: datetime) -> Upload:
        """Return the permission to upload a medium's file: that name, that type, that many bytes. Sends nothing."""
        form = aws.client("s3").generate_presigned_post(
            self.name,
            medium.upload_key,
            Fields={"Content-Type": medium.media_type},
            Conditions=[
                {"Content-Type": medium.media_type},
                ["content-length-range", medium.size, medium.size],
            ],
            ExpiresIn=int(UPLOAD_FOR.total_seconds()),
        )
        return Upload(url=form["url"], fields=form["fields"], expires_at=(now + UPLOAD_FOR).replace(microsecond=0))

    def read_upload(self, medium: Medium) -> bytes:
        """Return what was uploaded; at most one byte more than was stated, by which too large a file is known.

        Raises NotUploadedError when nothing is there, UnavailableError when the bucket is out of reach.
        """
        return self._get(medium.upload_key, limit=medium.size + 1)

    def find_upload(self, medium: Medium) -> Uploaded:
        """Return what waits, without reading it. Raises NotUploadedError and UnavailableError as `read_upload` does."""
        with _reached(), _found():
            answer = aws.client("s3").head_object(Bucket=self.name, Key=medium.upload_key)
        return Uploaded(size=int(answer["ContentLength"]), etag=answer["ETag"])

    def read_part(self, medium: Medium, waiting: Uploaded, offset: int, length: int) -> bytes:
        """Return so many bytes of what was uploaded, from an offset on; fewer where it ends.

        Raises NotUploadedError when nothing is there, UnavailableError also when something else was uploaded meanwhile.
        """
        last = min(offset + length, waiting.size) - 1
        if last < offset:
            return b""
        with _reached(), _found():
            answer = aws.client("s3").get_object(
                Bucket=self.name, Key=medium.upload_key, Range=f"bytes={offset}-{last}", IfMatch=waiting.etag
            )
            with answer["Body"] as body:
                content: bytes = body.read(length)
        _demand_same(waiting, answer["ETag"])
        return content

    def keep_video(self, key: str, medium: Medium, waiting: Uploaded, footage: Footage) -> Rendition:
        """Copy an upload to its name, for good, inside the bucket: what was looked at, and nothing else.

        Raises NotUploadedError when it is gone, UnavailableError also when something else was uploaded meanwhile.
        """
        with _reached(), _found():
            aws.client("s3").copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": self.name, "Key": medium.upload_key},
                CopySourceIfMatch=waiting.etag,
                MetadataDirective="REPLACE",
                ContentType=medium.media_type,
                ContentDisposition="inline",
                CacheControl=_FOREVER,
                # The bucket hashes while it copies: nobody has to read the file for it.
                ChecksumAlgorithm="SHA256",
            )
            kept = aws.client("s3").head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        if kept["ETag"] != waiting.etag:
            self.remove([key])
            _demand_same(waiting, kept["ETag"])
        return Rendition(
            key=key,
            media_type=medium.media_type,
            size=waiting.size,
            width=footage.width,
            height=footage.height,
            sha256=self._sha256(key, kept.get("ChecksumSHA256")),
            video=footage.facts,
        )

    def keep(self, key: str, file: File) -> Rendition:
        """Store a file under its name, for good. Storing it again changes nothing. Raises UnavailableError."""
        with _reached():
            aws.client("s3").put_object(
                Bucket=self.name,
                Key=key,
                Body=file.content,
                ContentType=file.media_type,
                ContentDisposition="inline",
                CacheControl=_FOREVER,
            )
        return Rendition(
            key=key,
            media_type=file.media_type,
            size=len(file.content),
            width=file.width,
            height=file.height,
            sha256=hashlib.sha256(file.content).hexdigest(),
            frames=file.frames,
        )

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files; those that are not there are no problem. Raises UnavailableError."""
        for key in keys:
            with _reached():
                aws.client("s3").delete_object(Bucket=self.name, Key=key)

    def _sha256(self, key: str, stated: str | None) -> str:
        """Return a file's hash in hex: as the bucket states it, else, where the store does not hash, by reading it."""
        if stated is not None:
            return base64.b64decode(stated).hex()
        found = hashlib.sha256()
        with _reached(), _found(), aws.client("s3").get_object(Bucket=self.name, Key=key)["Body"] as body:
            while part := body.read(1_000_000):
                found.update(part)
        return found.hexdigest()

    def _get(self, key: str, *, limit: int) -> bytes:
        with _reached(), _found():
            answer = aws.client("s3").get_object(Bucket=self.name, Key=key)
            with answer["Body"] as body:
                content: bytes = body.read(limit)
        return content


def _demand_same(waiting: Uploaded, etag: str) -> None:
    if etag != waiting.etag:
        raise UnavailableError("Something else was uploaded while the upload was looked at.")


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise NotUploadedError from None
        raise


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise UnavailableError("The media bucket refused.") from error
    except (BotoCoreError, OSError) as error:
        raise UnavailableError("The media bucket is out of reach.") from error
