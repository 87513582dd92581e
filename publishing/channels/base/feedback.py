"""Who understands what platforms report later: one reader for each source, by hand, imported when first asked for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final, Protocol

from publishing.domain.account import Account
from publishing.domain.feedback import Feedback


class FeedbackReader(Protocol):
    """Understands the reports of one source. It is handed what was proved to come from there."""

    def read(self, event: Mapping[str, object]) -> Feedback | None:
        """Return what a report says, or None when it is about no delivery of ours. Raise `UnreadableReportError`."""

    def concerns(self, account: Account, address: str) -> bool:
        """Tell whether an account sends to this address."""


class UnreadableReportError(ValueError):
    """A report lacks what its source documents. The text quotes nothing of it."""


#: Source to the dotted name of its reader's class.
READERS: Final[Mapping[str, str]] = MappingProxyType({"ses": "publishing.channels.email.feedback.SesFeedback"})


@cache
def get_reader(source: str) -> FeedbackReader:
    """Return the reader of a source; KeyError when there is none."""
    module, _, name = READERS[source].rpartition(".")
    reader: FeedbackReader = getattr(import_module(module), name)()
    return reader
