"""A careful receiver of webhooks: it verifies the signature over the raw body and keeps whatever it accepts.

It does not recognize repeats: to send twice is to publish twice, as with most receivers in the world.
"""

from __future__ import annotations

import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from local.platforms import images
from local.platforms.base import Action, Call, Commit, Platform, Response, json_response, parse_object, timestamp
from local.platforms.store import Post
from local.platforms.webhook import card

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

WINDOW = 300
HEADERS = ("omnipub-id", "omnipub-timestamp", "omnipub-signature")
KEPT_HEADERS = ("content-type", "user-agent", *HEADERS)
ANSWERS = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
ERRORS = {
    401: "The signature is not valid.",
    403: "This sender is blocked.",
    404: "There is no such endpoint.",
    405: "Only POST is accepted here.",
    429: "Too many requests.",
    500: "Something broke.",
    503: "Down for maintenance.",
}


def sign(secret: str, delivery_id: str, sent_at: str, body: bytes) -> str:
    """Return the `v1` signature of a request."""
    signed = f"{delivery_id}.{sent_at}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhook(Platform):
    """One endpoint per account."""

    kind = "webhook"
    title = "Webhook"
    hint = "POST signed JSON to {url}; its secret is {credential}."
    options: ClassVar[Mapping[str, Container[int]]] = {"status": ANSWERS}

    def default_credential(self, account: str) -> str:
        """Return the secret of an account for which none was registered."""
        return f"webhook-{account}-secret"

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Answer a small JSON error, with Retry-After where a time is known."""
        headers = () if retry_after is None else (("Retry-After", str(max(round(retry_after), 0))),)
        return json_response({"error": ERRORS[status]}, status=status, headers=headers)

    def card(self, post: Post) -> str:
        """Draw a request as an inspector shows it."""
        return card.draw(post, self.world.now())

    def route(self, call: Call) -> Action | None:
        """Accept POST at the endpoint itself and nothing else."""
        if call.path:
            return None
        if call.request.method != "POST":
            return Action(kind="read", begin=lambda: self.failure(405).plus((("Allow", "POST"),)))
        return Action(kind="create", begin=lambda: self._receive(call))

    def _receive(self, call: Call) -> Response | Commit:
        problem = self._distrust(call)
        if problem:
            return json_response({"error": problem}, status=HTTPStatus.UNAUTHORIZED)
        if call.request.media_type != "application/json":
            error = {"error": "The content type must be application/json."}
            return json_response(error, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            body = parse_object(call.request.body)
        except ValueError as error:
            return json_response({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
        try:
            shown = [self._take(call, medium) for medium in _media(body)]
        except images.BadImageError as error:
            answer = {"error": f"An image of the message cannot be taken: {error}."}
            return json_response(answer, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return lambda: self._keep(call, body, shown)

    def _take(self, call: Call, medium: Mapping[str, object]) -> Mapping[str, object]:
        """Fetch an image that the request names, and keep it if it is the one that was announced."""
        body = images.fetch(str(medium["url"]))
        upload = images.read_image(
            body,
            upload_id=f"image-{self.world.store.next_number()}",
            types=images.TYPES.values(),
            max_size=images.FETCH_LIMIT,
            max_pixels=100_000_000,
        )
        if upload.sha256 != medium.get("sha256"):
            raise images.BadImageError("it is not the one that was announced")
        self.world.store.add_upload(self.kind, call.account, upload.id, body)
        return images.shown(upload, str(medium.get("alt_text", "")))

    def _distrust(self, call: Call) -> str | None:
        """Say what is wrong with the request's signature, or None."""
        delivery_id, sent_at, signatures = (call.request.headers.get(name, "") for name in HEADERS)
        if not (delivery_id and sent_at and signatures):
            return "Omnipub-Id, Omnipub-Timestamp and Omnipub-Signature are required."
        is_number = sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 12
        if not is_number or abs(self.world.now().timestamp() - int(sent_at)) > WINDOW:
            return "Omnipub-Timestamp must be unix seconds within five minutes of now."
        expected = [
            f"v1={sign(secret, delivery_id, sent_at, call.request.body)}" for secret in self.credentials(call.account)
        ]
        given = [one.strip() for one in signatures.split(",")]
        # No early exit: how long this takes must not tell which pair came close.
        equal = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected]
        return None if any(equal) else "Omnipub-Signature does not match the body."

    def _keep(self, call: Call, body: dict[str, object], shown: list[Mapping[str, object]]) -> Response:
        now, headers = self.world.now(), call.request.headers
        post_id = f"{int(now.timestamp() * 1000):x}-{self.world.store.next_number()}"
        post = Post(
            channel=self.kind,
            account=call.account,
            id=post_id,
            text=find_text(body) or call.request.body.decode(),
            key=headers["omnipub-id"],
            received_at=timestamp(call.received_at),
            url=f"{self.world.url}/wall/webhook/{call.account}/{post_id}",
            body=call.request.body,
            details={"headers": {name: headers[name] for name in KEPT_HEADERS if name in headers}, "images": shown},
        )
        self.world.store.add_post(post)
        status = self.world.store.get_account(self.kind, call.account).options.get("status", HTTPStatus.ACCEPTED)
        if status == HTTPStatus.NO_CONTENT:
            return Response(status=status)
        return json_response({"id": post_id}, status=status)


def _media(body: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return what a body names as media, as omnipub documents it; other senders may name none."""
    message = body.get("message")
    media = message.get("media") if isinstance(message, dict) else None
    named = media if isinstance(media, list) else []
    return [one for one in named if isinstance(one, dict) and isinstance(one.get("url"), str)]


def find_text(value: object) -> str | None:
    """Return the first string under a key named `text`, at any depth but breadth first."""
    level = [value]
    while level:
        for one in level:
            if isinstance(one, dict) and isinstance(one.get("text"), str):
                return str(one["text"])
        level = [child for one in level for child in _children(one)]
    return None


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []
