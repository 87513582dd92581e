"""The call to a webhook and the reading of its answer."""

from datetime import datetime
from typing import ClassVar

from publishing.channels.base.answers import read_refusal
from publishing.channels.base.capabilities import Capabilities, Deduplication, required
from publishing.channels.base.checks import common_problems
from publishing.channels.base.contract import Channel, Payload, Submission, Trace
from publishing.channels.webhook.payload import IMAGES, build_body, encode, sign
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.outcome import (
    Deferred,
    Finding,
    Outcome,
    Publication,
    Published,
    Reason,
    Rejected,
    Undecidable,
)
from publishing.http import Answer, Courier, UnreadableError

_LONGEST_ID = 256
_LONGEST_URL = 2_048


class WebhookChannel(Channel):
    """Posts a signed event to the account's address. The receiver may de-duplicate; we cannot know, so doubt stays."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="webhook",
        name="Webhook",
        deduplication=Deduplication.NONE,
        images=IMAGES,
        is_private=True,
        connect_fields=(
            required("/base_url", "The address that receives the events, starting with https://."),
            required("/credential", "The secret that signs them; the receiver needs the same one."),
        ),
    )

    def measure(self, content: Content) -> int:
        """Return the number of code points."""
        return len(content.text)

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what exceeds the channel's own limits; a receiver's are not known."""
        return common_problems(self, content, account)

    def build(self, submission: Submission, account: Account) -> Payload:  # noqa: ARG002 - equal for all accounts
        """Build the event."""
        return Payload(text=submission.content.text, body=build_body(submission), delivery_key=submission.delivery_key)

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Post the event. Any 2xx means that the receiver took it, whatever the body says."""
        name = self.capabilities.name
        url = destination.account.base_url
        if not url:
            return Rejected(reason=Reason.DESTINATION, detail=f"{name} was not called: the account names no address.")
        if not destination.credential.split():
            detail = f"{name} was not called: there is no secret to sign with. Connect the account again."
            return Deferred(reason=Reason.CREDENTIAL, detail=detail)
        raw = encode(payload.body)
        timestamp = int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "omnipub-id": payload.delivery_key,
            "omnipub-timestamp": str(timestamp),
            "omnipub-signature": sign(
                raw, key=payload.delivery_key, timestamp=timestamp, credential=destination.credential
            ),
        }
        answer = courier.request("POST", url, headers=headers, content=raw, acts=True)
        return read_refusal(answer, name=name, now=now) or Published(publication=_publication(answer, payload))

    def look_up(
        self,
        trace: Trace,  # noqa: ARG002
        destination: Destination,  # noqa: ARG002
        courier: Courier,  # noqa: ARG002
        *,
        now: datetime,  # noqa: ARG002
    ) -> Finding:
        """Answer that there is nobody to ask."""
        return Undecidable(detail="A webhook cannot be asked what it received. Look there, then say what you found.")


def _publication(answer: Answer, payload: Payload) -> Publication:
    """Take the receiver's own id and address if it states them; it need not."""
    try:
        stated = answer.json_object()
    except UnreadableError:
        stated = {}
    remote_id, url = stated.get("id"), stated.get("url")
    if isinstance(remote_id, int) and not isinstance(remote_id, bool):
        remote_id = str(remote_id)
    is_id = isinstance(remote_id, str) and 0 < len(remote_id) <= _LONGEST_ID and remote_id.isprintable()
    is_url = isinstance(url, str) and url.startswith("https://") and len(url) <= _LONGEST_URL and url.isprintable()
    return Publication(id=str(remote_id) if is_id else payload.delivery_key, url=str(url) if is_url else None)
