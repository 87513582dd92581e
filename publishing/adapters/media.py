"""Files of media in their bucket, as a worker reads them."""

import hashlib
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.errors import MediaGoneError, UnavailableError
from publishing.domain.media import Rendition

_GONE: Final = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of media."""

    name: str

    def read(self, file: Rendition) -> bytes:
        """Return a file's bytes; never more than its size, and only if they are the very ones that were stored.

        Raises MediaGoneError when it is gone or another, UnavailableError when the bucket is out of reach.
        """
        try:
            answer = aws.client("s3").get_object(Bucket=self.name, Key=file.key)
            with answer["Body"] as body:
                content: bytes = body.read(file.size + 1)
        except ClientError as error:
            # Without the right to list a bucket, S3 words an absent object as a denied one.
            if error.response.get("Error", {}).get("Code") in _GONE:
                raise MediaGoneError("An image of the message is no longer there.") from None
            raise UnavailableError("The media bucket refused.") from error
        except (BotoCoreError, OSError) as error:
            raise UnavailableError("The media bucket is out of reach.") from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise MediaGoneError("An image of the message is not the file that was checked.")
        return content
