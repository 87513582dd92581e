"""Heads of the audit log's chains in a bucket where nobody deletes anything before its time (S3 Object Lock)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.errors import UnavailableError

_PREFIX: Final = "heads/"
_KEY: Final = re.compile(rf"{_PREFIX}(DAYS|\d{{4}}-\d{{2}}-\d{{2}})/(\d{{9}})-([0-9a-f]{{64}})\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHead:
    """How a chain ended at some moment: its newest record's hash, when it had so many."""

    #: `2026-12-01`, or `DAYS`.
    chain: str
    size: int
    hash: str


@dataclass(frozen=True, slots=True)
class HeadBucket:
    """The bucket. A head's name says all of it, so that who verifies needs to list names only."""

    name: str

    def keep(self, head: KeptHead, *, now: datetime) -> None:
        """Store a head. Storing it again changes nothing of what it says. Raises UnavailableError."""
        body = {"chain": head.chain, "size": head.size, "hash": head.hash, "kept_at": now.isoformat(timespec="seconds")}
        try:
            aws.client("s3").put_object(
                Bucket=self.name,
                Key=f"{_PREFIX}{head.chain}/{head.size:09d}-{head.hash}.json",
                Body=json.dumps(body).encode(),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The bucket of audit heads does not answer.") from error

    def heads(self, chain: str | None = None) -> Iterator[KeptHead]:
        """Yield the heads that were kept, of one chain or of all. Raises UnavailableError."""
        prefix = _PREFIX if chain is None else f"{_PREFIX}{chain}/"
        try:
            pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    if found := _KEY.fullmatch(entry["Key"]):
                        yield KeptHead(chain=found[1], size=int(found[2]), hash=found[3])
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The bucket of audit heads does not answer.") from error
