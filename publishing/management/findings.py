"""What the doctor's checks come to."""

from dataclasses import dataclass


class UnwellError(Exception):
    """A check failed. The message says what was found and what to do."""


class NotedError(Exception):
    """A check found something that may be as it should be. The message says what, and for whom it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check came to."""

    what: str
    #: Empty where all is well.
    trouble: str = ""
    #: What should be known and is no failure, or why it could not be asked.
    note: str = ""
