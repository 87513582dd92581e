"""One delivery in hand, and what sending it and looking for it have in common."""

from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from publishing.channels.base.contract import Channel, Submission
from publishing.domain.decision import due_of
from publishing.domain.delivery import Delivery
from publishing.domain.errors import CredentialError
from publishing.domain.message import Message
from publishing.domain.timing import Timing
from publishing.services.steps import OpenCredential, Reading, Steps
from publishing.store.accounts import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One delivery in hand."""

    message: Message
    delivery: Delivery
    #: None when this version of the code no longer knows the channel.
    channel: Channel | None
    timing: Timing
    random: Random
    #: What the public addresses of media begin with.
    media_url: str = ""
    #: Whether the attempt is the one identical repeat that stands for a look-up.
    is_probe: bool = False
    #: Of the account's credential as it was read for this attempt; 0 for none.
    credential_version: int = 0

    @property
    def channel_name(self) -> str:
        """The channel's name for people."""
        return self.channel.capabilities.name if self.channel else self.delivery.channel

    @property
    def due(self) -> datetime:
        """When the delivery is due."""
        return due_of(self.message, self.delivery)


#: What was done, and whether the event has been dealt with.
Done = tuple[str, bool]


def new_owner(random: Random) -> str:
    """Return a token by which a writer recognises its own write."""
    return f"{random.getrandbits(64):016x}"


def submission_of(job: Job) -> Submission:
    """Return what a delivery hands to its channel: equal for every attempt of its generation."""
    message, delivery = job.message, job.delivery
    content = message.content_for(delivery.channel)
    if delivery.adapted is not None:
        content = replace(content, text=delivery.adapted)
    return Submission(
        message_id=message.id,
        delivery_id=delivery.id,
        delivery_key=delivery.key,
        content=content,
        due_at=due_of(message, delivery),
        media_url=job.media_url,
    )


def open_credential(channel: Channel, lane: Lane) -> Steps[str]:
    """Return the lane's credential in clear, or nothing where the channel needs none.

    Raises CredentialError when there is none although it is needed, or when it cannot be opened.
    """
    if not channel.capabilities.needs_credential:
        return ""
    if lane.credential is None:
        raise CredentialError("The account has no credential.")
    credential: str = yield OpenCredential(sealed=lane.credential)
    return credential


def has_time(timing: Timing, reading: Reading) -> bool:
    """Tell whether a call to a platform still fits into the working time."""
    return reading.remaining >= timing.call + timing.commit_margin
