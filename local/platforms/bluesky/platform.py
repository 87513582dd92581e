"""One account's personal data server per base URL: sessions, blobs, and records at keys that the client chooses.

Behaviour as observed at the reference server (`@atproto/pds` 0.4.217 and 0.5.35, run on 2026-11-22).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import threading
from collections.abc import Callable, Container, Mapping
from http import HTTPStatus
from typing import ClassVar

from local.platforms.base import (
    Action,
    Call,
    Commit,
    Headers,
    Platform,
    Response,
    World,
    json_response,
    parse_object,
    timestamp,
)
from local.platforms.bluesky import card, tokens
from local.platforms.bluesky.blobs import IMAGE_LIMIT, IMAGE_LIMITS, BlobShelf
from local.platforms.bluesky.limits import (
    DEFAULT_POINTS,
    DEFAULT_SESSIONS,
    POINTS_OF_A_RECORD,
    POINTS_WINDOW,
    SESSIONS_WINDOW,
    Allowance,
    Windows,
    rate_headers,
)
from local.platforms.bluesky.records import COLLECTION, Put, RefusedError, read_put, read_string
from local.platforms.store import Post

ERRORS = {
    401: ("AuthenticationRequired", "Invalid identifier or password"),
    403: ("AccountTakedown", "Account has been taken down"),
    404: ("NotFound", "Not Found"),
    429: ("RateLimitExceeded", "Rate Limit Exceeded"),
    500: ("InternalServerError", "Internal Server Error"),
    503: ("UpstreamFailure", "Upstream service unreachable"),
}
Handler = Callable[[Call], Response | Commit]


class Bluesky(Platform):
    """Servers that host one account each."""

    kind = "bluesky"
    title = "Bluesky"
    hint = "Open a session at {url}/xrpc/com.atproto.server.createSession with {credential}, then call putRecord."
    options: ClassVar[Mapping[str, Container[int]]] = {
        "rate_limit": range(1, 1_000_001),
        "session_limit": range(1, 1_000_001),
        "access_seconds": range(1, 1_000_001),
        "image_size_limit": IMAGE_LIMITS,
    }

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._points = Windows(POINTS_WINDOW)
        self._sessions = Windows(SESSIONS_WINDOW)
        self._blobs = BlobShelf(world)
        # The real server commits to a repository one after another.
        self._repository = threading.Lock()

    def default_credential(self, account: str) -> str:
        """Return handle and app password of an account for which none was registered."""
        return f"{handle(account)}:bluesky-{account}-secret"

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as the server does; it has no Retry-After, only the time of the reset."""
        headers: Headers = ()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            reset_at = math.ceil(self.world.now().timestamp()) + (300 if retry_after is None else retry_after)
            headers = rate_headers(5_000, 0, reset_at, POINTS_WINDOW)
        name, sentence = ERRORS[status]
        return _error(status, name, sentence).plus(headers)

    def page(self, call: Call) -> tuple[str, ...] | None:
        """Recognize the addresses of the network's web site: a profile, and a post on it."""
        match call.path:
            case ("profile", name) if name in {did(call.account), handle(call.account)}:
                return (call.account,)
            case ("profile", name, "post", rkey) if name in {did(call.account), handle(call.account)}:
                return (call.account, uri(call.account, rkey))
        return None

    def card(self, post: Post) -> str:
        """Draw a post as its feed shows it."""
        settings = self.world.store.get_account(self.kind, post.account)
        return card.draw(post, settings, handle(post.account), self.world.now())

    # --- routes ------------------------------------------------------------------------------------------------------

    def route(self, call: Call) -> Action | None:
        """Find what the request asks for. Sessions are read-only as far as anybody can see."""
        match (call.request.method, call.path):
            case ("POST", ("xrpc", "com.atproto.repo.putRecord")):
                return Action(kind="create", begin=lambda: self._guard(call, self._put))
            case ("POST", ("xrpc", "com.atproto.repo.uploadBlob")):
                return Action(kind="upload", begin=lambda: self._guard(call, self._upload))
            case ("POST", ("xrpc", "com.atproto.server.createSession")):
                return Action(kind="read", begin=lambda: self._guard(call, self._create_session))
            case ("POST", ("xrpc", "com.atproto.server.refreshSession")):
                return Action(kind="read", begin=lambda: self._guard(call, self._refresh_session))
            case ("GET", ("xrpc", "com.atproto.repo.getRecord")):
                return Action(kind="read", begin=lambda: self._guard(call, self._get))
        return None

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        try:
            return handler(call)
        except RefusedError as refused:
            return _error(refused.status, refused.name, refused.sentence)

    def _option(self, call: Call, name: str, default: int) -> int:
        return self.world.store.get_account(self.kind, call.account).options.get(name, default)

    # --- sessions ----------------------------------------------------------------------------------------------------

    def _create_session(self, call: Call) -> Response:
        limit = self._option(call, "session_limit", DEFAULT_SESSIONS)
        allowance = self._sessions.take(call.account, 1, limit=limit, now=self.world.now().timestamp())
        if allowance.is_exceeded:
            return _exceeded(allowance)
        body = _read_body(call)
        identifier, password = (read_string(body, name, "$") for name in ("identifier", "password"))
        if not self._knows(call.account, identifier, password):
            raise RefusedError(ERRORS[401][1], status=401, name=ERRORS[401][0])
        return self._session(call).plus(allowance.headers)

    def _knows(self, account: str, identifier: str, password: str) -> bool:
        name = handle(account) if identifier.lower() in {handle(account), did(account)} else identifier
        given = f"{name}:{password}".encode()
        equal = [hmac.compare_digest(given, valid.encode()) for valid in self.credentials(account)]
        return any(equal)

    def _refresh_session(self, call: Call) -> Response:
        # A refresh token that was used already is accepted again, as the real server does for a while.
        self._authorize(call, tokens.REFRESH)
        return self._session(call)

    def _session(self, call: Call) -> Response:
        account, now = call.account, self.world.now()
        own = did(account)
        number = self.world.store.next_number()
        seconds = self._option(call, "access_seconds", tokens.ACCESS_SECONDS)
        return json_response(
            {
                "did": own,
                "handle": handle(account),
                "accessJwt": tokens.issue(own, tokens.ACCESS, seconds=seconds, number=number, now=now),
                "refreshJwt": tokens.issue(own, tokens.REFRESH, seconds=tokens.REFRESH_SECONDS, number=number, now=now),
                "active": True,
            }
        )

    def _authorize(self, call: Call, scope: tokens.Scope) -> None:
        header = call.request.headers.get("authorization", "")
        tokens.check(header, did(call.account), scope, now=self.world.now())

    # --- blobs -------------------------------------------------------------------------------------------------------

    def _upload(self, call: Call) -> Commit:
        self._authorize(call, tokens.ACCESS)
        return self._blobs.upload(call)

    # --- records -----------------------------------------------------------------------------------------------------

    def _put(self, call: Call) -> Response | Commit:
        self._authorize(call, tokens.ACCESS)
        limit = self._option(call, "rate_limit", DEFAULT_POINTS)
        allowance = self._points.take(call.account, POINTS_OF_A_RECORD, limit=limit, now=self.world.now().timestamp())
        if allowance.is_exceeded:
            return _exceeded(allowance)
        put = read_put(_read_body(call))
        if put.repo not in {did(call.account), handle(call.account)}:
            raise RefusedError("Account not found", status=403, name="AccountNotFound")

        def commit() -> Response:
            with self._repository:
                return self._guard_commit(call, put).plus(allowance.headers)

        return commit

    def _guard_commit(self, call: Call, put: Put) -> Response:
        there = self.world.store.find_post(self.kind, call.account, uri(call.account, put.rkey))
        if there is None:
            return self._commit(call, put)
        if there.details["cid"] == put.cid:
            return json_response(_put_answer(there))
        if put.must_be_new:
            return _error(400, "InvalidSwap", f"Record was at {there.details['cid']}")
        return _error(400, "InvalidRequest", "This simulated server replaces no records.")

    def _commit(self, call: Call, put: Put) -> Response:
        limit = self._option(call, "image_size_limit", IMAGE_LIMIT)
        try:
            shown = self._blobs.use(call.account, put.record, limit)
        except RefusedError as refused:
            return _error(refused.status, refused.name, refused.sentence)
        post = Post(
            channel=self.kind,
            account=call.account,
            id=uri(call.account, put.rkey),
            text=str(put.record["text"]),
            key=put.rkey,
            received_at=timestamp(call.received_at),
            url=f"{self.base_url(call.account)}/profile/{did(call.account)}/post/{put.rkey}",
            body=call.request.body,
            details={"cid": put.cid, "record": put.record, "images": shown},
        )
        self.world.store.add_post(post)
        revision = {"cid": f"bafyrei{put.cid[::-1][:52]}", "rev": put.rkey}
        return json_response({**_put_answer(post), "commit": revision})

    def _get(self, call: Call) -> Response:
        query = call.request.query
        if query.get("collection") != COLLECTION or query.get("repo") not in {did(call.account), handle(call.account)}:
            raise RefusedError("Could not locate record")
        where = uri(call.account, query.get("rkey", ""))
        post = self.world.store.find_post(self.kind, call.account, where)
        if post is None:
            raise RefusedError(f"Could not locate record: {where}", name="RecordNotFound")
        return json_response({"uri": post.id, "cid": post.details["cid"], "value": post.details["record"]})


def did(account: str) -> str:
    """Return the account's decentralized identifier; the same in every run."""
    digest = base64.b32encode(hashlib.sha256(account.encode()).digest()).decode().lower()
    return f"did:plc:{digest[:24]}"


def handle(account: str) -> str:
    """Return the account's name on the network."""
    return f"{account.lower()}.test"


def uri(account: str, rkey: str) -> str:
    """Return the address of a record in the account's repository."""
    return f"at://{did(account)}/{COLLECTION}/{rkey}"


def _put_answer(post: Post) -> dict[str, object]:
    return {"uri": post.id, "cid": post.details["cid"], "validationStatus": "valid"}


def _read_body(call: Call) -> dict[str, object]:
    if call.request.media_type != "application/json":
        raise RefusedError("Wrong request encoding (Content-Type)")
    try:
        return parse_object(call.request.body)
    except ValueError as error:
        raise RefusedError("The body is no JSON object", name="SyntaxError") from error


def _error(status: int, name: str, sentence: str) -> Response:
    return json_response({"error": name, "message": sentence}, status=status)


def _exceeded(allowance: Allowance) -> Response:
    name, sentence = ERRORS[429]
    return _error(429, name, sentence).plus(allowance.headers)
