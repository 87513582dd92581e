"""Sentences that an editor reads about a delivery; the words of channels' own outcomes come from the channels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from publishing.domain.outcome import Problem, Reason

_SENTENCES: Final[Mapping[Reason, str]] = MappingProxyType({
    Reason.LOST_SIGHT: "The connection was lost while {channel} was being asked to publish. Looking for evidence.",
    Reason.CANCELLED: "It was cancelled while {channel} may already have published it. Looking for evidence.",
    Reason.EXPIRED: "It could not be published on {channel} within the time that a delivery may take.",
    Reason.LATE: "It did not start in time, so it was not sent late by itself. Schedule it anew, or retry it now.",
    Reason.CLAIMS: "Publishing on {channel} broke the worker again and again, so it was given up.",
    Reason.DESTINATION: "The {channel} account is no longer connected. Connect it again, then retry.",
    Reason.CREDENTIAL: "The {channel} account's credential cannot be used. Connect the account again.",
    Reason.NO_TIME: "Working time ran out before {channel} was asked; it goes on in a moment.",
    Reason.INTERNAL: "Something went wrong here before {channel} was asked; it is tried again.",
})  # fmt: skip


def problem(reason: Reason, *, channel: str, retryable: bool) -> Problem:
    """Return what an editor is told when the reason is our own and not the platform's."""
    sentence = _SENTENCES.get(reason, "{channel} has not published it.")
    return Problem(code=reason.value, detail=sentence.format(channel=channel), retryable=retryable)
