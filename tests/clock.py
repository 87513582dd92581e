"""Time that a test moves. The protocol reads `publishing.adapters.clock` and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from publishing.adapters import clock as adapter


class Clock:
    """The real time plus what the test moved it by; sleeping moves it and takes no time."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **amount: float) -> None:
        self.ahead += timedelta(**amount)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(adapter, "now", clock.now)
    monkeypatch.setattr(adapter, "sleep", clock.sleep)
    return clock
