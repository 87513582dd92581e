"""Images at LinkedIn: announced with `initializeUpload`, sent to the address that answers, then named by posts."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from local.platforms import images
from local.platforms.base import Call, Commit, Response, World, json_response, parse_object
from local.platforms.linkedin.draft import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND: Final = "linkedin"
TYPES: Final = ("image/jpeg", "image/png", "image/gif")
MOST_PIXELS: Final = 36_152_319
#: The first letter of an image's name says whose it is, so that nothing else has to be remembered.
_LETTERS: Final = {"organization": "C", "person": "D"}


class Pictures:
    """The images of all accounts. An announced one is kept without bytes until they come."""

    def __init__(self, world: World) -> None:
        self._world = world

    def announce(self, call: Call, owners: Sequence[str]) -> Commit:
        """Take an announcement, and name the image and the address that its bytes go to."""
        if call.request.query.get("action") != "initializeUpload":
            raise RefusedError(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request")
        try:
            wanted = parse_object(call.request.body).get("initializeUploadRequest")
        except ValueError as error:
            raise RefusedError(400, "ILLEGAL_ARGUMENT", "Could not parse JSON request") from error
        owner = wanted.get("owner") if isinstance(wanted, dict) else None
        if owner not in owners:
            raise RefusedError(
                403, "ACCESS_DENIED", "Field Value validation failed in REQUEST_BODY", serviceErrorCode=100
            )

        def commit() -> Response:
            urn = f"urn:li:image:{_letter(str(owner))}4E22AQF{self._world.store.next_number():010}"
            self._world.store.add_upload(KIND, call.account, urn, b"")
            place = f"{self._world.url}/{KIND}/{call.account}/dms-uploads/{urn.rpartition(':')[2]}/0"
            return json_response({"value": {"uploadUrlExpiresAt": 1_900_000_000_000, "uploadUrl": place, "image": urn}})

        return commit

    def receive(self, call: Call, name: str) -> Commit:
        """Take the bytes of an announced image, whatever they are: judging them comes later."""
        urn = f"urn:li:image:{name}"
        if self._world.store.find_upload(KIND, call.account, urn) is None:
            raise RefusedError(404, "NOT_FOUND", "Could not find entity")

        def commit() -> Response:
            self._world.store.add_upload(KIND, call.account, urn, call.request.body)
            return Response(status=HTTPStatus.CREATED)

        return commit

    def show(self, call: Call, urn: str, readable: Sequence[str]) -> Response:
        """Say how far an image is, to whoever may read its owner's content."""
        if self._world.store.find_upload(KIND, call.account, urn) is None:
            raise RefusedError(404, "NOT_FOUND", "Could not find entity")
        owners = [owner for owner in readable if _is_of(urn, owner)]
        if not owners:
            message = "Not enough permissions to access: partnerApiImages.GET.20260801"
            raise RefusedError(403, "ACCESS_DENIED", message, serviceErrorCode=100)
        return json_response({"id": urn, "owner": owners[0], "status": self._status(call.account, urn)})

    def of_draft(self, account: str, author: str, named: Sequence[tuple[str, str]]) -> list[Mapping[str, object]]:
        """Return what a post of this author keeps of the images that it names; raises RefusedError.

        How the real one words these refusals is not documented; that it refuses is.
        """
        kept: list[Mapping[str, object]] = []
        for urn, alt_text in named:
            if not _is_of(urn, author):
                raise RefusedError(403, "ACCESS_DENIED", f"The author may not use {urn}", serviceErrorCode=100)
            if self._status(account, urn) not in {"AVAILABLE", "PROCESSING"}:
                raise RefusedError(400, "ILLEGAL_ARGUMENT", f"The image {urn} is not available")
            upload = self._read(account, urn)
            if upload:
                kept.append(images.shown(upload, alt_text))
        return kept

    def _status(self, account: str, urn: str) -> str:
        kept = self._world.store.find_upload(KIND, account, urn)
        if not kept:
            return "NOT_FOUND" if kept is None else "WAITING_UPLOAD"
        if self._world.store.get_account(KIND, account).options.get("processing"):
            return "PROCESSING"
        return "AVAILABLE" if self._read(account, urn) else "PROCESSING_FAILED"

    def _read(self, account: str, urn: str) -> images.Upload | None:
        kept = self._world.store.find_upload(KIND, account, urn) or b""
        try:
            return images.read_image(kept, upload_id=urn, types=TYPES, max_size=len(kept), max_pixels=MOST_PIXELS)
        except images.BadImageError:
            return None


def _letter(owner: str) -> str:
    return _LETTERS[owner.split(":")[2]]


def _is_of(urn: str, owner: str) -> bool:
    return urn.startswith(f"urn:li:image:{_letter(owner)}")
