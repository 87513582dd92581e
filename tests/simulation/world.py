"""Time, processes and what goes wrong with them. Every step of a process may be its last."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from publishing.domain.errors import CredentialError, UnavailableError
from publishing.services.steps import Steps
from tests.builders import NOW

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How often each step goes wrong while faults are on."""

    #: The process dies; whether its step was carried out is up to chance.
    kill: float = 0.01
    #: The request never arrives, and the process is told that the table is away.
    lost_request: float = 0.02
    #: The answer never arrives, although the step was carried out.
    lost_answer: float = 0.02
    #: The SDK repeats a request whose answer was lost; the process sees the second answer.
    repeated: float = 0.02
    #: The process is frozen for up to 40 s around a step.
    stall: float = 0.01
    event_lost: float = 0.05
    event_doubled: float = 0.05
    event_late: float = 0.05
    tick_missed: float = 0.03
    tick_doubled: float = 0.05
    index_lags: float = 0.05
    rate: float = 0.05
    rejected: float = 0.03
    credential: float = 0.03
    refused: float = 0.05
    doubt_before: float = 0.05
    doubt_after: float = 0.05
    #: A platform that refuses doubles carries a request out only when the next one like it comes.
    held: float = 0.05
    look_up_fails: float = 0.1
    feedback_lost: float = 0.3
    bounced: float = 0.2


NONE = Faults(**dict.fromkeys(Faults.__dataclass_fields__, 0.0))
STRESS = Faults(kill=0.04, lost_request=0.05, lost_answer=0.05, stall=0.04, event_late=0.2, index_lags=0.2,
                doubt_before=0.1, doubt_after=0.1, held=0.1, rejected=0.05, bounced=0.5)  # fmt: skip


@dataclass
class Process:
    """A generator that is being driven, until its deadline."""

    steps: Steps[Any]
    deadline: datetime
    perform: Callable[["Process", Any], Any]
    on_end: Callable[[bool, Any], None] = lambda _, __: None
    is_dead: bool = False


@dataclass
class World:
    """Virtual time and everything that happens in it, in the order of a seed."""

    random: Random
    faults: Faults
    now: datetime = NOW
    trace: list[str] = field(default_factory=list)
    _queue: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _count: Any = field(default_factory=itertools.count)

    def at(self, when: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(when, self.now), next(self._count), what))

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        self.at(self.now + seconds * SECOND, what)

    def run(self, until: datetime, *, is_over: Callable[[], bool] = lambda: False) -> None:
        while self._queue and self._queue[0][0] <= until and not is_over():
            when, _, what = heapq.heappop(self._queue)
            self.now = when
            what()

    def chance(self, fault: str) -> bool:
        probability: float = getattr(self.faults, fault)
        return probability > 0 and self.random.random() < probability

    def log(self, *words: object) -> None:
        self.trace.append(f"{(self.now - NOW).total_seconds():10.3f} {' '.join(map(str, words))}")

    def spawn(
        self,
        steps: Steps[Any],
        perform: Callable[[Process, Any], Any],
        *,
        seconds: float,
        on_end: Callable[[bool, Any], None] = lambda _, __: None,
    ) -> None:
        process = Process(steps=steps, deadline=self.now + seconds * SECOND, perform=perform, on_end=on_end)
        self.at(self.now, lambda: self.resume(process))

    def resume(self, process: Process, answer: Any = None, error: Exception | None = None) -> None:
        """Let a process go on with the answer to its last step, up to its next one."""
        if process.is_dead:
            return
        if self.now >= process.deadline:
            self.end(process, is_done=False)
            return
        try:
            step = process.steps.throw(error) if error is not None else process.steps.send(answer)
        except StopIteration as end:
            self.end(process, is_done=True, value=end.value)
        except (UnavailableError, CredentialError):
            self.end(process, is_done=False)
        else:
            process.perform(process, step)

    def end(self, process: Process, *, is_done: bool, value: Any = None) -> None:
        process.is_dead = True
        process.steps.close()
        process.on_end(is_done, value)

    def answer(self, process: Process, seconds: float, answer: Any = None, error: Exception | None = None) -> None:
        self.after(seconds, lambda: self.resume(process, answer, error))

    def write(self, process: Process, effect: Callable[[], Any]) -> None:
        """Carry out a request to the table, as it goes when things go wrong."""
        if self.chance("kill"):
            if self.random.random() < 0.5:
                self.after(self.random.uniform(0, 0.5), lambda: effect() and None)
            self.log("killed")
            self.end(process, is_done=False)
            return
        going = self.random.uniform(0.001, 0.02) + (self.random.uniform(0, 40) if self.chance("stall") else 0)
        if self.chance("lost_request"):
            self.answer(process, going, error=UnavailableError("lost"))
            return
        self.after(going, lambda: self._arrive(process, effect))

    def _arrive(self, process: Process, effect: Callable[[], Any]) -> None:
        if process.is_dead:
            return
        result = effect()
        if self.chance("repeated"):
            result = effect()
        error = UnavailableError("lost") if self.chance("lost_answer") else None
        coming = self.random.uniform(0.001, 0.02) + (self.random.uniform(0, 40) if self.chance("stall") else 0)
        self.answer(process, coming, result, error)
