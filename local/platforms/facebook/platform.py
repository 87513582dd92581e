"""Pages of Facebook: `/feed` publishes, `/published_posts` reads back. An address is one page with its own token.

A repeat is refused when it equals the page's latest post, and two requests at the same time can both pass that.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode, urlsplit

from local.platforms import images
from local.platforms.base import Action, Call, Commit, Platform, Response, json_response, timestamp
from local.platforms.facebook import card, graph
from local.platforms.facebook.graph import RefusedError
from local.platforms.facebook.photos import Photos
from local.platforms.store import Post

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.base import World

LONGEST_FEED = 10_000
FACEBOOK_HOST = re.compile(r"(?:.*\.)?(?:facebook\.com|fb\.com|fb\.me)")
# Real pages take these; nothing here uses them, and to accept them without doing them would be a lie.
NOT_SIMULATED = ("scheduled_publish_time", "targeting", "call_to_action")
_NESTED = re.compile(r"\{[^{}]*\}")
Handler = Callable[[Call], Response | Commit]


class Facebook(Platform):
    """Every account is one page."""

    kind = "facebook"
    title = "Facebook"
    hint = "POST a message to {url}/v26.0/me/feed with the header Authorization: Bearer {credential}."
    options: ClassVar[Mapping[str, Container[int]]] = {}

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._photos = Photos(world)

    def default_credential(self, account: str) -> str:
        """Return the page token of an account for which none was registered."""
        return f"facebook-{account}-token"

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as the Graph API does."""
        return graph.failure(status, page_id="0", retry_after=retry_after)

    def page(self, call: Call) -> tuple[str, ...] | None:
        """Recognize the permalinks of posts, and the page itself."""
        match call.path:
            case ("posts", number):
                return (call.account, f"{page_id(call.account)}_{number}")
            case ():
                return (call.account,)
        return None

    def card(self, post: Post) -> str:
        """Draw a post as the page's feed shows it."""
        return card.draw(post, self.world.store.get_account(self.kind, post.account), self.world.now())

    # --- routes ------------------------------------------------------------------------------------------------------

    def route(self, call: Call) -> Action | None:
        """Find what the request asks for."""
        if not call.path or not re.fullmatch(r"v\d+\.\d+", call.path[0]):
            return None
        if (call.request.method, call.path[2:]) == ("POST", ("photos",)):
            return Action(kind="upload", begin=lambda: self._guard(call, self._fetch_photo))
        return self._route_post(call)

    def _route_post(self, call: Call) -> Action | None:
        match (call.request.method, call.path[1:]):
            case ("POST", (_, "feed")):
                return Action(kind="create", begin=lambda: self._guard(call, self._create))
            case ("GET", (_, "published_posts")):
                return Action(kind="read", begin=lambda: self._guard(call, self._list))
            case ("GET", (_,)):
                return Action(kind="read", begin=lambda: self._guard(call, self._read))
            case ("DELETE", (_,)):
                return Action(kind="delete", begin=lambda: self._guard(call, self._delete))
        return None

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        try:
            self._authenticate(call)
            return handler(call)
        except RefusedError as refused:
            return refused.response()

    def _authenticate(self, call: Call) -> None:
        """Check the token, and the proof where a secret was registered beside it, as `token secret`."""
        parameters = graph.read_parameters(call.request)
        scheme, _, stated = call.request.headers.get("authorization", "").partition(" ")
        token = stated if scheme.lower() in {"bearer", "oauth"} else str(parameters.get("access_token", ""))
        if not token:
            raise RefusedError(104, "An access token is required to request this resource.")
        for credential in self.credentials(call.account):
            known, _, secret = credential.partition(" ")
            if hmac.compare_digest(known.encode(), token.encode()):
                self._check_proof(str(parameters.get("appsecret_proof", "")), token, secret)
                return
        raise RefusedError(190, "Invalid OAuth access token - Cannot parse access token", subcode=467)

    @staticmethod
    def _check_proof(given: str, token: str, secret: str) -> None:
        expected = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() if secret else given
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise RefusedError(100, "Invalid appsecret_proof provided in the API argument")

    def _demand_page(self, call: Call) -> None:
        if call.path[1] not in {"me", page_id(call.account)}:
            sentence = f"Unsupported request. Object with ID '{call.path[1]}' does not exist."
            raise RefusedError(100, sentence, subcode=33)

    # --- posts -------------------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Response | Commit:
        self._demand_page(call)
        parameters = graph.read_parameters(call.request)
        message, link = _read_draft(parameters)
        photos = self._photos.attached(call.account, parameters)
        details: dict[str, object] = {"message": message, "link": link, "images": photos}
        latest = self.world.store.list_newest(self.kind, call.account, 1)
        if latest and _content(latest[0].details) == _content(details):
            raise RefusedError(506, "Duplicate status message", subcode=1_455_006)
        return lambda: self._commit(call, details, str(parameters.get("fields", "id")))

    def _fetch_photo(self, call: Call) -> Commit:
        self._demand_page(call)
        return self._photos.fetch(call.account, graph.read_parameters(call.request))

    def _commit(self, call: Call, details: Mapping[str, object], fields: str) -> Response:
        now = self.world.now()
        number = (int(now.timestamp() * 1000) << 10) + self.world.store.next_number() % 1024
        post = Post(
            channel=self.kind,
            account=call.account,
            id=f"{page_id(call.account)}_{number}",
            text=str(details["message"] or details["link"]),
            key=None,
            received_at=timestamp(call.received_at),
            url=f"{self.base_url(call.account)}/posts/{number}",
            body=call.request.body,
            details={**details, "created_time": _moment(now)},
        )
        self.world.store.add_post(post)
        calls = sum(self.world.store.count_posts(self.kind, call.account).values())
        return json_response(_show(post, fields), headers=graph.used(calls))

    def _find(self, call: Call) -> Post:
        post = self.world.store.find_post(self.kind, call.account, call.path[1])
        if post is None:
            sentence = f"Unsupported request. Object with ID '{call.path[1]}' does not exist."
            raise RefusedError(100, sentence, subcode=33)
        return post

    def _read(self, call: Call) -> Response:
        if call.path[1] in {"me", page_id(call.account)}:
            name = self.world.store.get_account(self.kind, call.account).display_name or call.account
            return json_response({"id": page_id(call.account), "name": name})
        return json_response(_show(self._find(call), call.request.query.get("fields", "id,message,created_time")))

    def _delete(self, call: Call) -> Commit:
        post = self._find(call)

        def commit() -> Response:
            self.world.store.mark_deleted(post, timestamp(self.world.now()))
            return json_response({"success": True})

        return commit

    def _list(self, call: Call) -> Response:
        self._demand_page(call)
        query = call.request.query
        limit, since = query.get("limit", "25"), query.get("since", "0")
        if not all(one.isascii() and one.isdigit() and len(one) < 12 for one in (limit, since)):
            raise RefusedError(100, "(#100) limit and since must be whole numbers.")
        size = min(int(limit), 100)
        posts = [
            post
            for post in self.world.store.list_newest(self.kind, call.account, LONGEST_FEED)
            if _number(post.id) >> 10 >= int(since) * 1000
            and ("after" not in query or _number(post.id) < _number(query["after"]))
        ]
        page = posts[:size]
        answer: dict[str, object] = {
            "data": [_show(post, query.get("fields", "id,message,created_time")) for post in page]
        }
        if page:
            answer["paging"] = self._paging(call, page, is_last=len(posts) <= size)
        return json_response(answer)

    def _paging(self, call: Call, page: list[Post], *, is_last: bool) -> dict[str, object]:
        paging: dict[str, object] = {"cursors": {"before": page[0].id, "after": page[-1].id}}
        if not is_last:
            # As the real one does, it puts the token into the address of the next page.
            token = call.request.headers.get("authorization", "").partition(" ")[2]
            query = dict(call.request.query) | {"access_token": token, "after": page[-1].id}
            paging["next"] = f"{self.base_url(call.account)}/{'/'.join(call.path)}?{urlencode(query)}"
        return paging


