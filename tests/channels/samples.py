"""Sample answers of platforms: each states its source, and comes back as an answer or over a socket."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from publishing.http import Answer

SOURCES = ("observed", "recorded", "documented")


@dataclass(frozen=True, kw_only=True)
class Sample:
    source: str
    answer: Answer

    def raw(self) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.answer.headers.items())
        length = f"Content-Length: {len(self.answer.body)}\r\n"
        start = f"HTTP/1.1 {self.answer.status} Some words\r\n{length}Connection: close\r\n"
        return f"{start}{head}\r\n".encode() + self.answer.body


def sample_reader(test_file: str) -> Callable[[str], Sample]:
    folder = Path(test_file).parent / "samples"
    return lambda name: read_sample(folder / f"{name}.json")


def read_sample(path: Path) -> Sample:
    stated = json.loads(path.read_text())
    said = stated["body"]
    # A text is a body that is no JSON, as it came.
    body = b"" if said is None else (said if isinstance(said, str) else json.dumps(said)).encode()
    answer = Answer(status=stated["status"], headers=stated["headers"], body=body)
    return Sample(source=f"{stated['source']} {stated['read']}", answer=answer)
