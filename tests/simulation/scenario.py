"""One history: messages, people, ticks, workers and faults from one seed; then calm, and everything must have ended."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from publishing.channels.base.contract import Channel
from publishing.domain.account import Account, Hold, SealedCredential
from publishing.domain.decision import due_of
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.events import Deliver
from publishing.domain.feedback import Feedback, FeedbackKind
from publishing.domain.message import MessageStatus, MessageWithDeliveries, build_targets, final_status
from publishing.domain.operations import Applied, CommitDelivery, DeliveryOperation, NotApplied, WriteResult
from publishing.domain.outcome import Publication
from publishing.domain.timing import Timing
from publishing.services import steps
from publishing.services.delivering import Report, Rules, deliver
from publishing.services.dispatching import TickRules, dispatch_slice, tick
from publishing.store.accounts import Lane
from tests.builders import NOW, build_account, build_message
from tests.simulation import people
from tests.simulation.platforms import CHANNELS, HashlessChannel, Platforms, Post
from tests.simulation.table import BrokenError, Table
from tests.simulation.world import NONE, SECOND, Faults, Process, World

S = DeliveryState
TIMING = Timing(
    give_up=timedelta(hours=1), late=timedelta(hours=1), unsettled=timedelta(minutes=10), park=timedelta(minutes=30),
    park_again=timedelta(minutes=2), backoff_late=timedelta(minutes=5), backoff_phase=timedelta(minutes=20),
)  # fmt: skip
#: Faults stop after this long; everything must have ended by the other.
CALM, OVER = timedelta(minutes=15), timedelta(hours=3)
MESSAGES = 4


class Scenario:
    """A seed's world."""

    def __init__(self, seed: int, *, faults: Faults, timing: Timing, mutants: frozenset[str]) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.timing, self.mutants = timing, mutants
        self.world = World(random=self.random, faults=faults)
        self.table = Table(self.random, self._lag, mutants)
        self.platforms = Platforms(self.world, self._on_post)
        self.accounts = {kind: build_account(id=f"account-{kind}", channel=kind) for kind in CHANNELS}
        self.rules = Rules(timing=timing, random=self.random, get_channel=self._channel)
        self.tick_rules = TickRules(timing=timing, random=self.random)
        self.acknowledged: set[tuple[str, str, int]] = set()
        self.counted: Counter[tuple[str, str, int]] = Counter()
        #: Posts that came back: they were posted, and nobody has them.
        self.returned: Counter[tuple[str, str, int]] = Counter()
        #: Reports that are still on their way.
        self.unheard = 0
        #: Posts of which the platform surely reported.
        self.reported: set[tuple[str, str, int]] = set()
        self.probes = 0
        #: What platforms asked for, and how often a delivery saw that it should wait.
        self.holds: dict[str, Hold] = {}
        self.held_back = 0

    def _channel(self, kind: str) -> Channel:
        if "resend without a key" in self.mutants:
            return CHANNELS["key"]
        if "probe with another request" in self.mutants and kind == "probed":
            return HashlessChannel()
        return CHANNELS[kind]

    def _lag(self) -> timedelta:
        far = self.random.uniform(1, 40) if self.world.chance("index_lags") else self.random.uniform(0.005, 0.3)
        return far * SECOND

    # --- what happens ---

    def run(self) -> None:
        self._people()
        self._ticks()
        if self.random.random() < 0.3:
            self.world.after(self.random.uniform(60, 800), self._change_style)
        self.world.at(NOW + CALM, self._calm_down)
        self.world.run(NOW + OVER, is_over=self._is_over)
        self._check_end()

    def _calm_down(self) -> None:
        self.world.faults = NONE
        self.world.log("calm")

    def _is_over(self) -> bool:
        if self.world.now < NOW + CALM + timedelta(minutes=5) or self.unheard:
            return False
        return all(message.status.is_final for message in self.table.messages.values())

    def _change_style(self) -> None:
        """Change an account such that the same content makes another request from now on."""
        self.accounts["probed"] = replace(self.accounts["probed"], settings={"style": "new"})

    def _people(self) -> None:
        for number in range(MESSAGES):
            message_id = f"M{number}"
            kinds = self.random.sample(sorted(CHANNELS), self.random.randint(1, 3))
            made = self.random.uniform(0, 200)
            due = NOW + (made + self.random.choice([0, 5, 60, self.random.uniform(1, 400)])) * SECOND
            self.world.after(made, lambda i=message_id, k=kinds, d=due: self._create(i, k, d))  # type: ignore[misc]
            for _ in range(self.random.randint(0, 5)):
                self.world.after(made + self.random.uniform(1, 800), lambda i=message_id: self._act(i))  # type: ignore[misc]

    def _create(self, message_id: str, kinds: list[str], due: datetime) -> None:
        targets = build_targets((f"account-{kind}", kind) for kind in kinds)
        message = build_message(
            id=message_id, status=MessageStatus.SCHEDULED, text=f"{message_id} as of 1", targets=targets,
            scheduled_at=due, created_at=self.world.now, updated_at=self.world.now,
        )  # fmt: skip
        for target in targets:
            delivery = Delivery(
                message_id=message_id, id=target.delivery_id, channel=target.channel, account_id=target.account_id
            )
            self.table.put_delivery(delivery, self.world.now)
        self.table.put_message(message, ("scheduled", due), self.world.now)
        self._wake()

    def _act(self, message_id: str) -> None:
        now, table = self.world.now, self.table
        after = self.random.uniform(0, 120) * SECOND
        target = self.random.choice(table.messages[message_id].targets)
        request: steps.Steps[None] = self.random.choice([
            lambda: people.cancel(message_id, table, now, self.acknowledged),
            lambda: people.cancel(message_id, table, now, self.acknowledged),
            lambda: people.edit(message_id, table, now),
            lambda: people.move(message_id, table, now, now + after),
            lambda: people.start_anew(message_id, table, now, after),
            lambda: people.start_anew(message_id, table, now, after),
            lambda: people.retry(message_id, target.delivery_id, table, now),
        ])()  # fmt: skip
        self.world.spawn(request, self._perform, seconds=29)
        self._wake()

    def _ticks(self) -> None:
        for minute in range(int(OVER / timedelta(minutes=1))):
            self.world.after(60 * minute + self.random.uniform(0, 2), self._tick)

    def _tick(self) -> None:
        if self.world.chance("tick_missed"):
            return
        for _ in range(2 if self.world.chance("tick_doubled") else 1):
            self.world.spawn(tick(rules=self.tick_rules, is_wake=False), self._perform, seconds=60)

    def _wake(self) -> None:
        rules = self.tick_rules
        self.world.after(0.2, lambda: self.world.spawn(tick(rules=rules, is_wake=True), self._perform, seconds=60))

    def _put(self, events: tuple[Deliver, ...]) -> int:
        for event in events:
            copies = 0 if self.world.chance("event_lost") else 2 if self.world.chance("event_doubled") else 1
            for _ in range(copies):
                late = self.random.uniform(0, 80) if self.world.chance("event_late") else self.random.uniform(0, 1)
                self.world.after(late, lambda e=event: self._work(e, tries=2))  # type: ignore[misc]
        return 0

    def _work(self, event: Deliver, *, tries: int) -> None:
        def on_end(is_done: bool, report: Report | None) -> None:
            if tries and (not is_done or (report is not None and not report.is_done)):
                self.world.after(1, lambda: self._work(event, tries=tries - 1))

        seconds = self.random.choice([300, 300, 60, 15])
        self.world.spawn(deliver(event, rules=self.rules), self._perform, seconds=seconds, on_end=on_end)

    # --- steps ---

    def _perform(self, process: Process, step: Any) -> None:  # noqa: C901 - one case a step
        world, table = self.world, self.table
        match step:
            case steps.ReadClock():
                left = process.deadline - world.now - 2 * SECOND
                world.resume(process, steps.Reading(now=world.now, remaining=left))
            case steps.Sleep(duration=duration):
                world.answer(process, duration / SECOND)
            case steps.Prepare():
                self.platforms.prepare(process, step)
            case steps.Publish():
                self.platforms.publish(process, step)
            case steps.LookUpPublication():
                self.platforms.look_up(process, step)
            case steps.OpenCredential():
                world.answer(process, 0.001, "secret")
            case steps.NoteCredential():
                world.answer(process, 0.001)
            case steps.CallScheduler(message_ids=ids):
                rules = self.tick_rules
                called = dispatch_slice(ids, rules=rules) if ids else tick(rules=rules, is_wake=True)
                world.after(0.1, lambda: world.spawn(called, self._perform, seconds=60))
                world.answer(process, 0.05, answer=True)
            case _:
                world.write(process, lambda: self._carry_out(step, table))

    def _carry_out(self, step: Any, table: Table) -> Any:  # noqa: C901 - one case a step
        match step:
            case steps.ReadMessage(message_id=message_id):
                return self._as_seen(table.read(message_id))
            case steps.ReadLane(account_id=account_id):
                account: Account = self.accounts[account_id.removeprefix("account-")]
                hold = self.holds.get(account_id)
                self.held_back += hold is not None and hold.until > self.world.now
                return Lane(account=account, credential=SEALED, is_stopped=False, hold=hold)
            case steps.HoldAccount(account_id=account_id, hold=hold):
                held = self.holds.get(account_id)
                self.holds[account_id] = hold if held is None or held.until < hold.until else held
                return None
            case steps.Apply(operation=operation):
                result = table.apply(operation)
                self._check_probe(operation, result)
                self.world.log(
                    type(operation).__name__, operation.message_id, operation.delivery_id, type(result).__name__
                )
                if "commit ignored" in self.mutants and isinstance(operation, CommitDelivery):
                    return _as_applied(result)
                return result
            case steps.ListPublishedIds(delivery=delivery):
                return table.list_published_ids(delivery)
            case steps.Finalise(operation=operation):
                return table.finalise(operation)
            case steps.ListTimers(until=until):
                return table.list_timers(self.world.now, until)
            case steps.IsStopped():
                return False
            case steps.KickScheduled():
                return table.kick_scheduled(step)
            case steps.KickWatchdog():
                return table.kick_watchdog(step)
            case steps.KickWaiting():
                return table.kick_waiting(step)
            case steps.PutEvents(events=events):
                return self._put(events)
            case _:
                raise TypeError(type(step).__name__)

    def _as_seen(self, found: MessageWithDeliveries | None) -> MessageWithDeliveries | None:
        """Return what is read. A mutant does not see that a message with a probe before it is cancelling."""
        if found is None or "probe ignores cancel" not in self.mutants:
            return found
        may_probe = any(
            each.channel == "probed" and each.state is S.RETRY and each.maybe_sent for each in found.deliveries
        )
        is_unseen = may_probe and found.message.status is MessageStatus.CANCELLING
        return replace(found, message=replace(found.message, status=MessageStatus.PUBLISHING)) if is_unseen else found

    # --- what must hold ---

    def _on_post(self, post: Post) -> None:
        message, delivery = self._of(post.key)
        what = (message.id, delivery.id, delivery.gen)
        self.world.log("POST", *what)
        self.counted[what] += 1
        if self.world.now < due_of(message, delivery):
            raise BrokenError(f"I1: posted before it was due: {what}")
        if delivery.state is S.CANCELLED or what in self.acknowledged:
            raise BrokenError(f"I2: posted after it was cancelled: {what}")
        if self.counted[what] > 1:
            raise BrokenError(f"I3: posted twice: {what}")
        if post.text != message.text:
            raise BrokenError(f"I4: posted another text than the stored one: {what}")
        if delivery.channel == "none":
            self._report(post, delivery)

    def _report(self, post: Post, delivery: Delivery) -> None:
        """The platform that cannot be asked reports by itself: late, out of order, or not at all."""
        what = (delivery.message_id, delivery.id, delivery.gen)
        has_bounced = self.world.chance("bounced")
        self.returned[what] += has_bounced
        for kind in (FeedbackKind.SENT, FeedbackKind.BOUNCED if has_bounced else FeedbackKind.DELIVERED):
            if self.world.chance("feedback_lost"):
                continue
            self.reported.add(what)
            feedback = Feedback(
                id=f"{post.id}-{kind}", kind=kind, message_id=delivery.message_id, delivery_key=post.key,
                at=self.world.now, publication=Publication(id=post.id), detail="reported",
            )  # fmt: skip
            self.unheard += 1
            late = self.random.uniform(0.1, 10) if self.random.random() < 0.5 else self.random.uniform(10, 900)
            self.world.after(late, lambda f=feedback: self._hear(f))  # type: ignore[misc]

    def _hear(self, feedback: Feedback) -> None:
        def on_end(is_done: bool, _: Any) -> None:
            if is_done:
                self.unheard -= 1
            else:
                self.world.after(20, lambda: self._hear(feedback))

        steps_of = people.hear(feedback, self.world.now)
        self.world.spawn(steps_of, self._perform, seconds=29, on_end=on_end)

    def _check_probe(self, operation: DeliveryOperation, result: WriteResult) -> None:
        if not isinstance(operation, CommitDelivery) or not operation.is_probe or isinstance(result, NotApplied):
            return
        self.probes += 1
        if self.table.messages[operation.message_id].status is not MessageStatus.PUBLISHING:
            raise BrokenError(f"I2: repeated after a cancel: {operation.message_id}/{operation.delivery_id}")

    def _of(self, key: str) -> tuple[Any, Delivery]:
        for delivery in self.table.deliveries.values():
            if delivery.key == key:
                return self.table.messages[delivery.message_id], delivery
        raise BrokenError("I2: posted for a generation that is over")

    def _check_end(self) -> None:
        for message in self.table.messages.values():
            found = self.table.read(message.id)
            assert found is not None
            if not message.status.is_final:
                raise BrokenError(f"I6: {message.id} is {message.status} at the end")
            if final_status(found.deliveries) is not message.status:
                raise BrokenError(f"I9: {message.id} is {message.status}, which does not follow from its deliveries")
            for delivery in found.deliveries:
                self._check_ended(delivery)

    def _check_ended(self, delivery: Delivery) -> None:
        what = (delivery.message_id, delivery.id, delivery.gen)
        # What came back was published when the platform said so first, and failed when doubt was settled by it.
        posts = self.counted[what] - (self.returned[what] if delivery.state is S.FAILED else 0)
        expected = {S.PUBLISHED: {1}, S.FAILED: {0}, S.CANCELLED: {0}, S.UNCONFIRMED: {0, 1}}[delivery.state]
        if posts not in expected:
            raise BrokenError(f"I5: {delivery.message_id}/{delivery.id} is {delivery.state} with {posts} posts")
        if delivery.state is S.UNCONFIRMED and CHANNELS[delivery.channel].capabilities.can_look_up:
            raise BrokenError(f"I5: {delivery.message_id}/{delivery.id} could have been looked up")
        if delivery.state is S.UNCONFIRMED and what in self.reported:
            raise BrokenError(f"I5: {delivery.message_id}/{delivery.id} was reported by its platform")
        if delivery.publication is not None and self._key_of(delivery.publication.id) != delivery.key:
            raise BrokenError(f"I5: {delivery.message_id}/{delivery.id} has another delivery's publication")

    def _key_of(self, post_id: str) -> str:
        return next(post.key for post in self.platforms.posts if post.id == post_id)


def _as_applied(result: WriteResult) -> WriteResult:
    """A mutant: a lost commit mark counts as set."""
    return Applied(delivery=result.delivery) if isinstance(result, NotApplied) else result


SEALED = SealedCredential(account_id="every", version=1, ciphertext=b"", nonce=b"", data_key=b"")


def run(seed: int, *, faults: Faults, timing: Timing = TIMING, mutants: frozenset[str] = frozenset()) -> Scenario:
    """Run one history; a broken invariant names the seed."""
    scenario = Scenario(seed, faults=faults, timing=timing, mutants=mutants)
    try:
        scenario.run()
    except BrokenError as error:
        tail = "\n".join(scenario.world.trace[-60:])
        raise BrokenError(f"seed {seed}: {error}\n{tail}") from error
    return scenario
