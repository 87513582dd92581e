"""A handler for processes that a test starts: notes each record on disk before it answers."""

import base64
import os
from pathlib import Path
from typing import Any

from local.durable import append_line


def note(event: dict[str, Any], _context: object) -> None:
    for record in event["Records"]:
        append_line(Path(os.environ["NOTES"]), base64.b64decode(record["kinesis"]["data"]).decode())
