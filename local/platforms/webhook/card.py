"""One accepted request as an inspector shows it: what came, in which envelope, and that its signature was valid."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.templating import clock, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import Post

TEMPLATE = Path(__file__).with_name("card.html")
_TOKEN = re.compile(r'("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')


def draw(post: Post, now: datetime) -> str:
    """Draw a request; everything in it is escaped here."""
    headers = post.details["headers"]
    rows = headers.items() if isinstance(headers, dict) else ()
    return render(
        TEMPLATE,
        account=html.escape(post.account),
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        size=f"{len(post.body):,}",
        headers="".join(
            f"<tr><th>{html.escape(name.title())}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows
        ),
        body=_highlight(_pretty(post.body)),
        gallery=images.gallery(post),
    )


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except RecursionError:  # nested so deeply that only the flat form can be shown
        return body.decode()


def _highlight(text: str) -> str:
    """Color keys, strings and other values."""
    pieces: list[str] = []
    end = 0
    for match in _TOKEN.finditer(text):
        kind = "k" if match.group(2) else "s" if match.group(1) else "n"
        pieces += [html.escape(text[end : match.start()]), f'<span class="{kind}">{html.escape(match.group())}</span>']
        end = match.end()
    return "".join([*pieces, html.escape(text[end:])])
