"""One text message as a phone shows it, and what it came to in parts."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms.templating import clock, hue, initials, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import Post

TEMPLATE = Path(__file__).with_name("card.html")


def draw(post: Post, now: datetime) -> str:
    """Draw a message; everything in it is escaped here."""
    stated, attributes = post.details["parts"], post.details["attributes"]
    parts = [str(part) for part in stated] if isinstance(stated, list) else [post.text]
    sender = attributes.get("AWS.SNS.SMS.SenderID", "") if isinstance(attributes, dict) else ""
    count = f"{len(parts)} {'part' if len(parts) == 1 else 'parts'}"
    return render(
        TEMPLATE,
        hue=hue(sender or "NOTICE"),
        initials=initials(sender or "#"),
        sender=html.escape(sender or "NOTICE"),
        number=html.escape(str(post.details["number"])),
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        bubbles="".join(_bubble(part, number, len(parts)) for number, part in enumerate(parts, start=1)),
        sum=html.escape(f"{count} · {post.details['encoding']}"),
    )


def _bubble(part: str, number: int, count: int) -> str:
    label = f'<span class="part">{number}/{count}</span>' if count > 1 else ""
    return f'<p class="bubble">{html.escape(part)}{label}</p>'
