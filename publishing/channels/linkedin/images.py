"""Giving LinkedIn the images of a post, one a step, before the post that shows them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from publishing.channels.base.answers import as_upload_refusal
from publishing.channels.base.contract import Library, Payload, Prepared
from publishing.channels.base.uploads import (
    Uploads,
    image_label,
    read_upload_refusal,
    resume,
    upload_not_understood,
)
from publishing.channels.linkedin.answers import NAME, is_image, read_answer
from publishing.domain.media import Rendition
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer, Courier, UnreadableError

#: LinkedIn does not say how long it keeps images that no post shows; older ones are given to it anew.
KEPT_FOR: Final = timedelta(hours=12)
#: When to look again at an image that LinkedIn is still working on.
_LOOK_AGAIN: Final = timedelta(seconds=5)
_WORKING: Final = frozenset({"PROCESSING", "WAITING_UPLOAD"})


class Uploader:
    """One step of putting a post's images in place. `reads` says whether LinkedIn lets us see how far an image is."""

    def __init__(
        self,
        payload: Payload,
        *,
        base_url: str,
        headers: Mapping[str, str],
        owner: str,
        reads: bool,
        courier: Courier,
        now: datetime,
    ) -> None:
        self._payload = payload
        self._base_url = base_url
        self._headers = headers
        self._owner = owner
        self._reads = reads
        self._courier = courier
        self._now = now

    def step(self, library: Library) -> Prepared | Deferred | Rejected:
        """Upload the next image; after the last, see whether all can be shown, where LinkedIn tells."""
        payload = self._payload
        uploads = resume(payload, longest=KEPT_FOR, now=self._now)
        file = uploads.next_file(payload)
        if file is None:
            return self._see(uploads)
        made = self._upload(file, library.read(file), image_label(payload, len(uploads.notes)))
        if not isinstance(made, str):
            return made
        uploads = uploads.plus({"urn": made}, now=self._now)
        return uploads.prepared(is_complete=not self._reads and uploads.next_file(payload) is None)

    def _upload(self, file: Rendition, content: bytes, label: str) -> str | Deferred | Rejected:
        """Give LinkedIn one image; return the name that it has there."""
        place = self._begin(label)
        if not isinstance(place, tuple):
            return place
        url, urn = place
        # The token goes where a platform's answer says: only to the platform itself, then.
        if not belongs_to(url, self._base_url):
            detail = f"{NAME} named an address for {label} that is not its own, so it was not given there."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        headers = {"authorization": self._headers["authorization"], "content-type": file.media_type}
        answer = self._courier.request("PUT", url, headers=headers, content=content, acts=False)
        refusal = read_upload_refusal(answer, name=NAME, label=label, now=self._now)
        if refusal is None and "html" in answer.headers.get("content-type", ""):
            # A page for people comes from something in between; LinkedIn itself answers with an empty body.
            return upload_not_understood(name=NAME, label=label)
        return refusal or urn

    def _begin(self, label: str) -> tuple[str, str] | Deferred | Rejected:
        """Announce an image; return where it goes and what it is called."""
        wanted = {"initializeUploadRequest": {"owner": self._owner}}
        url = f"{self._base_url}/rest/images?action=initializeUpload"
        answer = self._courier.request("POST", url, headers=self._headers, json=wanted, acts=False)
        refusal = self._refusal(answer, label)
        if refusal:
            return refusal
        value = _object(answer).get("value")
        stated = value if isinstance(value, dict) else {}
        place, urn = stated.get("uploadUrl"), stated.get("image")
        if not isinstance(place, str) or not isinstance(urn, str) or not is_image(urn):
            return upload_not_understood(name=NAME, label=label)
        return place, urn

    def _see(self, uploads: Uploads) -> Prepared | Deferred | Rejected:
        """Say that all images can be shown, or what is the matter with the first that cannot."""
        if self._reads:
            for position, note in enumerate(uploads.notes):
                trouble = self._look_at(str(note["urn"]), image_label(self._payload, position))
                if trouble:
                    return trouble
        return uploads.prepared(is_complete=True)

    def _look_at(self, urn: str, label: str) -> Deferred | Rejected | None:
        url = f"{self._base_url}/rest/images/{quote(urn, safe='')}"
        answer = self._courier.request("GET", url, headers=self._headers, acts=False)
        if answer.status == 403:
            # A token that may write and not read: then it is as with members, of whose images nobody is told.
            return None
        if answer.status == 404:
            return self._not_yet(label)
        refusal = self._refusal(answer, label)
        if refusal:
            return refusal
        status = _object(answer).get("status")
        if status == "PROCESSING_FAILED":
            return Rejected(reason=Reason.CONTENT, detail=f"{NAME} could not process {label}. Use another picture.")
        if status in _WORKING:
            return self._not_yet(label)
        return None if status == "AVAILABLE" else upload_not_understood(name=NAME, label=label)

    def _not_yet(self, label: str) -> Deferred:
        detail = f"{NAME} is still working on {label}."
        return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=self._now + _LOOK_AGAIN)

    def _refusal(self, answer: Answer, label: str) -> Deferred | Rejected | None:
        return as_upload_refusal(
            read_answer(answer, now=self._now, delivery_key=self._payload.delivery_key), answer, name=NAME, label=label
        )


def _object(answer: Answer) -> Mapping[str, object]:
    try:
        return answer.json_object()
    except UnreadableError:
        return {}


def belongs_to(url: str, base_url: str) -> bool:
    """Tell whether an address is LinkedIn's, or that of the very server that the account names."""
    stated, ours = _split(url), _split(base_url)
    if stated is None or ours is None or "@" in stated.netloc:
        return False
    if (stated.scheme, stated.netloc) == (ours.scheme, ours.netloc):
        return True
    host = stated.hostname or ""
    return stated.scheme == "https" and (host == "linkedin.com" or host.endswith(".linkedin.com"))


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
