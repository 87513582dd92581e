"""What becomes of a message when platforms misbehave, people change their minds and time passes."""

from datetime import timedelta

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.draft import UNSET, CancelVerdict, Changes, Draft, Resolution
from publishing.domain.errors import ConflictError, InvalidError
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.domain.permissions import SYSTEM
from publishing.domain.schedule import Due, due_now
from publishing.services.halting import set_stop_switch
from publishing.services.scheduling import create_message, edit_message, schedule_message
from publishing.services.settling import cancel_message, resolve_delivery, retry_delivery
from publishing.store.accounts import get_account
from tests.clock import Clock
from tests.system import System

S = DeliveryState
M = MessageStatus


def only(found: MessageWithDeliveries) -> Delivery:
    (delivery,) = found.deliveries
    return delivery


def schedule(system: System, clock: Clock, *accounts: Account, hours: float = 1) -> str:
    """Create a message that is due in some hours."""
    due = Due(at=clock.now() + timedelta(hours=hours))
    draft = Draft(text="Soon", account_ids=tuple(account.id for account in accounts), due=due)
    return create_message(actor=system.actor, draft=draft, now=clock.now(), context=system.context).message.id


class TestDoubt:
    def test_is_settled_by_the_key_where_the_platform_has_one(self, system: System, clock: Clock):
        system.misbehave("mastodon", "accept_and_hang_up", count=1)
        message_id = system.publish(system.connect("mastodon", "toots")).message.id

        system.settle(ticks=1)
        doubted = only(system.read(message_id))
        clock.move(seconds=31)
        system.settle()

        assert doubted.state is S.UNKNOWN
        assert doubted.maybe_sent
        assert only(system.read(message_id)).state is S.PUBLISHED
        assert system.read(message_id).message.status is M.PUBLISHED
        assert len(system.posts()) == 1

    def test_is_settled_by_looking_where_a_server_ignores_keys(self, system: System, clock: Clock):
        system.misbehave("mastodon", "accept_and_hang_up", count=1)
        account = system.connect("mastodon", "toots", settings={"honors_key": "no"})
        message_id = system.publish(account).message.id

        system.settle(ticks=1)
        clock.move(seconds=121)
        system.settle(ticks=1)

        assert system.read(message_id).message.status is M.PUBLISHED
        assert len(system.posts()) == 1

    @pytest.mark.parametrize("fault", ["accept_and_hang_up", "hang_up_before", "server_error_after"])
    def test_about_a_webhook_is_left_to_a_person_after_settling(
        self, system: System, clock: Clock, fault: str, capsys: pytest.CaptureFixture[str]
    ):
        system.misbehave("webhook", fault, count=1)
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id

        system.settle(ticks=1)
        clock.move(seconds=30)
        system.settle(ticks=1)
        before_settling = only(system.read(message_id)).state
        clock.move(seconds=91)
        system.settle(ticks=1)

        assert before_settling is S.UNKNOWN
        assert only(system.read(message_id)).state is S.UNCONFIRMED
        # The alarm counts this line.
        assert capsys.readouterr().err.count('"event":"delivery.unconfirmed"') == 1
        assert system.read(message_id).message.status is M.NEEDS_ATTENTION
        assert len(system.posts()) <= 1

    @pytest.mark.parametrize(
        ("is_there", "state", "status"), [(True, S.PUBLISHED, M.PUBLISHED), (False, S.FAILED, M.FAILED)]
    )
    def test_ends_as_a_person_says(
        self, system: System, clock: Clock, is_there: bool, state: DeliveryState, status: MessageStatus
    ):
        system.misbehave("webhook", "accept_and_hang_up", count=1)
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.settle(ticks=1)
        clock.move(seconds=121)
        system.settle(ticks=1)

        resolution = Resolution(published=is_there)
        resolved = resolve_delivery(
            actor=system.actor, message_id=message_id, delivery_id="webhook", resolution=resolution, now=clock.now(),
            context=system.context,
        )  # fmt: skip

        assert resolved.message.status is status
        assert system.read(message_id).message.status is status
        assert only(system.read(message_id)).state is state

    def test_survives_a_cancel_and_says_that_it_was_published(self, system: System, clock: Clock):
        system.misbehave("mastodon", "accept_and_hang_up", count=1)
        message_id = system.publish(system.connect("mastodon", "toots")).message.id
        system.settle(ticks=1)

        cancelled = cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)
        clock.move(seconds=121)
        system.settle()

        assert cancelled.verdicts == {"mastodon": CancelVerdict.CHECKING}
        assert system.read(message_id).message.status is M.PUBLISHED
        assert len(system.posts()) == 1


