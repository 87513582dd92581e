"""Messages in the table: keys, replacement, kicks, ends and new beginnings."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from publishing.domain.content import MediaUse
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import NotFoundError
from publishing.domain.ids import new_id
from publishing.domain.message import FINAL, Message, MessageStatus, Variant, build_targets
from publishing.domain.outcome import Problem, Publication, Reason
from publishing.domain.review import Decision, Review
from publishing.items.attributes import write_instant
from publishing.store import messages, rows, writes
from publishing.store.deliveries import apply
from publishing.store.errors import ConditionFailedError
from tests.builders import ACCOUNT_ID, MESSAGE_ID, NOW, build_delivery, build_message
from tests.store.rows import (
    MINUTE,
    PROBLEM,
    PUBLICATION,
    SECOND,
    operations,
    put_message_row,
    put_row,
    raw,
    read_message,
    read_row,
)

pytestmark = pytest.mark.usefixtures("table")
S, D = MessageStatus, DeliveryState
UNDER_WAY = {S.PUBLISHING, S.CANCELLING}
FULL = build_message(
    status=S.SCHEDULED,
    title="News",
    link="https://example.org",
    media=(MediaUse(id="m-1", alt_text="A cat"),),
    targets=build_targets([(ACCOUNT_ID, "webhook"), ("another", "webhook")]),
    variants={"webhook": Variant(text="Hooked")},
    zone="Europe/Berlin",
    wall_time="2026-12-01T09:00:00",
    gen=2,
    rev=3,
    approved_rev=3,
    review=Review(
        submitted_by="editor-1",
        submitted_at=NOW,
        decided_by="boss",
        decided_at=NOW,
        decision=Decision.APPROVED,
        comment="Go.",
    ),
    edited_by="editor-2",
    problem=Problem(code="rejected", detail="Too long.", retryable=True),
    series_id="series-1",
    kick="the-kick",
)


def timer(message: Message) -> tuple[str, str] | None:
    row = raw(f"MSG#{message.id}", "METADATA")
    return (str(row["GSI2PK"]["S"]), str(row["GSI2SK"]["S"])) if "GSI2PK" in row or "GSI2SK" in row else None


class TestTheKeys:
    def test_of_a_message_are_the_owners(self):
        writes.run(messages.put_message(FULL))

        row = raw(f"MSG#{MESSAGE_ID}", "METADATA")
        keys = {name: value["S"] for name, value in row.items() if name.endswith(("PK", "SK"))}
        assert keys == {
            "PK": f"MSG#{MESSAGE_ID}", "SK": "METADATA",
            "GSI1PK": "USER#editor-1", "GSI1SK": f"MSG#{MESSAGE_ID}",
            "GSI2PK": "STATUS#scheduled", "GSI2SK": "2026-12-01T08:00:00.000Z",
            "GSI3PK": "MONTH#MSG#2026-12", "GSI3SK": f"2026-12-01T08:00:00.000Z#{MESSAGE_ID}",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("delivery_id", "sort"),
        [("facebook", "CHANNEL#facebook"), (f"facebook.{ACCOUNT_ID}", f"CHANNEL#facebook#{ACCOUNT_ID}")],
    )
    def test_of_a_delivery_are_the_owners(self, delivery_id, sort):
        writes.run(messages.put_delivery(build_delivery(id=delivery_id, channel="facebook")))

        row = raw(f"MSG#{MESSAGE_ID}", sort)
        assert row["account_id"] == {"S": ACCOUNT_ID}
        assert not [name for name in row if name.startswith("GSI")]
        assert rows.raw_delivery(row) == build_delivery(id=delivery_id, channel="facebook")

    def test_of_an_attempt_sort_below_those_of_deliveries(self):
        before = put_row(D.SENDING)
        writes.run(messages.put_message(build_message(id=before.message_id)))

        apply(operations(before)["commit"])

        found = messages.get_message(before.message_id)
        assert raw(f"MSG#{before.message_id}", "ATTEMPT#webhook#000003")
        assert [each.id for each in found.deliveries] == ["webhook"]

    def test_of_a_draft_have_no_timer(self):
        draft = put_message_row(S.DRAFT, scheduled_at=None)

        assert timer(draft) is None
        assert raw(f"MSG#{draft.id}", "METADATA")["GSI3SK"] == {"S": f"2026-12-01T07:00:00.000Z#{draft.id}"}


class TestAMessage:
    @pytest.mark.parametrize("message", [FULL, build_message(status=S.DRAFT, scheduled_at=None)])
    def test_is_read_as_it_was_written(self, message):
        writes.run(messages.put_message(message))

        assert messages.get_message(MESSAGE_ID).message == message

    def test_of_the_test_above_has_every_field_filled(self):
        empty = [field.name for field in fields(Message) if getattr(FULL, field.name) in (None, "", (), {})]

        assert empty == []

    def test_is_not_written_over_another(self):
        writes.run(messages.put_message(FULL))

        with pytest.raises(ConditionFailedError):
            writes.run(messages.put_message(FULL))

    def test_that_is_not_there_is_not_found(self):
        assert messages.find_message(MESSAGE_ID) is None
        with pytest.raises(NotFoundError, match="no such message"):
            messages.get_message(MESSAGE_ID)

    def test_comes_with_its_deliveries_in_the_order_of_its_targets(self):
        targets = build_targets([("C", "webhook"), ("A", "mastodon"), ("B", "webhook")])
        writes.run(messages.put_message(build_message(targets=targets)))
        for target in sorted(targets, key=lambda target: target.account_id):
            delivery = build_delivery(id=target.delivery_id, channel=target.channel, account_id=target.account_id)
            writes.run(messages.put_delivery(delivery))

        found = messages.get_message(MESSAGE_ID)

        assert [each.id for each in found.deliveries] == ["webhook", "mastodon", "webhook.B"]


class TestAReplacement:
    def test_loses_no_attribute(self):
        writes.run(messages.put_message(FULL))
        before = raw(f"MSG#{MESSAGE_ID}", "METADATA")

        writes.run(messages.replace_message(replace(FULL, text="Other", rev=4), read=FULL))

        after = raw(f"MSG#{MESSAGE_ID}", "METADATA")
        assert after.keys() == before.keys()
        assert {name for name in after if after[name] != before[name]} == {"body", "summary", "rev"}

    def test_by_one_in_review_puts_it_on_the_list_of_what_waits(self):
        writes.run(messages.put_message(FULL))

        writes.run(messages.replace_message(replace(FULL, status=S.IN_REVIEW), read=FULL))

        assert FULL.review is not None
        assert timer(FULL) == ("STATUS#in_review", write_instant(FULL.review.submitted_at))

    @pytest.mark.parametrize("status", [S.DRAFT, *sorted(FINAL)])
    def test_by_what_waits_for_nobody_drops_the_timer(self, status):
        writes.run(messages.put_message(FULL))

        writes.run(messages.replace_message(replace(FULL, status=status), read=FULL))

        assert timer(FULL) is None

    @pytest.mark.parametrize("status", sorted(UNDER_WAY))
    def test_by_a_message_under_way_is_refused_because_it_would_lose_its_timer(self, status):
        with pytest.raises(ValueError, match="under way"):
            messages.replace_message(replace(FULL, status=status), read=FULL)

    @pytest.mark.parametrize("moved", [{"status": S.DRAFT}, {"rev": 4}, {"gen": 3}])
    @pytest.mark.parametrize("change", ["replace", "delete", "wake", "cancel"])
    def test_of_a_message_that_moved_meanwhile_is_refused(self, moved, change):
        writes.run(messages.put_message(replace(FULL, **moved)))
        write = {
            "replace": messages.replace_message(FULL, read=FULL),
            "delete": messages.delete_message(FULL),
            "wake": messages.wake_message(FULL, gen=3, now=NOW),
            "cancel": messages.start_cancelling(FULL, now=NOW),
        }[change]

        with pytest.raises(ConditionFailedError):
            writes.run(write)


class TestAKickOfAScheduledMessage:
    def kick(self, message: Message, *, now=NOW, token="tick", review_on=False):
        return messages.kick_scheduled(message.id, now=now, watchdog=90 * SECOND, token=token, review_on=review_on)

    def test_moves_it_and_sets_its_watchdog(self):
        due = put_message_row(S.SCHEDULED)

        kicked = self.kick(due)

        assert kicked is not None
        assert (kicked.status, kicked.kick, kicked.targets) == (S.PUBLISHING, "tick", due.targets)
        assert timer(due) == ("STATUS#publishing", "2026-12-01T08:01:30.000Z")

    @pytest.mark.parametrize("status", sorted(set(S) - {S.SCHEDULED}))
    def test_takes_nothing_else(self, status):
        other = put_message_row(status)

        assert self.kick(other) is None
        assert read_message(other).status is status

    def test_comes_not_a_millisecond_early(self):
        due = put_message_row(S.SCHEDULED)

        assert self.kick(due, now=NOW - timedelta(milliseconds=1)) is None
        assert self.kick(due) is not None

    def test_of_what_was_moved_meanwhile_is_too_early(self):
        due = put_message_row(S.SCHEDULED)
        later = replace(due, scheduled_at=NOW + MINUTE, rev=2)
        writes.run(messages.replace_message(later, read=due))

        assert self.kick(due) is None
        assert timer(due) == ("STATUS#scheduled", "2026-12-01T08:01:00.000Z")

    @pytest.mark.parametrize(("rev", "approved_rev", "is_kicked"), [(2, 2, True), (2, 1, False), (1, None, False)])
    def test_under_review_needs_an_approval_of_this_revision(self, rev, approved_rev, is_kicked):
        due = put_message_row(S.SCHEDULED, rev=rev, approved_rev=approved_rev)

        assert (self.kick(due, review_on=True) is not None) is is_kicked


class TestAKickByTheWatchdog:
    def kick(self, message: Message, *, now=NOW, token="tick"):
        return messages.kick_watchdog(message.id, now=now, watchdog=90 * SECOND, token=token)

    @pytest.mark.parametrize("status", sorted(S))
    def test_takes_up_what_is_under_way(self, status):
        message = put_message_row(status)

        assert (self.kick(message) is not None) is status.is_under_way
        assert read_message(message).status is status

    def test_comes_once_in_a_while(self):
        stalled = put_message_row(S.CANCELLING)

        assert self.kick(stalled, now=NOW - timedelta(milliseconds=1)) is None
        assert self.kick(stalled) is not None
        assert self.kick(stalled, now=NOW + 89 * SECOND, token="later") is None
        assert self.kick(stalled, now=NOW + 90 * SECOND, token="later") is not None


class TestAKickOfAWaitingDelivery:
    @pytest.mark.parametrize("state", sorted(D))
    def test_takes_up_what_waits(self, state):
        delivery = put_row(state)

        kicked = messages.kick_waiting(delivery.message_id, "webhook", now=NOW, again=90 * SECOND, token="tick")

        assert (kicked is not None) is (state in {D.RETRY, D.UNKNOWN})
        assert read_row(delivery).state is state

    def test_leaves_its_time_and_its_fence_alone(self):
        waiting = put_row(D.RETRY)

        messages.kick_waiting(waiting.message_id, "webhook", now=NOW, again=90 * SECOND, token="tick")

        after = read_row(waiting)
        assert (after.next_at, after.fence, after.gen) == (waiting.next_at, waiting.fence, waiting.gen)
        row = raw(f"MSG#{waiting.message_id}", "CHANNEL#webhook")
        assert row["GSI2SK"] == {"S": "2026-12-01T08:01:30.000Z"}

    def test_is_refused_before_its_time(self):
        waiting = put_row(D.RETRY, next_at=NOW + SECOND)

        assert messages.kick_waiting(waiting.message_id, "webhook", now=NOW, again=MINUTE, token="tick") is None


class TestTheEndOfAMessage:
    @pytest.mark.parametrize("status", sorted(S))
    def test_comes_from_being_under_way_or_from_another_end(self, status):
        message = put_message_row(status)

        ended = messages.finalise(message.id, gen=1, status=S.PUBLISHED, now=NOW)

        assert ended is (status in {*UNDER_WAY, *FINAL} - {S.PUBLISHED})
        assert read_message(message).status is (S.PUBLISHED if ended else status)
        if ended:
            assert timer(message) is None

    def test_is_refused_once_a_new_generation_began(self):
        message = put_message_row(S.PUBLISHING, gen=2)

        assert not messages.finalise(message.id, gen=1, status=S.FAILED, now=NOW)
        assert timer(message) is not None

    def test_of_nothing_is_none(self):
        assert not messages.finalise(MESSAGE_ID, gen=1, status=S.FAILED, now=NOW)


class TestACancel:
    def test_of_a_message_under_way_is_due_at_once(self):
        message = put_message_row(S.PUBLISHING)

        writes.run(messages.start_cancelling(message, now=NOW - MINUTE))

        assert read_message(message).status is S.CANCELLING
        assert timer(message) == ("STATUS#publishing", "2026-12-01T07:59:00.000Z")

    @pytest.mark.parametrize("state", sorted(D))
    def test_of_a_delivery_never_dispatched_takes_pending_ones_only(self, state):
        delivery = put_row(state)

        if state is D.PENDING:
            writes.run(messages.cancel_pending(delivery))
            assert read_row(delivery).state is D.CANCELLED
        else:
            with pytest.raises(ConditionFailedError):
                writes.run(messages.cancel_pending(delivery))


class TestADelete:
    @pytest.mark.parametrize("sent", [False, True])
    def test_of_a_delivery_takes_only_what_was_never_sent(self, sent):
        delivery = put_row(D.FAILED, maybe_sent=sent)

        if sent:
            with pytest.raises(ConditionFailedError):
                writes.run(messages.delete_unsent(delivery))
        else:
            assert writes.run(messages.delete_unsent(delivery)) == {}
            assert raw(f"MSG#{delivery.message_id}", "CHANNEL#webhook") == {}

    def test_of_a_delivery_that_was_claimed_meanwhile_is_refused(self):
        delivery = put_row(D.PENDING)
        apply(operations(delivery)["claim"])

        with pytest.raises(ConditionFailedError):
            writes.run(messages.delete_unsent(delivery))


class TestARearm:
    @pytest.mark.parametrize("state", sorted(D))
    def test_is_for_what_failed_or_was_cancelled(self, state):
        delivery = put_row(state)

        if state in {D.FAILED, D.CANCELLED}:
            writes.run(messages.rearm_delivery(delivery, gen=2))
            assert read_row(delivery).state is D.PENDING
        else:
            with pytest.raises(ConditionFailedError):
                writes.run(messages.rearm_delivery(delivery, gen=2))

    def test_forgets_everything_but_the_fence(self):
        delivery = put_row(
            D.FAILED, maybe_sent=True, maybe_before=True, last=Reason.RATE, problem=PROBLEM, handle="h", adapted="a",
            waits=3, parked_since=NOW, probed=True, doubted=True,
        )  # fmt: skip

        writes.run(messages.rearm_delivery(delivery, gen=2))

        assert read_row(delivery) == build_delivery(message_id=delivery.message_id, gen=2, fence=3)

    def test_of_another_generation_is_refused(self):
        delivery = put_row(D.FAILED, gen=2)

        with pytest.raises(ConditionFailedError):
            writes.run(messages.rearm_delivery(replace(delivery, gen=1), gen=2))

    def test_of_one_delivery_wakes_its_message_at_once(self):
        message = put_message_row(S.FAILED)

        writes.run(messages.wake_message(message, gen=2, now=NOW))

        after = read_message(message)
        assert (after.status, after.gen, after.rev) == (S.PUBLISHING, 2, message.rev)
        assert after.scheduled_at == message.scheduled_at
        assert timer(message) == ("STATUS#publishing", "2026-12-01T08:00:00.000Z")

    def test_of_one_delivery_gives_it_a_due_time_of_its_own(self):
        delivery = put_row(D.FAILED)

        writes.run(messages.rearm_delivery(delivery, gen=2, due_at=NOW))

        assert read_row(delivery).due_at == NOW


class TestAResolution:
    @pytest.mark.parametrize("state", sorted(D))
    @pytest.mark.parametrize("published", [True, False])
    def test_is_for_what_is_unconfirmed(self, state, published):
        delivery = put_row(state)
        write = messages.resolve_unconfirmed(delivery, now=NOW, published=published, url=None)

        if state is D.UNCONFIRMED:
            writes.run(write)
            assert read_row(delivery).state is (D.PUBLISHED if published else D.FAILED)
        else:
            with pytest.raises(ConditionFailedError):
                writes.run(write)

    def test_keeps_where_the_publication_can_be_seen(self):
        delivery = put_row(D.UNCONFIRMED, problem=PROBLEM)

        writes.run(messages.resolve_unconfirmed(delivery, now=NOW, published=True, url=PUBLICATION.url))

        after = read_row(delivery)
        assert after.publication == Publication(id=str(PUBLICATION.url), url=PUBLICATION.url)
        assert after.problem is None

    def test_of_an_absent_one_ends_the_doubt_so_that_it_can_be_retried(self):
        delivery = put_row(D.UNCONFIRMED)

        writes.run(messages.resolve_unconfirmed(delivery, now=NOW, published=False, url=None))

        after = read_row(delivery)
        assert after.maybe_sent is False
        assert after.problem is not None
        assert after.problem.code == Reason.RESOLVED
        writes.run(messages.rearm_delivery(after, gen=2))


class TestARow:
    def test_of_another_kind_is_refused(self):
        message = put_message_row(S.DRAFT)
        delivery = put_row(D.PENDING, message_id=new_id(NOW))

        with pytest.raises(TypeError, match="no delivery"):
            rows.raw_delivery(raw(f"MSG#{message.id}", "METADATA"))
        with pytest.raises(TypeError, match="no message"):
            rows.raw_message(raw(f"MSG#{delivery.message_id}", "CHANNEL#webhook"))

    def test_that_is_none_is_none(self):
        assert rows.raw_delivery(None) is None
        assert rows.raw_message({}) is None
