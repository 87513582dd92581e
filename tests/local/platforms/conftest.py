from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.platforms import RunningPlatforms, start
from tests.local.platforms.client import Client, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(tmp_path: Path, clock: Clock) -> Iterator[RunningPlatforms]:
    with start(state_dir=tmp_path, now=clock) as running:
        yield running


@pytest.fixture
def client(running: RunningPlatforms, clock: Clock) -> Iterator[Client]:
    client = Client(running.url, clock)
    yield client
    client.http.close()
