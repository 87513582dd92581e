"""One post as a Bluesky feed shows it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.templating import clock, hue, initials, render

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.store import AccountSettings, Post

TEMPLATE = Path(__file__).with_name("card.html")
Facet = tuple[int, int, Mapping[str, object]]


def draw(post: Post, settings: AccountSettings, handle: str, now: datetime) -> str:
    """Draw a post; everything in it is escaped here."""
    name = settings.display_name or post.account
    record = post.details["record"]
    values = record if isinstance(record, dict) else {}
    return render(
        TEMPLATE,
        hue=hue(post.account),
        initials=initials(name),
        name=html.escape(name),
        handle=html.escape(f"@{handle}"),
        url=html.escape(post.url),
        time=clock(post.received_at, now),
        content=_rich(post.text, values.get("facets")),
        embed=images.gallery(post) or _embed(values.get("embed")),
        key=html.escape(post.key or ""),
    )


def _rich(text: str, facets: object) -> str:
    """Mark the bytes that facets name, and nothing else: the network links nothing by itself."""
    raw = text.encode()
    pieces: list[str] = []
    end = 0
    for start, stop, feature in sorted(_read(facets), key=lambda facet: facet[0]):
        # As clients do: what overlaps or lies outside is ignored.
        if start < end or stop > len(raw) or start >= stop:
            continue
        shown = _escape(raw[start:stop])
        href = str(feature.get("uri", ""))
        is_link = href.startswith(("https://", "http://"))
        marked = f'<a href="{html.escape(href)}" rel="nofollow noopener">{shown}</a>' if is_link else f"<b>{shown}</b>"
        pieces += [_escape(raw[end:start]), marked]
        end = stop
    return "".join([*pieces, _escape(raw[end:])])


def _read(facets: object) -> list[Facet]:
    found: list[Facet] = []
    for facet in facets if isinstance(facets, list) else ():
        index, features = facet["index"], facet.get("features") or [{}]
        found.append((index["byteStart"], index["byteEnd"], features[0]))
    return found


def _escape(raw: bytes) -> str:
    return html.escape(raw.decode(errors="replace"))


def _embed(embed: object) -> str:
    if not isinstance(embed, dict) or "external" not in embed:
        return ""
    card = embed["external"]
    uri = str(card["uri"])
    host = uri.partition("://")[2].partition("/")[0]
    href = html.escape(uri) if uri.startswith(("https://", "http://")) else "#"
    about = f"<span>{html.escape(str(card['description']))}</span>" if card["description"] else ""
    return (
        f'<a class="external" href="{href}" rel="nofollow noopener"><strong>{html.escape(str(card["title"]))}</strong>'
        f"{about}<i>{html.escape(host)}</i></a>"
    )
