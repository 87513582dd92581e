"""Photos of a page: fetched from an address, seen by nobody until a post shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.platforms import images
from local.platforms.base import Commit, Response, World, json_response
from local.platforms.facebook.graph import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND: Final = "facebook"
#: Of BMP and TIFF, which the real one takes too, there are none here.
TYPES: Final = ("image/jpeg", "image/png", "image/gif")
LARGEST: Final = 4_000_000
BAD_ADDRESS: Final = 2_061_006
BAD_PICTURE: Final = 1_366_046


class Photos:
    """The photos of all pages."""

    def __init__(self, world: World) -> None:
        self._world = world

    def fetch(self, account: str, parameters: Mapping[str, object]) -> Commit:
        """Fetch a photo; raises RefusedError with the API's words."""
        if str(parameters.get("published", "true")).lower() not in {"false", "0"}:
            raise RefusedError(100, "(#100) This simulated page takes photos with published=false only")
        alt_text = parameters.get("alt_text_custom", "")
        if not isinstance(alt_text, str):
            raise RefusedError(100, "(#100) Param alt_text_custom must be a string.")
        photo = self._read(str(parameters.get("url", "")))

        def commit() -> Response:
            self._world.store.add_upload(KIND, account, photo.id, photo.body)
            self._world.store.add_upload(KIND, account, _description_of(photo.id), alt_text.encode())
            return json_response({"id": photo.id})

        return commit

    def attached(self, account: str, parameters: Mapping[str, object]) -> list[Mapping[str, object]]:
        """Return what a post keeps of the photos that it shows; raises RefusedError."""
        stated = parameters.get("attached_media", [])
        if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
            raise RefusedError(100, "(#100) Param attached_media must be an array.")
        return [self._find(account, str(one.get("media_fbid", ""))) for one in stated]

    def _read(self, url: str) -> images.Upload:
        try:
            body = images.fetch(url)
        except images.BadImageError as error:
            raise RefusedError(100, "Invalid parameter", subcode=BAD_ADDRESS) from error
        photo_id = str(10**14 + self._world.store.next_number())
        try:
            return images.read_image(body, upload_id=photo_id, types=TYPES, max_size=LARGEST, max_pixels=10**9)
        except images.BadImageError as error:
            raise RefusedError(1, "An unknown error occurred", subcode=BAD_PICTURE) from error

    def _find(self, account: str, photo_id: str) -> Mapping[str, object]:
        photo = images.find(self._world.store, KIND, account, photo_id)
        if photo is None:
            raise RefusedError(100, f"(#100) The photo {photo_id:.40} does not exist or may not be used")
        alt_text = self._world.store.find_upload(KIND, account, _description_of(photo_id)) or b""
        return images.shown(photo, alt_text.decode())


def _description_of(photo_id: str) -> str:
    """Return where a photo's description is kept: it comes with the photo, before there is a post."""
    return f"{photo_id}.alt"
