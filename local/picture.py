"""A picture made in code, and its upload through the API: what the demonstration shows where pictures are taken."""

import secrets
import struct
import urllib.error
import urllib.request
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.api import Client, NoAnswerError, RefusedError

_WIDTH: Final = 800
_HEIGHT: Final = 450
ALT_TEXT: Final = "A sky that turns from blue to orange over a dark hill"

# No proxy of the person's environment stands before loopback.
_opener: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def make_picture() -> bytes:
    """Draw an evening as a PNG: a sky that changes its color, and a hill."""
    rows = b"".join(b"\0" + b"".join(_color(x, y) for x in range(_WIDTH)) for y in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def taking_images(api: Client, accounts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of those accounts whose channel takes images."""
    limits = {channel["kind"]: channel["image_limit"] for channel in api.get("/api/v1/channels/")["results"]}
    return [account["id"] for account in accounts if limits[account["channel"]]]


def spoken(text: str) -> str:
    """Return a text as it was written, without the descriptions of images that a mail adds to it."""
    return text.partition("\n\n[Image")[0]


def is_said(text: str, written: str) -> bool:
    """Tell whether a post says what was written."""
    return spoken(text) == written


def upload_picture(api: Client) -> str:
    """Upload the picture to the library, as any client would; return its id. Raises RefusedError and NoAnswerError."""
    content = make_picture()
    wanted = {"name": "evening.png", "media_type": "image/png", "size": len(content), "alt_text": ALT_TEXT}
    medium = api.post("/api/v1/media/", wanted, key=secrets.token_hex(16))
    _post_form(medium["upload"]["url"], medium["upload"]["fields"], content)
    ready = api.get(f"/api/v1/media/{medium['id']}/")
    if ready["status"] != "ready":
        raise RefusedError(200, f"the picture is {ready['status']}")
    return str(medium["id"])


def _color(x: int, y: int) -> bytes:
    hill = _HEIGHT * 3 // 4 + (x - _WIDTH // 2) ** 2 // 1_600
    if y > hill:
        return b"\x1e\x28\x32"
    part = y * 255 // _HEIGHT
    return bytes((40 + part * 4 // 5, 90 + part // 3, 200 - part * 3 // 5))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _post_form(url: str, fields: dict[str, str], content: bytes) -> None:
    boundary = secrets.token_hex(16)
    form = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    form += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="evening.png"\r\n\r\n'
    body = form.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(url, data=body)  # noqa: S310 - the emulator's address
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    try:
        with _opener.open(request, timeout=30):
            pass
    except urllib.error.HTTPError as error:
        with error:
            raise RefusedError(error.code, "the bucket refused the picture") from None
    except OSError as error:
        raise NoAnswerError(f"{url} does not answer: {error}") from error
