"""The wall: what was published, drawn like each network's feed. Pages only; nothing here changes anything."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from local.platforms import images
from local.platforms.base import Headers, Platform, Request, Response, World, html_response
from local.platforms.templating import hue, initials, render

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
PAGE = HERE / "templates" / "page.html"
FEED = HERE / "templates" / "feed.html"
EMPTY = HERE / "templates" / "empty.html"
FEED_LENGTH = 40
ASSETS: Mapping[str, str] = {"wall.css": "text/css", "wall.js": "text/javascript"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Headers = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


class Wall:
    """The pages about all platforms."""

    def __init__(self, world: World, platforms: Mapping[str, Platform]) -> None:
        self._world = world
        self._platforms = platforms

    def answer(self, request: Request) -> Response:
        """Show the page or asset that was asked for."""
        if request.method not in {"GET", "HEAD"}:
            return self._page("Not here", _notice("The wall is only to look at."), status=405)
        match request.parts:
            case ():
                return self._page("All networks", "".join(self._feed(kind) for kind in self._platforms))
            case ("static", name):
                return self._asset(name)
            case ("media", kind, account, upload_id) if kind in self._platforms:
                return self._picture(kind, account, upload_id)
            case ("wall", kind, *rest) if kind in self._platforms:
                return self.show(kind, tuple(rest))
        return self._missing()

    def show(self, kind: str, place: tuple[str, ...]) -> Response:
        """Show a network, an account on it, or one post of that account."""
        match place:
            case ():
                return self._page(self._platforms[kind].title, self._feed(kind), kind=kind)
            case (account,):
                return self._page(f"{account} on {kind}", self._feed(kind, account), kind=kind, account=account)
            case (account, post_id):
                return self._post(self._platforms[kind], account, post_id)
        return self._missing()

    def _post(self, platform: Platform, account: str, post_id: str) -> Response:
        post = self._world.store.find_post(platform.kind, account, post_id)
        if post is None:
            return self._missing()
        body = f'<section class="feed {platform.kind}">{platform.card(post)}</section>'
        return self._page(f"{account} on {platform.kind}", body, kind=platform.kind, account=account)

    def _picture(self, kind: str, account: str, upload_id: str) -> Response:
        image = images.find(self._world.store, kind, account, upload_id)
        if image is None:
            return self._missing()
        return Response(headers=(("Content-Type", image.media_type), *PAGE_HEADERS), body=image.body)

    def _missing(self) -> Response:
        sentence = "Nothing is here: it was never published, or it was deleted."
        return self._page("Not found", _notice(sentence), status=404)

    def _asset(self, name: str) -> Response:
        # The names come from the registry, so that no path can be asked for.
        path = HERE / "static" / name if name in ASSETS else None
        kind = name.removesuffix(".css")
        if kind in self._platforms and name.endswith(".css"):
            path = HERE / kind / "card.css"
        if path is None:
            return self._missing()
        media_type = ASSETS.get(name, "text/css")
        headers = (("Content-Type", f"{media_type}; charset=utf-8"), *PAGE_HEADERS)
        return Response(headers=headers, body=path.read_bytes())

    def _feed(self, kind: str, account: str | None = None) -> str:
        platform = self._platforms[kind]
        posts = self._world.store.list_newest(kind, account, FEED_LENGTH)
        counts = self._world.store.count_posts(kind)
        count = sum(counts.values()) if account is None else counts.get(account, 0)
        cards = "".join(platform.card(post) for post in posts) or _empty(platform, account or "demo")
        return render(
            FEED,
            kind=html.escape(kind),
            title=html.escape(platform.title),
            count=f"{count:,} {'post' if count == 1 else 'posts'}",
            accounts="".join(_chip(kind, name, count, is_current=name == account) for name, count in counts.items()),
            cards=cards,
        )

    def _page(self, title: str, body: str, *, kind: str = "", account: str = "", status: int = 200) -> Response:
        tabs = [("", "All networks", "/")]
        tabs += [(name, platform.title, f"/wall/{name}") for name, platform in self._platforms.items()]
        columns = "all" if not kind and status == 200 else "one"
        page = render(
            PAGE,
            title=html.escape(title),
            styles="".join(f'<link rel="stylesheet" href="/static/{name}.css">' for name in self._platforms),
            tabs="".join(_tab(label, href, is_current=name == kind and status == 200) for name, label, href in tabs),
            columns=columns,
            body=body,
            place=html.escape(account or "every account"),
        )
        return html_response(page, status=status, headers=PAGE_HEADERS)


def _tab(label: str, href: str, *, is_current: bool) -> str:
    current = ' aria-current="page"' if is_current else ""
    return f'<a href="{html.escape(href)}"{current}>{html.escape(label)}</a>'


def _chip(kind: str, account: str, count: int, *, is_current: bool) -> str:
    href = f"/wall/{kind}" if is_current else f"/wall/{kind}/{account}"
    current = ' aria-current="true"' if is_current else ""
    return (
        f'<a class="chip" href="{html.escape(href)}"{current}><span class="dot {hue(account)}" aria-hidden="true">'
        f"{initials(account)}</span>{html.escape(account)} <b>{count:,}</b></a>"
    )


def _empty(platform: Platform, account: str) -> str:
    hint = platform.hint.format(url=platform.base_url(account), credential=platform.default_credential(account))
    return render(EMPTY, title=html.escape(platform.title), hint=html.escape(hint))


def _notice(sentence: str) -> str:
    return f'<section class="notice"><h2>{html.escape(sentence)}</h2><p><a href="/">See all networks</a></p></section>'
