"""Platforms: of keys, of containers, to be searched, two that refuse a double, and one that offers nothing.

Of the two that refuse, one can be searched and does not name what it has; the other names it and shows nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from publishing.channels.base.capabilities import Capabilities, Deduplication
from publishing.channels.base.contract import Channel, Payload, Prepared, Submission, Trace
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.outcome import (
    Absent,
    Deferred,
    Finding,
    Found,
    LookupFailed,
    Outcome,
    Publication,
    Published,
    Reason,
    Rejected,
    Undecidable,
    Unknown,
)
from publishing.http import Courier
from publishing.services.steps import LookUpPublication, Prepare, Publish
from tests.simulation.table import BrokenError
from tests.simulation.world import SECOND, Process, World

REMEMBERED = timedelta(hours=1)
#: Of two identical requests that come closer together than this, both can pass.
BLIND = timedelta(seconds=3)


class SimulatedChannel(Channel):
    """Builds payloads; its calls are steps that the simulation carries out."""

    def measure(self, content: Content) -> int:
        return len(content.text)

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        return ()

    def build(self, submission: Submission, account: Account) -> Payload:
        body = {"text": submission.content.text, "style": account.settings.get("style", "")}
        return Payload(text=submission.content.text, body=body, delivery_key=submission.delivery_key)

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        raise NotImplementedError

    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        raise NotImplementedError


class KeyChannel(SimulatedChannel):
    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="key", name="Key", deduplication=Deduplication.KEY, key_window=0.9 * REMEMBERED, can_look_up=True
    )


class ContentChannel(SimulatedChannel):
    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="content", name="Content", deduplication=Deduplication.CONTENT, can_look_up=True
    )


class HandleChannel(SimulatedChannel):
    """Wants two uploads and a container of them before it publishes; the container can be found by its handle."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="handle", name="Handle", deduplication=Deduplication.HANDLE, can_look_up=True
    )

    def needs_preparing(self, payload: Payload) -> bool:
        return True


class RefusingChannel(SimulatedChannel):
    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="refusing", name="Refusing", deduplication=Deduplication.CONTENT, can_look_up=True
    )


class ProbedChannel(SimulatedChannel):
    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="probed", name="Probed", deduplication=Deduplication.CONTENT
    )

    def probes(self, account: Account) -> bool:
        return True


class HashlessPayload(Payload):
    def sha(self) -> str:
        return "always the same"


class HashlessChannel(ProbedChannel):
    """A mutant: it takes any request for identical to any other."""

    def build(self, submission: Submission, account: Account) -> Payload:
        payload = super().build(submission, account)
        return HashlessPayload(text=payload.text, body=payload.body, delivery_key=payload.delivery_key)


class SilentChannel(SimulatedChannel):
    capabilities: ClassVar[Capabilities] = Capabilities(kind="none", name="None", deduplication=Deduplication.NONE)


CHANNELS: dict[str, Channel] = {
    "key": KeyChannel(), "content": ContentChannel(), "handle": HandleChannel(), "refusing": RefusingChannel(),
    "probed": ProbedChannel(), "none": SilentChannel(),
}  # fmt: skip
REFUSING = frozenset({"refusing", "probed"})
#: What is in place after each step of preparing.
STAGES: tuple[str | None, ...] = (None, "one upload", "two uploads", "container")


@dataclass(frozen=True, kw_only=True)
class Post:
    """What exists out there."""

    id: str
    key: str
    text: str
    at: datetime
    kind: str
    sha: str


