"""What people do during a chaos run: write messages, cancel some and edit others, at random moments, over the API."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from local.api import Client, NoAnswerError, RefusedError
from local.chaos.settings import Settings

log = logging.getLogger(__name__)

_THREADS: Final = 6
_TRIES: Final = 6
#: Nothing is due before this many seconds, so that the first messages can be written at all.
_FIRST_DUE: Final = 5.0
#: One message in so many shows a picture.
_PICTURE_EVERY: Final = 3


@dataclass(slots=True, kw_only=True)
class Track:
    """One message: what is planned for it, and what the API said."""

    number: int
    #: Seconds after the start.
    create_at: float
    due_at: float
    cancel_at: float | None = None
    edit_at: float | None = None
    shows_picture: bool = False
    id: str = ""
    due: datetime | None = None
    #: The text that the API last acknowledged.
    text: str = ""
    #: Whether an edit's answer was lost, so that either text may be the message's.
    text_is_unsure: bool = False
    #: Deliveries that the API answered to be cancelled, with the time of the answer.
    cancelled: dict[str, datetime] = field(default_factory=dict)
    has_cancel: bool = False
    #: What a request was refused with in the end, where that is no part of the plan.
    trouble: str = ""
    created: threading.Event = field(default_factory=threading.Event)


def plan(settings: Settings, random: Random) -> tuple[Track, ...]:
    """Return the messages of a run, by the time at which they are written; the same for the same seed."""
    tracks = []
    for number in range(settings.messages):
        due = random.uniform(min(_FIRST_DUE, settings.seconds / 2), settings.seconds)
        create = max(due - random.uniform(2.0, 40.0), 0.0)
        tracks.append(Track(number=number, create_at=create, due_at=due, shows_picture=number % _PICTURE_EVERY == 0))
    chosen = random.sample(tracks, settings.cancels + settings.edits)
    for track in chosen[: settings.cancels]:
        track.cancel_at = random.uniform(track.create_at + 0.5, track.due_at + 8.0)
    for track in chosen[settings.cancels :]:
        track.edit_at = track.due_at + random.uniform(-2.0, 1.5)
    return tuple(sorted(tracks, key=lambda track: track.create_at))


def text_of(number: int, version: int) -> str:
    """Return a message's text: its number is in it, so that posts are told apart without any key."""
    return f"Chaos m{number:05d} version {version}"


def number_of(text: str) -> int | None:
    """Return the number of the message that a post's text is of."""
    words = text.split()
    return int(words[1][1:]) if len(words) == 4 and words[0] == "Chaos" else None


@dataclass(slots=True, kw_only=True)
class Load:
    """Carries the plan out."""

    api: Client
    accounts: Sequence[str]
    #: Those of them that take images, and the one that some messages show.
    showing: Sequence[str]
    picture: str
    tracks: Sequence[Track]
    started_at: datetime
    edits_accepted: int = 0
    edits_refused: int = 0
    cancels_refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, *, stop: threading.Event) -> None:
        """Do everything at its time; return when all is answered, or at once when told to stop."""
        steps: list[tuple[float, Callable[[Track], None], Track]] = []
        for track in self.tracks:
            steps.append((track.create_at, self._create, track))
            if track.cancel_at is not None:
                steps.append((track.cancel_at, self._cancel, track))
            if track.edit_at is not None:
                steps.append((track.edit_at, self._edit, track))
        begin = time.monotonic()
        with ThreadPoolExecutor(_THREADS, "load") as pool:
            for at, act, track in sorted(steps, key=lambda step: step[0]):
                if stop.wait(max(begin + at - time.monotonic(), 0)):
                    return
                pool.submit(self._guarded, act, track)

    def _guarded(self, act: Callable[[Track], None], track: Track) -> None:
        try:
            act(track)
        except (RefusedError, NoAnswerError) as error:
            track.trouble = f"{act.__name__.strip('_')}: {error}"
        except Exception as error:  # the border of a thread: what broke is part of the report
            log.exception("A step of the load broke.")
            track.trouble = f"{act.__name__.strip('_')} broke: {error!r}"

    def _create(self, track: Track) -> None:
        # In a system under load a message may be written late; it is due in time all the same.
        due = max(self.started_at + timedelta(seconds=track.due_at), datetime.now(UTC))
        text = text_of(track.number, 1)
        body: dict[str, Any] = {"text": text, "accounts": list(self.accounts), "schedule": {"at": due.isoformat()}}
        if track.shows_picture:
            body |= {"accounts": list(self.showing), "media": [{"id": self.picture}]}
        made = _insist(lambda: self.api.post("/api/v1/messages/", body, key=f"chaos-{track.number}"))
        track.text, track.id, track.due = text, made["id"], datetime.fromisoformat(made["scheduled_at"])
        track.created.set()

    def _edit(self, track: Track) -> None:
        if not track.created.wait(30):
            return
        text = text_of(track.number, 2)
        try:
            _insist(
                lambda: self.api.call("PATCH", f"/api/v1/messages/{track.id}/", {"text": text}),
                on_doubt=lambda: setattr(track, "text_is_unsure", True),
            )
        except RefusedError as error:
            if error.status != 409:
                raise
            # Dispatch won: the text is frozen.
            self._count("edits_refused")
            return
        track.text = text
        self._count("edits_accepted")

    def _cancel(self, track: Track) -> None:
        if not track.created.wait(30):
            return
        track.has_cancel = True
        try:
            answer = _insist(lambda: self.api.post(f"/api/v1/messages/{track.id}/cancel/"))
        except RefusedError as error:
            if error.status != 409:
                raise
            self._count("cancels_refused")
            return
        now = datetime.now(UTC)
        for each in answer["verdicts"]:
            if each["verdict"] == "cancelled":
                track.cancelled[each["delivery"]] = now

    def _count(self, what: str) -> None:
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)


def _insist(ask: Callable[[], Any], *, on_doubt: Callable[[], object] = lambda: None) -> Any:  # noqa: ANN401 - JSON
    """Ask again while nothing answers or the answer is that something is out of reach; all these can be repeated."""
    for attempt in range(_TRIES):
        try:
            return ask()
        except (RefusedError, NoAnswerError) as error:
            if isinstance(error, RefusedError) and error.status < 500:
                raise
            on_doubt()
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.2 * (attempt + 1))
    raise AssertionError("unreachable")
