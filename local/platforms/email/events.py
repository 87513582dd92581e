"""What SES reports about a mail that it took, by the recipient: its mailbox simulator's names work at every domain.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator, read on 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.platforms.base import timestamp
from local.platforms.email.draft import Mail, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Event = dict[str, object]


def events_of(mail: Mail, *, post_id: str, now: datetime) -> list[Event]:
    """Return the events of a mail in their order; without a configuration set there are none."""
    if not mail.configuration_set:
        return []
    stamp = timestamp(now)
    about = _mail(mail, post_id, stamp)
    addresses = [address_of(one) for one in mail.recipients]
    events: list[Event] = [{"eventType": "Send", "mail": about, "send": {}}]
    names = {address.partition("@")[0].partition("+")[0].lower() for address in addresses}
    if "bounce" in names:
        return [*events, _bounce(about, addresses, post_id, stamp, subtype="General")]
    if "suppressionlist" in names:
        return [*events, _bounce(about, addresses, post_id, stamp, subtype="Suppressed")]
    delivery = {
        "timestamp": stamp,
        "processingTimeMillis": 546,
        "recipients": addresses,
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }
    events.append({"eventType": "Delivery", "mail": about, "delivery": delivery})
    if "complaint" in names:
        complaint = {
            "complainedRecipients": [{"emailAddress": address} for address in addresses],
            "timestamp": stamp,
            "feedbackId": f"{post_id}-complaint",
            "complaintFeedbackType": "abuse",
        }
        events.append({"eventType": "Complaint", "mail": about, "complaint": complaint})
    return events


def _mail(mail: Mail, post_id: str, stamp: str) -> Mapping[str, object]:
    tags = {
        "ses:configuration-set": [mail.configuration_set],
        "ses:from-domain": [address_of(mail.sender).partition("@")[2]],
        **{name: [value] for name, value in mail.tags.items()},
    }
    return {
        "timestamp": stamp,
        "source": mail.sender,
        "sendingAccountId": "000000000000",
        "messageId": post_id,
        "destination": [address_of(one) for one in mail.recipients],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": mail.sender}, {"name": "Subject", "value": mail.subject}],
        "commonHeaders": {"from": [mail.sender], "to": list(mail.recipients), "subject": mail.subject},
        "tags": tags,
    }


def _bounce(about: Mapping[str, object], addresses: list[str], post_id: str, stamp: str, *, subtype: str) -> Event:
    recipients = [
        {
            "emailAddress": address,
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": f"smtp; 550 5.1.1 <{address}>: user unknown",
        }
        for address in addresses
    ]
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": subtype,
        "bouncedRecipients": recipients,
        "timestamp": stamp,
        "feedbackId": f"{post_id}-bounce",
        "reportingMTA": "dsn; a8-70.smtp-out.amazonses.com",
    }
    return {"eventType": "Bounce", "mail": about, "bounce": bounce}