class Platforms:
    """All of them. `on_post` sees every post at the moment it begins to exist."""

    def __init__(self, world: World, on_post: Callable[[Post], None]) -> None:
        self.world = world
        self.on_post = on_post
        self.posts: list[Post] = []
        self.keys: dict[str, Post] = {}
        self.uploads: Counter[str] = Counter()
        #: Requests that a platform got and will carry out no earlier than when the next one like it comes.
        self.held: dict[str, Publish] = {}
        self.taken: Counter[str] = Counter()
        self.named = 0

    def prepare(self, process: Process, step: Prepare) -> None:
        """Take one more upload, or make the container of those that are there."""
        world = self.world
        duration = world.random.uniform(0.1, 2) if world.random.random() < 0.9 else world.random.uniform(2, 14.5)
        refusal = self._refusal()
        if world.chance("kill"):
            world.log("killed while preparing")
            world.end(process, is_done=False)
            return
        stage = min(STAGES.index(step.payload.handle) + 1, len(STAGES) - 1)
        self.uploads[step.payload.delivery_key] += 1
        done = Prepared(handle=str(STAGES[stage]), is_complete=stage == len(STAGES) - 1)
        world.answer(process, duration, refusal or done)

    def publish(self, process: Process, step: Publish) -> None:
        """Take a request, as it goes when things go wrong; the process hears of it, or dies meanwhile."""
        world = self.world
        if step.kind == "handle" and step.payload.handle != STAGES[-1]:
            raise BrokenError(f"I7: published without its container: {step.payload.delivery_key}")
        duration = world.random.uniform(0.1, 2) if world.random.random() < 0.9 else world.random.uniform(2, 14.5)
        refusal = self._refusal()
        if refusal is not None:
            world.answer(process, duration, refusal)
            return
        self._take(step)
        is_held = step.kind in REFUSING and world.chance("held")
        if is_held:
            self.held.setdefault(step.payload.delivery_key, step)
        is_lost = is_held or world.chance("doubt_before")
        remembered = self._remembered(step)
        applied_after = world.random.uniform(0, duration)
        is_doubtful = is_lost or world.chance("doubt_after")
        if is_doubtful and step.kind != "key" and world.random.random() < 0.3:
            # A server may go on long after its client hung up: the protocol assumes no longer than `settle`.
            applied_after = world.random.uniform(0, 100)
        twin = self._twin(step)
        seen: list[Outcome] = [_published(remembered)] if remembered else [self._refuse(twin)] if twin else []
        if not is_lost and not seen:
            world.after(applied_after, lambda: seen.append(_published(self._create(step))))
        if world.chance("kill"):
            world.log("killed in its call")
            world.end(process, is_done=False)
            return
        world.after(duration, lambda: self._answer(process, seen, is_doubtful=is_doubtful))

    def look_up(self, process: Process, step: LookUpPublication) -> None:
        world = self.world
        if world.chance("look_up_fails"):
            failed = LookupFailed(reason=Reason.UNAVAILABLE, detail="away")
            world.answer(process, world.random.uniform(0.1, 2), failed)
            return
        world.after(world.random.uniform(0.1, 1), lambda: world.resume(process, self._find(step)))

    def _refusal(self) -> Outcome | None:
        world = self.world
        if world.chance("rate"):
            later = world.now + world.random.uniform(5, 60) * SECOND
            return Deferred(reason=Reason.RATE, detail="wait", not_before=later)
        if world.chance("credential"):
            return Deferred(reason=Reason.CREDENTIAL, detail="expired")
        if world.chance("refused"):
            return Deferred(reason=Reason.UNAVAILABLE, detail="no connection")
        return Rejected(reason=Reason.CONTENT, detail="no") if world.chance("rejected") else None

    def _remembered(self, step: Publish) -> Post | None:
        post = self.keys.get(step.payload.delivery_key)
        return post if step.kind == "key" and post is not None and self.world.now - post.at < REMEMBERED else None

    def _take(self, step: Publish) -> None:
        """Count a request that is not turned away, and carry out one like it that was held until now."""
        key = step.payload.delivery_key
        self.taken[key] += 1
        if step.kind == "probed" and self.taken[key] > 2:
            raise BrokenError("I3: repeated more than once")
        held = self.held.pop(key, None)
        if held is not None and self._twin(held) is None:
            self.world.log("held until now")
            self._create(held, at=self.world.now - BLIND)

    def _twin(self, step: Publish) -> Post | None:
        """Return the post that a platform refuses an identical one for."""
        if step.kind not in REFUSING:
            return None
        wanted, until = (step.kind, Payload.sha(step.payload)), self.world.now - BLIND
        return next((post for post in self.posts if (post.kind, post.sha) == wanted and post.at <= until), None)

    def _refuse(self, twin: Post) -> Outcome:
        named = Publication(id=twin.id) if twin.kind == "probed" else None
        self.named += named is not None
        return Rejected(reason=Reason.DUPLICATE, detail="there already", publication=named)

    def _create(self, step: Publish, *, at: datetime | None = None) -> Post:
        key = step.payload.delivery_key
        post = Post(
            id=f"post-{len(self.posts)}", key=key, text=step.payload.text, at=at or self.world.now, kind=step.kind,
            sha=Payload.sha(step.payload),
        )  # fmt: skip
        self.posts.append(post)
        self.keys[key] = post
        self.on_post(post)
        return post

    def _answer(self, process: Process, seen: list[Outcome], *, is_doubtful: bool) -> None:
        lost = Unknown(reason=Reason.LOST_SIGHT, detail="lost")
        self.world.resume(process, lost if is_doubtful or not seen else seen[0])

    def _find(self, step: LookUpPublication) -> Finding:
        if step.kind == "none":
            return Undecidable(detail="nobody can look")
        key = step.trace.payload.delivery_key
        for post in self.posts:
            if post.key == key and post.at >= step.trace.first_commit_at:
                return Found(publication=Publication(id=post.id))
        return Absent()


def _published(post: Post) -> Outcome:
    return Published(publication=Publication(id=post.id))
