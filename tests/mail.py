"""Events about mail, and a topic that signs them: what Amazon SES and SNS would send."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.plan import TOPIC
from local.platforms.topics import Signer
from publishing.domain.delivery import Delivery
from tests.servers import RawServer, http_answer, serving

RECIPIENT = "list@example.org"
SETTINGS = {"region": "us-east-1", "sender": "news@example.org", "recipient": RECIPIENT}
REMOTE_ID = "0100018f2c6f8a3e-5d1b1f6a-000000"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic whose certificate is served over a real socket."""

    signer: Signer
    server: RawServer

    @property
    def address(self) -> str:
        return f"{self.server.url}/sns"

    def notify(self, event: object, *, now: datetime | None = None, number: str = "notification-1") -> bytes:
        """A notification with this event, signed."""
        content = event if isinstance(event, str) else json.dumps(event)
        return self.signer.notify(content, number=number, address=self.address, now=now or datetime.now(UTC))


@contextmanager
def serving_topic(folder: Path) -> Iterator[Topic]:
    folder.mkdir(parents=True, exist_ok=True)
    signer = Signer(folder, now=datetime.now(UTC))
    with serving(http_answer(signer.certificate)) as server:
        yield Topic(signer=signer, server=server)


def changed(notification: bytes, **fields: object) -> bytes:
    """The notification with other fields, under its old signature; None takes one away."""
    merged = {**json.loads(notification), **fields}
    return json.dumps({name: value for name, value in merged.items() if value is not None}).encode()


def build_event(kind: str, delivery: Delivery, *, recipient: str = RECIPIENT, **section: Any) -> dict[str, Any]:
    """An event about a delivery, in the form that SES documents."""
    names = {"Send": "send", "Delivery": "delivery", "DeliveryDelay": "deliveryDelay", "Bounce": "bounce",
             "Complaint": "complaint", "Reject": "reject", "Rendering Failure": "failure"}  # fmt: skip
    about: dict[str, dict[str, Any]] = {
        "Delivery": {"timestamp": "2026-12-01T08:00:02.000Z", "recipients": [recipient]},
        "DeliveryDelay": {"timestamp": "2026-12-01T08:00:01.000Z", "delayType": "MailboxFull"},
        "Bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": recipient, "status": "5.1.1", "diagnosticCode": f"smtp; 550 <{recipient}> unknown"}
            ],
            "timestamp": "2026-12-01T08:00:03.000Z",
            "feedbackId": "feedback-1",
        },
        "Complaint": {
            "complainedRecipients": [{"emailAddress": recipient}],
            "complaintFeedbackType": "abuse",
            "timestamp": "2026-12-01T09:00:00.000Z",
            "feedbackId": "feedback-2",
        },
        "Reject": {"reason": "Bad content"},
    }
    mail = {
        "timestamp": "2026-12-01T08:00:00.000Z",
        "messageId": REMOTE_ID,
        "source": "news@example.org",
        "destination": [recipient],
        "tags": {"omnipub-key": [delivery.key], "omnipub-message": [delivery.message_id]},
    }
    return {"eventType": kind, "mail": mail, names.get(kind, "other"): {**about.get(kind, {}), **section}}


__all__ = ["REMOTE_ID", "SETTINGS", "TOPIC", "Topic", "build_event", "changed", "serving_topic"]
