"""One post as LinkedIn's feed shows it."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.prose import link_card, to_html
from local.platforms.templating import clock, hue, initials, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import AccountSettings, Post

TEMPLATE = Path(__file__).with_name("card.html")


def draw(post: Post, settings: AccountSettings, now: datetime) -> str:
    """Draw a post."""
    name = settings.display_name or post.account
    is_organization = str(post.details["author"]).startswith("urn:li:organization:")
    link = str(post.details["link"])
    return render(
        TEMPLATE,
        hue=hue(post.account),
        shape="square" if is_organization else "round",
        initials=initials(name),
        name=html.escape(name),
        about="Organization" if is_organization else "Member",
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        content=to_html(post.text),
        gallery=images.gallery(post),
        link=link_card(link, str(post.details["title"])) if link else "",
    )
