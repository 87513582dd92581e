"""Evolve the table: carry out the numbered changes to rows of older versions, in parallel, at a bounded rate.

Every page's progress is kept, so that a run that was killed goes on where it was; changing a row twice changes nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from publishing.domain.permissions import Action, Actor, demand
from publishing.store import evolutions
from publishing.store.audit import DAYS, AuditRecord, audited, read_chain
from publishing.store.evolutions import EVOLUTIONS, Evolution, Progress, Segment

#: Rows of a page: read again, at most, by whoever goes on after a kill.
PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One evolution and how far it is."""

    evolution: Evolution
    #: None when it was never begun.
    progress: Progress | None

    @property
    def is_done(self) -> bool:
        """Whether it was carried out."""
        return self.progress is not None and self.progress.done_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How an evolution is run."""

    segments: int
    #: Capacity units a second, of reads and writes together.
    units: float
    is_dry: bool = False
    page: int = PAGE


def list_evolutions(*, actor: Actor, known: Sequence[Evolution] = EVOLUTIONS) -> tuple[Standing, ...]:
    """Return every evolution and how far it is."""
    demand(actor, Action.STOP_DISPATCH)
    return tuple(Standing(evolution=each, progress=evolutions.find(each.id)) for each in known)


def list_pending(
    *, actor: Actor, table_made_on: date, known: Sequence[Evolution] = EVOLUTIONS
) -> tuple[Evolution, ...]:
    """Return the evolutions that this table needs and that were not carried out.

    A table that held nothing before an evolution was made holds no row that it changes; a restored table is new, but
    its audit log says how old its rows are.
    """
    demand(actor, Action.STOP_DISPATCH)
    done = evolutions.list_done(each.id for each in known)
    open_ones = [each for each in known if each.id not in done]
    if not open_ones:
        return ()
    first_day = [link.record.at.date() for link in read_chain(DAYS)[:1]]
    oldest = min([table_made_on, *first_day])
    return tuple(each for each in open_ones if oldest < each.made_on)


def evolve(
    *,
    actor: Actor,
    evolution: Evolution,
    pacing: Pacing,
    read_clock: Callable[[], datetime],
    tell: Callable[[Segment], None],
) -> Progress:
    """Carry out one evolution, or what an earlier run left of it; `tell` is called after each page.

    Records it in the audit log when it is done. A dry run writes nothing at all and begins at the beginning. Raises
    UnavailableError when the table is out of reach, ContentionError for a row that never held still: run it again.
    """
    demand(actor, Action.STOP_DISPATCH)
    now = read_clock()
    fresh = Progress(segments=tuple(Segment(number=each) for each in range(pacing.segments)), started_at=now)
    began = fresh if pacing.is_dry else evolutions.begin(evolution.id, segments=pacing.segments, now=now)
    if began.done_at is not None:
        return began
    worker = _Worker(evolution, pacing, segments=len(began.segments), tell=tell)
    with ThreadPoolExecutor(max_workers=len(began.segments)) as pool:
        try:
            ended = replace(began, segments=tuple(pool.map(worker.work_through, began.segments)))
        except BaseException:
            # Whoever pressed Ctrl-C waits for one page, not for the table.
            worker.stop()
            raise
    if pacing.is_dry:
        return ended
    now = read_clock()
    changed = sum(segment.changed for segment in ended.segments)
    record = AuditRecord(
        actor=actor.recorded_as,
        action="table.evolve",
        target=f"evolution:{evolution.id}",
        at=now,
        facts={"changed": changed},
    )
    audited(record, evolutions.finish(evolution.id, changed=changed, now=now))
    return replace(ended, done_at=now)


class _Worker:
    """Works through segments, several at once; one that fails stops the others at their next page."""

    def __init__(self, evolution: Evolution, pacing: Pacing, *, segments: int, tell: Callable[[Segment], None]) -> None:
        self._evolution = evolution
        self._pacing = pacing
        self._segments = segments
        self._tell = tell
        self._pace = _Pace(pacing.units)
        self._is_over = threading.Event()
        self._telling = threading.Lock()

    def stop(self) -> None:
        """End at the next page."""
        self._is_over.set()

    def work_through(self, segment: Segment) -> Segment:
        try:
            while not segment.is_done and not self._is_over.is_set():
                segment = self._next_page(segment)
        except BaseException:
            self.stop()
            raise
        return segment

    def _next_page(self, segment: Segment) -> Segment:
        # nosemgrep: table-is-never-scanned - an operator changes every row of a kind, with rights of their own
        page = evolutions.scan(self._evolution, segment, segments=self._segments, limit=self._pacing.page)
        self._pace.spend(page.units)
        changed = 0
        for row in page.rows:
            was_changed, units = evolutions.evolve_row(self._evolution, row, is_dry=self._pacing.is_dry)
            changed += was_changed
            self._pace.spend(units)
        segment = replace(
            segment,
            last_key=page.last_key,
            seen=segment.seen + len(page.rows),
            changed=segment.changed + changed,
            is_done=page.last_key is None,
        )
        if not self._pacing.is_dry:
            evolutions.note(self._evolution.id, segment)
        with self._telling:
            self._tell(segment)
        return segment


class _Pace:
    """Lets so many capacity units a second through, for all threads together."""

    def __init__(self, units: float) -> None:
        self._units = units
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def spend(self, units: float) -> None:
        """Wait until what was spent fits the rate."""
        with self._lock:
            moment = time.monotonic()
            self._free_at = max(self._free_at, moment) + units / self._units
            wait = self._free_at - moment
        # A short debt is carried over: sleeping for every row would cost more than it saves.
        if wait > 0.05:
            time.sleep(wait)
