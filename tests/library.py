"""The media library of the emulator, as clients use it: ask for an upload, post the form, then ask about the medium."""

import secrets
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from publishing.adapters import clock
from publishing.domain.account import Account
from publishing.domain.content import MediaUse
from publishing.domain.draft import Draft
from publishing.domain.media import Medium, NewMedium, Upload
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.permissions import Actor
from publishing.domain.schedule import due_now
from publishing.services import media
from publishing.services.context import Context
from publishing.services.scheduling import create_message
from tests.emulator import Emulator
from tests.pictures import picture_bytes
from tests.system import QuietWaker, System


def post_form(upload: Upload, content: bytes, **changed: str) -> int:
    """Post an upload's form with these bytes; return the status."""
    return post_fields(upload.url, {**upload.fields, **changed}, content)


def post_fields(url: str, fields: dict[str, Any], content: bytes) -> int:
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = "".join([*parts, head]).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(url, data=body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def fetch(url: str) -> tuple[bytes, dict[str, str]]:
    """Fetch a public address as anybody would; return bytes and headers in lower case."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


class Library:
    """Uploads for one actor."""

    def __init__(self, actor: Actor, context: Context) -> None:
        self.actor = actor
        self.context = context

    @property
    def now(self) -> datetime:
        return clock.now()

    def ask(self, content: bytes, media_type: str = "image/jpeg", **fields: Any) -> tuple[Medium, Upload]:
        wanted = NewMedium(**{"name": "door.jpg", "media_type": media_type, "size": len(content), **fields})
        return media.request_upload(actor=self.actor, wanted=wanted, now=self.now, context=self.context)

    def upload(self, content: bytes | None = None, media_type: str = "image/jpeg", **fields: Any) -> Medium:
        """Upload a picture; it is not verified yet."""
        content = picture_bytes(media_type) if content is None else content
        medium, upload = self.ask(content, media_type, **fields)
        assert post_form(upload, content) == 204
        return medium

    def get(self, medium: Medium, actor: Actor | None = None) -> Medium:
        return media.get_medium(actor=actor or self.actor, medium_id=medium.id, now=self.now, context=self.context)

    def add(self, content: bytes | None = None, media_type: str = "image/jpeg", **fields: Any) -> Medium:
        """Upload a picture and have it verified."""
        return self.get(self.upload(content, media_type, **fields))

    def delete(self, medium: Medium, actor: Actor | None = None, rev: int | None = None) -> None:
        media.delete_medium(actor=actor or self.actor, medium_id=medium.id, rev=rev, now=self.now, context=self.context)


def library_of(system: System, emulator: Emulator) -> Library:
    """The library that a system's actor uses."""
    environment = emulator.environment
    context = Context(
        waker=QuietWaker(), media_bucket=environment["MEDIA_BUCKET"], media_url=environment["OMNIPUB_MEDIA_URL"]
    )
    return Library(system.actor, context)


def show(system: System, library: Library, *accounts: Account, alt_texts: Sequence[str]) -> MessageWithDeliveries:
    """Create a message that is due now and shows a picture for each description."""
    media = [library.upload(picture_bytes(width=200 + number)) for number in range(len(alt_texts))]
    uses = tuple(MediaUse(id=each.id, alt_text=alt_text) for each, alt_text in zip(media, alt_texts, strict=True))
    now = clock.now()
    draft = Draft(text="Look!", media=uses, account_ids=tuple(account.id for account in accounts), due=due_now(now))
    return create_message(actor=system.actor, draft=draft, now=now, context=library.context)
