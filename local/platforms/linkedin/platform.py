"""LinkedIn's Posts API. Every account is a LinkedIn of its own, with one member who administers one organization.

It refuses a post that equals one of the same author's last day, deleted or not; two at the same time can both pass.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Container, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from local.platforms import images
from local.platforms.base import Action, Call, Commit, Platform, Response, json_response, timestamp
from local.platforms.linkedin import card
from local.platforms.linkedin.draft import Draft, RefusedError, duplicate, read_draft
from local.platforms.linkedin.pictures import Pictures
from local.platforms.store import Post

if TYPE_CHECKING:
    from datetime import datetime

    from local.platforms.base import World

MEMBER = "urn:li:person:oPnB1x2Yz3"
ORGANIZATION = "urn:li:organization:5515715"
#: The versions that are active; a retired one answers 426.
VERSIONS = frozenset(f"2026{month:02}" for month in range(1, 11))
REMEMBERED_FOR = timedelta(hours=24)
LONGEST_LIST = 10_000
FAILURES: Mapping[int, dict[str, object]] = {
    401: {"code": "EXPIRED_ACCESS_TOKEN", "serviceErrorCode": 65_601, "message": "The token has expired"},
    403: {
        "code": "ACCESS_DENIED",
        "serviceErrorCode": 100,
        "message": "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260801",
    },
    404: {"code": "RESOURCE_NOT_FOUND", "message": "No virtual resource found"},
    429: {"code": "TOO_MANY_REQUESTS", "message": "Too many requests"},
    500: {"code": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"},
    503: {"code": "SERVICE_UNAVAILABLE", "message": "Service Unavailable"},
}
DAY_LIMIT = "Resource level throttle MEMBER DAY limit for calls to this resource is reached."
Handler = Callable[[Call], Response | Commit]


class LinkedIn(Platform):
    """One member and one organization under every address."""

    kind = "linkedin"
    title = "LinkedIn"
    hint = "POST to {url}/rest/posts as " + ORGANIZATION + " with the header Authorization: Bearer {credential}."
    #: Posts a day, whether the token may read what is the organization's, and whether images are being worked on.
    options: ClassVar[Mapping[str, Container[int]]] = {
        "day_limit": range(1, 1_000_001),
        "read_scope": range(2),
        "processing": range(2),
    }

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._pictures = Pictures(world)

    def default_credential(self, account: str) -> str:
        """Return the token of an account for which none was registered."""
        return f"linkedin-{account}-token"

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as LinkedIn does; it never says when to come back."""
        del retry_after
        return json_response({"status": status, **FAILURES[status]}, status=status)

    def page(self, call: Call) -> tuple[str, ...] | None:
        """Recognize the address of a post, and the account itself."""
        match call.path:
            case ("feed", "update", urn) | ("feed", "update", urn, ""):
                return (call.account, urn)
            case ():
                return (call.account,)
        return None

    def card(self, post: Post) -> str:
        """Draw a post as the feed shows it."""
        return card.draw(post, self.world.store.get_account(self.kind, post.account), self.world.now())

    # --- routes ------------------------------------------------------------------------------------------------------

    def route(self, call: Call) -> Action | None:
        """Find what the request asks for."""
        match (call.request.method, call.path):
            case ("POST", ("rest", "posts")):
                return Action(kind="create", begin=lambda: self._guard(call, self._create))
            case ("GET", ("rest", "posts")):
                return Action(kind="read", begin=lambda: self._guard(call, self._list))
            case ("GET", ("rest", "posts", _)):
                return Action(kind="read", begin=lambda: self._guard(call, self._read))
            case ("DELETE", ("rest", "posts", _)):
                return Action(kind="delete", begin=lambda: self._guard(call, self._delete))
            case ("GET", ("v2", "userinfo")):
                return Action(kind="read", begin=lambda: self._guard(call, self._user))
        return self._route_image(call)

    def _route_image(self, call: Call) -> Action | None:
        match (call.request.method, call.path):
            case ("POST", ("rest", "images")):
                return Action(kind="upload", begin=lambda: self._guard(call, self._announce))
            case ("PUT", ("dms-uploads", name, "0")):
                return Action(
                    kind="upload", begin=lambda: self._guard(call, lambda it: self._pictures.receive(it, name))
                )
            case ("GET", ("rest", "images", _)):
                return Action(kind="read", begin=lambda: self._guard(call, self._show_image))
        return None

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        try:
            self._authenticate(call)
            if call.path[0] == "rest":
                _check_version(call.request.headers.get("linkedin-version", ""))
            return handler(call)
        except RefusedError as refused:
            return refused.response()

    def _authenticate(self, call: Call) -> None:
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        known = [hmac.compare_digest(token.encode(), valid.encode()) for valid in self.credentials(call.account)]
        if scheme.lower() != "bearer" or not any(known):
            raise RefusedError(401, "INVALID_ACCESS_TOKEN", "Invalid access token", serviceErrorCode=65_600)

    # --- images ------------------------------------------------------------------------------------------------------

    def _announce(self, call: Call) -> Commit:
        return self._pictures.announce(call, (MEMBER, ORGANIZATION))

    def _show_image(self, call: Call) -> Response:
        options = self.world.store.get_account(self.kind, call.account).options
        return self._pictures.show(call, call.path[-1], (ORGANIZATION,) if options.get("read_scope", 1) else ())

    # --- posts -------------------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Response | Commit:
        draft = read_draft(call.request)
        if draft.author not in {MEMBER, ORGANIZATION}:
            raise RefusedError(
                403, "ACCESS_DENIED", "Field Value validation failed in REQUEST_BODY", serviceErrorCode=100
            )
        now = self.world.now()
        recent = self.world.store.list_posts(
            channel=self.kind, account=call.account, since=timestamp(now - REMEMBERED_FOR)
        )
        for post in recent:
            if _content(post) == (draft.author, draft.commentary, draft.link, draft.title):
                raise duplicate(post.id)
        self._check_day(call.account, recent, now)
        pictures = self._pictures.of_draft(call.account, draft.author, draft.images)
        return lambda: self._commit(call, draft, pictures)

    def _check_day(self, account: str, recent: list[Post], now: datetime) -> None:
        limit = self.world.store.get_account(self.kind, account).options.get("day_limit")
        today = [post for post in recent if post.received_at[:10] == timestamp(now)[:10]]
        if limit is not None and len(today) >= limit:
            raise RefusedError(429, "TOO_MANY_REQUESTS", DAY_LIMIT, serviceErrorCode=101)

    def _commit(self, call: Call, draft: Draft, pictures: list[Mapping[str, object]]) -> Response:
        now = self.world.now()
        urn = f"urn:li:share:{(int(now.timestamp() * 1000) << 20) + self.world.store.next_number() % 2**20}"
        post = Post(
            channel=self.kind,
            account=call.account,
            id=urn,
            text=draft.text,
            key=None,
            received_at=timestamp(call.received_at),
            url=f"{self.base_url(call.account)}/feed/update/{urn}/",
            body=call.request.body,
            details={
                "author": draft.author,
                "commentary": draft.commentary,
                "link": draft.link,
                "title": draft.title,
                "visibility": draft.visibility,
                "created_at": int(now.timestamp() * 1000),
                "images": pictures,
            },
        )
        self.world.store.add_post(post)
        return Response(status=HTTPStatus.CREATED, headers=(("x-restli-id", urn), ("x-linkedin-id", urn)))

    def _list(self, call: Call) -> Response:
        query = call.request.query
        options = self.world.store.get_account(self.kind, call.account).options
        if query.get("author") != ORGANIZATION or not options.get("read_scope", 1):
            raise RefusedError(403, "ACCESS_DENIED", str(FAILURES[403]["message"]), serviceErrorCode=100)
        start, count = query.get("start", "0"), query.get("count", "10")
        is_page = all(one.isascii() and one.isdigit() and len(one) < 7 for one in (start, count))
        if query.get("q") != "author" or not is_page or int(count) > 100:
            raise RefusedError(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request")
        # Nobody edits posts here, so the latest made is the latest changed.
        posts = [
            post
            for post in self.world.store.list_newest(self.kind, call.account, LONGEST_LIST)
            if post.details["author"] == ORGANIZATION
        ]
        elements = [_show(post) for post in posts[int(start) : int(start) + int(count)]]
        return json_response({"paging": {"start": int(start), "count": int(count), "links": []}, "elements": elements})

    def _find(self, call: Call) -> Post:
        post = self.world.store.find_post(self.kind, call.account, call.path[-1])
        if post is None:
            raise RefusedError(404, "NOT_FOUND", "Could not find entity")
        return post

    def _read(self, call: Call) -> Response:
        return json_response(_show(self._find(call)))

    def _delete(self, call: Call) -> Commit:
        post = self._find(call)

        def commit() -> Response:
            self.world.store.mark_deleted(post, timestamp(self.world.now()))
            return Response(status=HTTPStatus.NO_CONTENT)

        return commit

    def _user(self, call: Call) -> Response:
        name = self.world.store.get_account(self.kind, call.account).display_name or call.account
        return json_response({"sub": MEMBER.rpartition(":")[2], "name": name})


def _check_version(stated: str) -> None:
    if not stated:
        message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        raise RefusedError(400, "VERSION_MISSING", message)
    if stated not in VERSIONS:
        raise RefusedError(426, "NONEXISTENT_VERSION", f"Requested version {stated:.20} is not active")


def _content(post: Post) -> tuple[object, ...]:
    """Return what makes two posts identical."""
    return tuple(post.details[name] for name in ("author", "commentary", "link", "title"))


def _show(post: Post) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": post.id,
        "author": post.details["author"],
        "commentary": post.details["commentary"],
        "visibility": post.details["visibility"],
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        "createdAt": post.details["created_at"],
        "publishedAt": post.details["created_at"],
        "lastModifiedAt": post.details["created_at"],
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
    }
    if post.details["link"]:
        shown["content"] = {"article": {"source": post.details["link"], "title": post.details["title"]}}
    pictures = [{"id": image["id"], "altText": image["alt_text"]} for image in images.of_post(post)]
    if pictures:
        shown["content"] = {"media": pictures[0]} if len(pictures) == 1 else {"multiImage": {"images": pictures}}
    return shown
