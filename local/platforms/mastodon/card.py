"""One status as a Mastodon timeline shows it."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.templating import clock, hue, initials, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import AccountSettings, Post

TEMPLATE = Path(__file__).with_name("card.html")


def draw(post: Post, settings: AccountSettings, now: datetime) -> str:
    """Draw a status; its content was escaped when it was made."""
    name = settings.display_name or post.account
    host = post.url.removeprefix("http://").partition("/")[0]
    gallery = images.gallery(post)
    content, warning = str(post.details["content"]), str(post.details["spoiler_text"])
    if warning:
        content = f"<details><summary>{html.escape(warning)}</summary>{content}</details>"
    return render(
        TEMPLATE,
        hue=hue(post.account),
        initials=initials(name),
        name=html.escape(name),
        handle=html.escape(f"@{post.account}@{host}"),
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        visibility=html.escape(str(post.details["visibility"])),
        content=content,
        gallery=gallery,
        key=f'<span class="key" title="Idempotency-Key">key {html.escape(post.key[:16])}</span>' if post.key else "",
    )