def page_id(account: str) -> str:
    """Return the id that Facebook gave a page; the same in every run."""
    return str(10**14 + int.from_bytes(hashlib.sha256(account.encode()).digest()[:5]))


def _read_draft(parameters: Mapping[str, object]) -> tuple[str, str]:
    """Judge the parameters of a new post; return its message and its link."""
    for name in NOT_SIMULATED:
        if parameters.get(name):
            raise RefusedError(100, f"(#100) This simulated page does not offer {name}")
    if str(parameters.get("published", "true")).lower() not in {"true", "1"}:
        raise RefusedError(100, "(#100) This simulated page does not offer unpublished posts")
    message, link = parameters.get("message", ""), parameters.get("link", "")
    if not isinstance(message, str) or not isinstance(link, str):
        raise RefusedError(100, "(#100) Param message must be a string.")
    _check_attachments(message, link, has_photos=bool(parameters.get("attached_media")))
    if len(message) > graph.TEXT_LIMIT:
        raise RefusedError(100, "(#100) The status you are trying to publish is too long.")
    if link:
        _check_link(link)
    return message, link


def _check_attachments(message: str, link: str, *, has_photos: bool) -> None:
    """Demand something to show; photos and a link's card take the same place."""
    if link and has_photos:
        raise RefusedError(100, "(#100) link and attached_media cannot be used together")
    if not message.strip() and not link and not has_photos:
        raise RefusedError(100, "(#100) Missing message or attachment")


def _check_link(link: str) -> None:
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not link.startswith(("https://", "http://")):
        raise RefusedError(100, "(#100) link should represent a valid URL")
    if FACEBOOK_HOST.fullmatch(host):
        raise RefusedError(100, "Invalid parameter", subcode=1_609_008)


def _show(post: Post, fields: str) -> dict[str, object]:
    known: dict[str, object] = {
        "id": post.id,
        "message": post.details["message"],
        "created_time": post.details["created_time"],
        "permalink_url": post.url,
    }
    attachments = _attachments(post)
    if attachments:
        known["attachments"] = {"data": attachments}
    asked = {"id", *(name.strip() for name in _NESTED.sub("", _NESTED.sub("", fields)).split(","))}
    return {name: value for name, value in known.items() if name in asked and value != ""}


def _content(details: Mapping[str, object]) -> tuple[object, ...]:
    """Return what makes two posts identical."""
    photos = details.get("images", ())
    shown = [one["sha256"] for one in photos] if isinstance(photos, list) else []
    return details["message"], details["link"], shown


def _attachments(post: Post) -> list[dict[str, object]]:
    """Return what stands below a text: a link's card, a photo, or an album of several."""
    photos: list[dict[str, object]] = [{"media_type": "photo"} for _ in images.of_post(post)]
    if len(photos) > 1:
        return [{"media_type": "album", "subattachments": {"data": photos}}]
    return photos or ([{"media_type": "link"}] if post.details["link"] else [])


def _number(post_id: str) -> int:
    """Return the part of an id that orders posts by time; 0 for what is no id."""
    number = post_id.rpartition("_")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 25 else 0


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