class TestARefusal:
    def test_with_a_time_is_not_asked_again_before_it(self, system: System, clock: Clock):
        system.misbehave("webhook", "rate_limited", count=1, retry_after=120)
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id

        system.settle(ticks=1)
        waiting = only(system.read(message_id))
        clock.move(seconds=50)
        system.settle(ticks=1)
        early = only(system.read(message_id))
        clock.move(seconds=80)
        system.settle(ticks=1)

        assert waiting.state is S.RETRY
        assert waiting.next_at is not None
        assert waiting.next_at >= clock.now() - timedelta(seconds=60)
        assert early.claims == 1
        assert only(system.read(message_id)).state is S.PUBLISHED

    def test_of_the_credential_parks_the_delivery_until_it_works_again(self, system: System, clock: Clock):
        account = system.connect("webhook", "newsroom")
        system.misbehave("webhook", "expired_credential")
        message_id = system.publish(account).message.id

        system.settle(ticks=1)
        parked, told = only(system.read(message_id)), get_account(account.id)
        system.behave()
        clock.move(minutes=16)
        system.settle(ticks=1)

        assert parked.state is S.RETRY
        assert parked.parked_since is not None
        assert (parked.attempts, parked.waits) == (0, 1)
        assert told.status is AccountStatus.NEEDS_REAUTH
        assert system.read(message_id).message.status is M.PUBLISHED
        assert get_account(account.id).status is AccountStatus.OK

    def test_for_good_fails_that_delivery_and_a_retry_starts_it_alone(self, system: System, clock: Clock):
        refused, taken = system.connect("webhook", "newsroom"), system.connect("mastodon", "toots")
        system.misbehave("webhook", "not_found", count=1)
        message_id = system.publish(refused, taken).message.id
        system.settle(ticks=1)
        partly = system.read(message_id)

        retry_delivery(
            actor=system.actor, message_id=message_id, delivery_id="webhook", now=clock.now(), context=system.context
        )
        system.settle(ticks=1)

        assert partly.message.status is M.PARTLY_PUBLISHED
        assert system.read(message_id).message.status is M.PUBLISHED
        assert sorted(post["channel"] for post in system.posts()) == ["mastodon", "webhook"]


class TestACancel:
    def test_before_dispatch_leaves_nothing_to_publish(self, system: System, clock: Clock):
        message_id = schedule(system, clock, system.connect("webhook", "newsroom"))

        cancelled = cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)
        clock.move(hours=2)
        system.settle()

        assert cancelled.verdicts == {"webhook": CancelVerdict.CANCELLED}
        assert system.read(message_id).message.status is M.CANCELLED
        assert system.posts() == []

    def test_wins_against_a_hint_that_is_on_its_way(self, system: System, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.tick()

        cancelled = cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)
        system.work()

        assert cancelled.verdicts == {"webhook": CancelVerdict.CANCELLED}
        assert system.read(message_id).message.status is M.CANCELLED
        assert system.posts() == []

    def test_after_publishing_is_refused(self, system: System, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.settle(ticks=1)

        with pytest.raises(ConflictError, match="published"):
            cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)

    def test_can_be_taken_back_in_a_new_generation_that_old_hints_do_not_touch(self, system: System, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        system.tick()
        old = list(system.stream)
        cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)
        due = Due(at=clock.now() + timedelta(hours=1))
        schedule_message(actor=system.actor, message_id=message_id, due=due, now=clock.now(), context=system.context)

        system.handle(old)
        untouched = system.posts()
        system.stream.clear()
        clock.move(minutes=61)
        system.settle(ticks=1)

        assert untouched == []
        assert only(system.read(message_id)).gen == 2
        assert len(system.posts()) == 1

    def test_of_what_was_scheduled_again_still_says_what_is_published(self, system: System, clock: Clock):
        refused, taken = system.connect("webhook", "newsroom"), system.connect("mastodon", "toots")
        system.misbehave("webhook", "not_found", count=1)
        message_id = system.publish(refused, taken).message.id
        system.settle(ticks=1)
        due = Due(at=clock.now() + timedelta(hours=1))
        schedule_message(actor=system.actor, message_id=message_id, due=due, now=clock.now(), context=system.context)

        cancelled = cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)

        assert cancelled.verdicts == {"webhook": CancelVerdict.CANCELLED, "mastodon": CancelVerdict.TOO_LATE}
        assert system.read(message_id).message.status is M.PARTLY_PUBLISHED

    def test_then_a_retry_is_due_at_once(self, system: System, clock: Clock):
        message_id = schedule(system, clock, system.connect("webhook", "newsroom"), hours=24)
        cancel_message(actor=system.actor, message_id=message_id, now=clock.now(), context=system.context)

        retried = retry_delivery(
            actor=system.actor, message_id=message_id, delivery_id="webhook", now=clock.now(), context=system.context
        )
        system.settle(ticks=1)

        due_at = retried.deliveries[0].due_at
        assert due_at is not None
        assert due_at <= clock.now()
        assert system.read(message_id).message.status is M.PUBLISHED


