"""Real pictures, and a library that holds their files."""

import contextlib
import hashlib
import io
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from publishing.domain.content import MediaUse
from publishing.domain.errors import MediaGoneError
from publishing.domain.media import EXTENSIONS, Rendition

_NUMBERS = itertools.count(1)


@dataclass
class Shelf:
    """A library in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def read(self, file: Rendition) -> bytes:
        try:
            return self.files[file.key]
        except KeyError:
            raise MediaGoneError("An image of the message is no longer there.") from None

    def add(self, content: bytes, media_type: str = "image/jpeg") -> Rendition:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
        file = build_rendition(media_type, size=len(content), width=width, height=height, content=content)
        self.files[file.key] = content
        return file

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the files on loopback, as the media's public address does; yields that address."""
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = shelf.files.get(self.path.removeprefix("/"))
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()

    def use(self, *, alt_text: str = "A door", media_type: str = "image/jpeg", width: int = 64) -> MediaUse:
        """Put a picture into the library and return its use in a message."""
        return use_of(self.add(picture_bytes(media_type, width=width), media_type), alt_text=alt_text)


def use_of(*files: Rendition, alt_text: str = "A door") -> MediaUse:
    return MediaUse(id=f"medium-{next(_NUMBERS)}", alt_text=alt_text, renditions=files)


def build_rendition(
    media_type: str = "image/jpeg",
    *,
    size: int = 1_000,
    width: int = 64,
    height: int = 48,
    frames: int = 1,
    content: bytes = b"",
) -> Rendition:
    """Return the description of a file, of these numbers or of this content."""
    number = next(_NUMBERS)
    return Rendition(
        key=f"media/picture-{number}.{EXTENSIONS.get(media_type, 'bin')}",
        media_type=media_type,
        size=size,
        width=width,
        height=height,
        sha256=hashlib.sha256(content).hexdigest(),
        frames=frames,
    )


def picture_bytes(media_type: str = "image/jpeg", *, width: int = 64, height: int = 48) -> bytes:
    """Encode a picture of which no two are alike."""
    number = next(_NUMBERS)
    image = Image.new("RGB", (width, height), (number % 256, number // 256 % 256, 128))
    buffer = io.BytesIO()
    image.save(buffer, media_type.removeprefix("image/").upper())
    return buffer.getvalue()


def animation_bytes(*, width: int = 32, height: int = 24, frames: int = 3) -> bytes:
    """Encode a GIF that moves."""
    images = [Image.new("P", (width, height), next(_NUMBERS) % 256) for _ in range(frames)]
    for number, image in enumerate(images):
        image.putpalette([value % 256 for value in range(number, number + 768)])
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=100, loop=0)
    return buffer.getvalue()
