"""Structured logs: one JSON object a line, the correlation id on every line, secrets taken out by key and by pattern.

An event name is constant and its data travels in `extra`. Redaction is the last net: content, credentials, answers of
platforms and personal data are not logged in the first place. No Django here: the workers log the same way.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

REDACTED: Final = "[redacted]"
TEXT_LIMIT: Final = 8_000
DEPTH_LIMIT: Final = 6

#: Follows one request or stream event through the logs; empty outside of one.
_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")

#: A field with one of these words in its name never shows its value.
_SECRET_KEY: Final = re.compile(
    r"authori[sz]ation|token|secret|password|passphrase|credential|cookie|signature|api[-_ ]?key|private[-_ ]?key"
    r"|access[-_ ]?key|session[-_ ]?id|ciphertext|data[-_ ]?key",
    re.IGNORECASE,
)
#: (pattern, replacement); a named prefix stays, so that one sees what was taken out.
_SECRET_PATTERNS: Final = (
    (re.compile(r"\b(Bearer|Basic|Api-Key)\s+[^\s,;\"']+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), REDACTED),
    (
        re.compile(
            r"\b(x-amz-(?:signature|credential|security-token)|signature|sig|access_token|refresh_token|id_token|token"
            r"|client_secret|secret|password|api_key|apikey|aws_secret_access_key|code|sha256|v1)(\"?\s*[=:]\s*\"?)"
            r"[A-Za-z0-9%._~+/=-]{6,}",
            re.IGNORECASE,
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), REDACTED),
    # An AWS secret key: 40 characters of base 64 in both cases and with a digit, which no hash in hexadecimal is.
    (
        re.compile(
            r"(?<![A-Za-z0-9/+=])(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])(?=[A-Za-z/+]*[0-9])[A-Za-z0-9/+]{40}"
            r"(?![A-Za-z0-9/+=])"
        ),
        REDACTED,
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), REDACTED),
)

#: What every record has; all else came in through `extra`. A web framework's `request` shows queries, and is left out.
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request"}
#: Libraries whose talk shows requests with their headers.
_TALKATIVE: Final = ("httpx", "httpcore", "botocore", "boto3", "urllib3", "pynamodb", "s3transfer", "asyncio")
#: These repeat what the request's own line says, with the query in it; only their errors are news.
_REPEATING: Final = ("django.server", "django.request")


def correlation_id() -> str:
    """Return the id of the request or stream event being worked on, or an empty text."""
    return _correlation_id.get()


@contextmanager
def correlated(identifier: str) -> Iterator[None]:
    """Put an id on every log line inside the block, in this thread."""
    token = _correlation_id.set(identifier)
    try:
        yield
    finally:
        _correlation_id.reset(token)


def configure(level: str = "INFO") -> None:
    """Send all logs of this process to standard error as JSON, instead of what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _REPEATING:
        logging.getLogger(name).setLevel(logging.ERROR)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, in ASCII, so that no text can start a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. Never raises for what a caller passed in `extra`."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "event": redact_text(record.getMessage()),
            "logger": record.name,
        }
        if identifier := correlation_id():
            line["correlation_id"] = identifier
        for name, value in record.__dict__.items():
            if name not in _STANDARD and not name.startswith("_"):
                line.setdefault(name, redact(value, key=name))
        if record.exc_info:
            line["error"] = redact_text(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str, separators=(",", ":"))


def redact(value: object, *, key: str = "", depth: int = 0) -> object:
    """Return a copy of a value as plain data, without what looks like a secret by its key or by its form."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_KEY.search(key):
        return REDACTED
    if depth > DEPTH_LIMIT:
        return "[deeper]"
    if isinstance(value, Mapping):
        return {str(name): redact(inner, key=str(name), depth=depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner, depth=depth + 1) for inner in value]
    return f"[{len(value)} bytes]" if isinstance(value, bytes | bytearray) else redact_text(str(value))


def redact_text(text: str) -> str:
    """Return a text without what has the form of a secret, cut to a length that a log line can carry."""
    for pattern, replacement in _SECRET_PATTERNS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…[{len(text) - TEXT_LIMIT} more]"
