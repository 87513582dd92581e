"""The Mastodon API of one account per base URL: statuses, media, who am I, the timeline and the instance's limits.

Behaviour as documented for Mastodon 4.5 (read 2026-07): the idempotency key is looked up before and stored *after* the
status is created, so that two requests at the same time can both create.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar

from local.platforms import images
from local.platforms.base import Action, Call, Commit, Platform, Response, World, json_response, timestamp
from local.platforms.mastodon import card, text
from local.platforms.mastodon.draft import MAX_MEDIA, Draft, RefusedError, read_draft, read_parameters
from local.platforms.mastodon.limits import DEFAULT_LIMIT, UPLOAD_WINDOW, Windows, rate_headers
from local.platforms.mastodon.media import LIMITS, MediaShelf, Medium, shown
from local.platforms.store import Post

KEY_REMEMBERED_FOR = 3600.0
LONGEST_TIMELINE = 10_000
VERSION = "4.5.3"
ERRORS = {
    400: "Bad request",
    401: "The access token is invalid",
    403: "This action is not allowed",
    404: "Record not found",
    429: "Too many requests",
    500: "Internal server error",
    503: "There was a temporary problem serving your request, please try again",
}
#: The one address that needs no token.
OPEN_PATH = ("api", "v2", "instance")
Handler = Callable[[Call], Response | Commit]


class Mastodon(Platform):
    """A server that hosts every account; each believes to be alone under its base URL."""

    kind = "mastodon"
    title = "Mastodon"
    hint = "POST a status to {url}/api/v1/statuses with the header Authorization: Bearer {credential}."
    options: ClassVar[Mapping[str, Container[int]]] = {
        "rate_limit": range(1, 1_000_001),
        "upload_limit": range(1, 1_000_001),
        "processing_seconds": range(100_000),
    }

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._windows = Windows()
        self._upload_windows = Windows(UPLOAD_WINDOW)
        self._media = MediaShelf(world)

    def default_credential(self, account: str) -> str:
        """Return the token of an account for which none was registered."""
        return f"mastodon-{account}-token"

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as Mastodon does; it has no Retry-After, only the time of the reset."""
        reset_at = self.world.now() + timedelta(seconds=300 if retry_after is None else retry_after)
        headers = rate_headers(300, 0 if status == HTTPStatus.TOO_MANY_REQUESTS else 299, reset_at)
        return json_response({"error": ERRORS[status]}, status=status, headers=headers)

    def page(self, call: Call) -> tuple[str, ...] | None:
        """Recognize `/@account`, `/@account/id` and the hashtags that statuses link to."""
        match call.path:
            case (handle, *post_id) if handle == f"@{call.account}" and len(post_id) < 2:
                return (call.account, *post_id)
            case ("tags", _):
                return (call.account,)
        return None

    def card(self, post: Post) -> str:
        """Draw a status as its timeline shows it."""
        return card.draw(post, self.world.store.get_account(self.kind, post.account), self.world.now())

    # --- routes ------------------------------------------------------------------------------------------------------

    def route(self, call: Call) -> Action | None:
        """Find what the request asks for."""
        match (call.request.method, call.path):
            case ("POST", ("api", "v1", "statuses")):
                return Action(kind="create", begin=lambda: self._guard(call, self._create))
            case ("POST", ("api", "v2", "media")):
                return Action(kind="upload", begin=lambda: self._guard_upload(call))
            case ("DELETE", ("api", "v1", "statuses", _)):
                return Action(kind="delete", begin=lambda: self._guard(call, self._delete))
            case ("GET", path):
                handler = self._find_reader(path)
                return Action(kind="read", begin=lambda: self._guard(call, handler)) if handler else None
        return None

    def _find_reader(self, path: tuple[str, ...]) -> Handler | None:
        match path:
            case ("api", "v1", "accounts", "verify_credentials"):
                return lambda call: json_response(self._account(call.account) | {"source": {"privacy": "public"}})
            case ("api", "v1", "accounts", _, "statuses"):
                return self._list
            case ("api", "v1", "statuses", _):
                return lambda call: json_response(self._status(self._find(call, call.path[-1])))
            case ("api", "v1", "media", _):
                return self._media.show
            case _ if path == OPEN_PATH:
                return lambda call: json_response(self._instance(call.account))
        return None

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        """Count against the limit, check the token, translate refusals, and put the headers on every answer."""
        allowance = self._windows.take(call.account, self._option(call, "rate_limit", DEFAULT_LIMIT), self.world.now())
        if allowance.is_exceeded:
            error = {"error": ERRORS[HTTPStatus.TOO_MANY_REQUESTS]}
            return json_response(error, status=HTTPStatus.TOO_MANY_REQUESTS, headers=allowance.headers)
        if call.path != OPEN_PATH and not self._knows(call):
            error = {"error": ERRORS[HTTPStatus.UNAUTHORIZED]}
            return json_response(error, status=HTTPStatus.UNAUTHORIZED, headers=allowance.headers)
        try:
            begun = handler(call)
        except RefusedError as refused:
            return json_response({"error": refused.sentence}, status=refused.status, headers=allowance.headers)
        if isinstance(begun, Response):
            return begun.plus(allowance.headers)
        return lambda: begun().plus(allowance.headers)

    def _knows(self, call: Call) -> bool:
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        known = [hmac.compare_digest(token.encode(), valid.encode()) for valid in self.credentials(call.account)]
        return scheme.lower() == "bearer" and any(known)

    def _option(self, call: Call, name: str, default: int) -> int:
        return self.world.store.get_account(self.kind, call.account).options.get(name, default)

    def _guard_upload(self, call: Call) -> Response | Commit:
        """Count against the limit of uploads too, which is asked first."""
        limit = self._option(call, "upload_limit", DEFAULT_LIMIT)
        allowance = self._upload_windows.take(call.account, limit, self.world.now())
        if allowance.is_exceeded:
            error = {"error": ERRORS[HTTPStatus.TOO_MANY_REQUESTS]}
            return json_response(error, status=HTTPStatus.TOO_MANY_REQUESTS, headers=allowance.headers)
        processing = self.world.store.get_account(self.kind, call.account).options.get("processing_seconds")
        return self._guard(call, lambda call: self._media.upload(call, processing))

    # --- statuses ----------------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Response | Commit:
        draft = read_draft(read_parameters(call.request))
        key = call.request.headers.get("idempotency-key") or None
        if key and (earlier := self._find_by_key(call.account, key)):
            return json_response(self._status(earlier))
        if draft.in_reply_to_id and not self._exists(call.account, draft.in_reply_to_id):
            raise RefusedError(404, "The post you are trying to reply to does not appear to exist.")
        media = self._media.choose(call.account, draft.media_ids)
        return lambda: self._commit(call, draft, media, key)

    def _commit(self, call: Call, draft: Draft, media: Sequence[Medium], key: str | None) -> Response:
        now = self.world.now()
        post_id = str((int(now.timestamp() * 1000) << 16) + self.world.store.next_number() % 65536)
        base = self.base_url(call.account)
        post = Post(
            channel=self.kind,
            account=call.account,
            id=post_id,
            text=draft.text,
            key=key,
            received_at=timestamp(call.received_at),
            url=f"{base}/@{call.account}/{post_id}",
            body=call.request.body,
            details={
                "created_at": timestamp(now),
                "content": text.to_html(draft.text, base),
                "spoiler_text": draft.spoiler_text,
                "visibility": draft.visibility,
                "sensitive": draft.sensitive,
                "language": draft.language,
                "in_reply_to_id": draft.in_reply_to_id,
                "images": [shown(medium) for medium in media],
            },
        )
        self.world.store.add_post(post)
        self._media.attach(call.account, media)
        if key:
            seconds = self.world.now().timestamp()
            self.world.store.remember_key(self.kind, call.account, key, post_id=post_id, stored_at=seconds)
        return json_response(self._status(post))

    def _find_by_key(self, account: str, key: str) -> Post | None:
        stored_after = self.world.now().timestamp() - KEY_REMEMBERED_FOR
        post_id = self.world.store.find_key(self.kind, account, key, stored_after=stored_after)
        return self.world.store.find_post(self.kind, account, post_id) if post_id else None

    def _exists(self, account: str, post_id: str) -> bool:
        return self.world.store.find_post(self.kind, account, post_id) is not None

    def _find(self, call: Call, post_id: str) -> Post:
        post = self.world.store.find_post(self.kind, call.account, post_id)
        if post is None:
            raise RefusedError(404, ERRORS[404])
        return post

    def _delete(self, call: Call) -> Commit:
        post = self._find(call, call.path[-1])

        def commit() -> Response:
            self.world.store.mark_deleted(post, timestamp(self.world.now()))
            return json_response(self._status(post) | {"text": post.text})

        return commit

    def _list(self, call: Call) -> Response:
        if call.path[-2] != account_id(call.account):
            raise RefusedError(404, ERRORS[404])
        query = call.request.query
        limit, since_id, max_id = query.get("limit", "20"), query.get("since_id", "0"), query.get("max_id")
        if not all(_is_number(one) for one in (limit, since_id, max_id or "0")):
            raise RefusedError(400, ERRORS[400])
        size = min(int(limit), 40)
        posts = self.world.store.list_newest(self.kind, call.account, size if max_id is None else LONGEST_TIMELINE)
        page = [post for post in posts if max_id is None or int(post.id) < int(max_id)][:size]
        # Nobody boosts here, so exclude_reblogs changes nothing.
        return json_response([self._status(post) for post in page if int(post.id) > int(since_id)])

    # --- what the API says -------------------------------------------------------------------------------------------

    def _status(self, post: Post) -> dict[str, object]:
        base = post.url.partition("/@")[0]
        return {
            "id": post.id,
            **{name: value for name, value in post.details.items() if name != "images"},
            "in_reply_to_account_id": account_id(post.account) if post.details.get("in_reply_to_id") else None,
            "uri": f"{base}/users/{post.account}/statuses/{post.id}",
            "url": post.url,
            "replies_count": 0,
            "reblogs_count": 0,
            "favourites_count": 0,
            "edited_at": None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "pinned": False,
            "reblog": None,
            "application": {"name": "omnipub", "website": None},
            "account": self._account(post.account),
            "media_attachments": self._media.entities(
                post.account, [str(image["id"]) for image in images.of_post(post)]
            ),
            "mentions": [],
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
        }

    def _account(self, account: str) -> dict[str, object]:
        base = self.base_url(account)
        return {
            "id": account_id(account),
            "username": account,
            "acct": account,
            "display_name": self.world.store.get_account(self.kind, account).display_name or account,
            "locked": False,
            "bot": True,
            "url": f"{base}/@{account}",
            "uri": f"{base}/users/{account}",
            "note": "",
            "statuses_count": self.world.store.count_posts(self.kind, account).get(account, 0),
        }

    def _instance(self, account: str) -> dict[str, object]:
        host = self.world.url.removeprefix("http://")
        return {
            "domain": f"{host}/mastodon/{account}",
            "title": "Simulated Mastodon",
            "version": VERSION,
            "source_url": "https://github.com/mastodon/mastodon",
            "languages": ["en"],
            "configuration": {
                "statuses": {
                    "max_characters": text.MAX_LENGTH,
                    "max_media_attachments": MAX_MEDIA,
                    "characters_reserved_per_url": text.URL_LENGTH,
                },
                "media_attachments": dict(LIMITS),
            },
            "registrations": {"enabled": False},
        }


def account_id(account: str) -> str:
    """Return the numeric id that the server gave an account; the same in every run."""
    return str(10**17 + int.from_bytes(hashlib.sha256(account.encode()).digest()[:6]))


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 20
