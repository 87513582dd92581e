"""The visible call to an AWS service and what its answer means, where the deployment's own role acts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publishing.channels.base import aws
from publishing.channels.base.answers import not_understood
from publishing.channels.base.aws_answers import Verdicts, not_signed, read_aws_refusal
from publishing.domain.outcome import Outcome, Publication, Published
from publishing.http import Answer, Courier, UnreadableError

_LONGEST_ID: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a service, as its answers are read."""

    #: The channel's name for people: `Email`.
    name: str
    #: The service's: `Amazon SES`.
    service: str
    verdicts: Verdicts
    #: Returns the id that a success states, whatever it is; raises `UnreadableError` when it cannot be read.
    read_id: Callable[[Answer], object]


def call(operation: Operation, request: aws.AwsRequest, courier: Courier, *, now: datetime) -> Outcome:
    """Make the call, once. The proof is the id in the answer; a success without one is doubt."""
    try:
        answer = aws.send(request, courier, now=now)
    except aws.UnsignedError:
        return not_signed(operation.name, operation.service, now=now)
    refusal = read_aws_refusal(
        answer, name=operation.name, service=operation.service, verdicts=operation.verdicts, now=now
    )
    return refusal or _published(operation, answer)


def _published(operation: Operation, answer: Answer) -> Outcome:
    try:
        remote_id = operation.read_id(answer)
    except UnreadableError:
        return not_understood(operation.name)
    if not isinstance(remote_id, str) or not 0 < len(remote_id) <= _LONGEST_ID or not remote_id.isprintable():
        return not_understood(operation.name)
    return Published(publication=Publication(id=remote_id))
