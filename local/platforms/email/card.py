"""One mail as a mail client shows it."""

from __future__ import annotations

import html
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.email.reader import to_safe_html
from local.platforms.templating import clock, hue, initials, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import Post

TEMPLATE = Path(__file__).with_name("card.html")


def draw(post: Post, now: datetime) -> str:
    """Draw a mail; its HTML is rebuilt and everything else escaped here."""
    name, address = parseaddr(str(post.details["sender"]))
    shown = _decoded(name) or address.partition("@")[0]
    source, recipients = str(post.details["html"]), post.details["recipients"]
    loaded = {str(image["address"]): images.place(post, image) for image in images.of_post(post)}
    return render(
        TEMPLATE,
        subject=html.escape(str(post.details["subject"])) or "(no subject)",
        hue=hue(address),
        initials=initials(shown),
        name=html.escape(shown),
        address=html.escape(address),
        to=html.escape(", ".join(map(str, recipients)) if isinstance(recipients, list) else ""),
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        content=to_safe_html(source, loaded) if source else f"<pre>{html.escape(post.text)}</pre>",
        text=html.escape(post.text),
        key=f'<span class="key" title="Email tag">key {html.escape(post.key[:16])}</span>' if post.key else "",
    )


def _decoded(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (LookupError, UnicodeError, ValueError):
        return name