class TestAnEdit:
    def test_is_possible_up_to_dispatch_and_refused_from_then_on(self, system: System, clock: Clock):
        message_id = schedule(system, clock, system.connect("webhook", "newsroom"))
        clock.move(minutes=59)
        self.edit(system, clock, message_id, text="Changed in time")
        clock.move(minutes=2)
        system.tick()

        with pytest.raises(ConflictError, match="publishing"):
            self.edit(system, clock, message_id, text="Changed too late")
        system.work()

        assert [post["text"] for post in system.posts()] == ["Changed in time"]

    def test_that_replaces_the_account_publishes_to_the_new_one_only(self, system: System, clock: Clock):
        former, present = system.connect("webhook", "former"), system.connect("webhook", "present")
        message_id = schedule(system, clock, former)

        self.edit(system, clock, message_id, account_ids=(present.id,))
        clock.move(minutes=61)
        system.settle(ticks=1)

        assert [post["account"] for post in system.posts()] == ["present"]
        assert only(system.read(message_id)).account_id == present.id

    @staticmethod
    def edit(
        system: System, clock: Clock, message_id: str, *, text: str | None = None, account_ids: tuple[str, ...] = ()
    ) -> None:
        changes = Changes(text=text or UNSET, account_ids=account_ids or UNSET)
        edit_message(
            actor=system.actor, message_id=message_id, changes=changes, rev=None, now=clock.now(),
            context=system.context,
        )  # fmt: skip


class TestTheStopSwitch:
    def test_halts_dispatch_and_what_is_on_the_stream_until_it_is_lifted(self, system: System, clock: Clock):
        account = system.connect("webhook", "newsroom")
        dispatched = system.publish(account).message.id
        system.tick()
        waiting = system.publish(account).message.id

        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())
        system.settle(ticks=2)
        halted = system.posts()
        set_stop_switch(actor=SYSTEM, is_on=False, now=clock.now())
        clock.move(seconds=91)
        system.settle(ticks=1)

        assert halted == []
        assert {system.read(each).message.status for each in (dispatched, waiting)} == {M.PUBLISHED}
        assert len(system.posts()) == 2

    def test_leaves_what_becomes_due_scheduled_so_that_it_can_still_be_changed(self, system: System, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id

        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())
        report = system.tick()

        assert report["dispatched"] == 0
        assert system.read(message_id).message.status is M.SCHEDULED

    def test_lifted_too_late_asks_for_attention_instead_of_publishing(self, system: System, clock: Clock):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())
        system.settle(ticks=1)

        clock.move(hours=6, seconds=1)
        set_stop_switch(actor=SYSTEM, is_on=False, now=clock.now())
        system.settle(ticks=1)

        assert system.read(message_id).message.status is M.NEEDS_ATTENTION
        assert only(system.read(message_id)).state is S.FAILED
        assert system.posts() == []


class TestReview:
    def test_sends_back_when_it_is_due_what_nobody_approved(
        self, system: System, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        monkeypatch.setenv("OMNIPUB_REVIEW", "true")

        system.settle(ticks=1)

        held = system.read(message_id)
        assert (held.message.status, held.deliveries) == (M.IN_REVIEW, ())
        assert held.message.review is not None
        assert held.message.review.submitted_by == "system"
        assert system.posts() == []


class TestAddressing:
    def test_names_every_account_that_is_wrong_by_its_place(self, system: System, clock: Clock):
        account = system.connect("webhook", "newsroom")
        draft = Draft(text="Hi", account_ids=(account.id, account.id, "01KBCD0000000000000000000Z"))

        with pytest.raises(InvalidError) as refused:
            create_message(actor=system.actor, draft=draft, now=clock.now(), context=system.context)

        pointers = [(problem.pointer, problem.code) for problem in refused.value.problems]
        assert pointers == [("/accounts/1", "doubled"), ("/accounts/2", "unknown_account")]

    def test_takes_fifty_accounts_and_no_more(self, system: System, clock: Clock):
        accounts = [system.connect("webhook", f"hook{number}").id for number in range(50)]
        wanted = Draft(text="Hi", account_ids=(*accounts, "01KBCD0000000000000000000Z"), due=due_now(clock.now()))

        with pytest.raises(InvalidError) as refused:
            create_message(actor=system.actor, draft=wanted, now=clock.now(), context=system.context)
        most = Draft(text="Hi", account_ids=tuple(accounts), due=due_now(clock.now()))
        message_id = create_message(actor=system.actor, draft=most, now=clock.now(), context=system.context).message.id
        system.settle(ticks=1)

        assert [problem.pointer for problem in refused.value.problems] == ["/accounts"]
        assert len(system.posts()) == 50
        assert system.read(message_id).message.status is M.PUBLISHED
