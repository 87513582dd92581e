"""An answer as it came: status, headers and a body that may be incomplete."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from publishing.http.errors import CourierError


class UnreadableError(CourierError):
    """An answer came, but its body is not what was promised: no JSON, cut off, too large, too slow, encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a platform answered. Redirects are answers too."""

    status: int
    #: Names in lower case; of a repeated header the first.
    headers: Mapping[str, str] = field(repr=False)
    #: At most `MAX_BODY` bytes.
    body: bytes = field(repr=False)
    #: Why the body is incomplete, as the end of "The answer …"; None when all of it is here.
    flaw: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status says that it was done."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8, with a mark in place of what is not."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> object:
        """Return the body as data. Raise `UnreadableError` when it is not complete JSON."""
        if self.flaw:
            raise UnreadableError(f"The answer {self.flaw}.")
        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError):
            # The cause is dropped on purpose: its text quotes the body.
            raise UnreadableError("The answer is not JSON.") from None
        return parsed

    def json_object(self) -> Mapping[str, object]:
        """Return the body as a JSON object. Raise `UnreadableError` when it is anything else."""
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise UnreadableError("The answer is JSON, but not an object.")
        return parsed
