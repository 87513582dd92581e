"""Publishing with images, step by step, as a worker does it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from publishing.channels.base import border
from publishing.channels.base.contract import Channel, Payload, Prepared
from publishing.domain.account import Destination
from publishing.domain.content import Content, MediaUse
from publishing.http import HttpClient
from tests.channels.simulated import build_submission, utc_now
from tests.pictures import Shelf


def payload_of(
    channel: Channel, destination: Destination, *uses: MediaUse, text: str = "Look", link: str | None = None
) -> Payload:
    submission = replace(build_submission(), content=Content(text=text, link=link, media=uses))
    return channel.build(submission, destination.account)


class Publisher:
    """One channel, one account, one library."""

    def __init__(self, channel: Channel, destination: Destination, client: HttpClient, shelf: Shelf) -> None:
        self.channel = channel
        self.destination = destination
        self.client = client
        self.shelf = shelf

    def step(self, payload: Payload, *, now: datetime | None = None) -> Any:
        courier = self.client.courier()
        return border.prepare(
            self.channel, payload, self.destination, courier, library=self.shelf, now=now or utc_now()
        )

    def prepared(self, payload: Payload, *, now: datetime | None = None) -> Payload:
        """Do every step that is left."""
        while True:
            step = self.step(payload, now=now)
            assert isinstance(step, Prepared), step
            payload = replace(payload, handle=step.handle)
            if step.is_complete:
                return payload

    def publish(self, payload: Payload, *, now: datetime | None = None) -> Any:
        return border.publish(self.channel, payload, self.destination, self.client.courier(), now=now or utc_now())
