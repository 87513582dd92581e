"""Review over HTTP: submit, approve, reject, and that no path leads around it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from publishing.adapters.hints import Nowhere
from publishing.domain.account import Account
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import Role
from publishing.domain.roles import SCOPES
from publishing.domain.timing import Timing
from publishing.items.message import DeliveryItem, MessageItem
from publishing.services import configured as process
from publishing.services.configured import context
from publishing.services.dispatching import TickRules, tick
from publishing.services.performing_ticks import TickPerformer
from publishing.services.reviewing import list_waiting_for_review
from publishing.services.steps import drive
from publishing.store import messages, writes
from tests.api.conftest import Api, Table
from tests.api.operations import EXPECTED, OPERATIONS
from tests.builders import build_actor
from tests.clock import Clock
from tests.store.rows import raw

pytestmark = pytest.mark.usefixtures("surroundings")

Made = dict[str, Any]
LATER = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
AT = {"at": LATER.isoformat()}


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Switch review on and off, and whether one's own work may be approved."""

    def switch(is_on: bool, *, own: bool = False) -> None:
        monkeypatch.setenv("OMNIPUB_REVIEW", str(is_on).lower())
        monkeypatch.setenv("OMNIPUB_REVIEW_OWN", str(own).lower())
        process.context.cache_clear()

    yield switch
    monkeypatch.undo()
    process.context.cache_clear()


@pytest.fixture
def on(switch: Callable[..., None]) -> None:
    switch(True)


@pytest.fixture
def editor(table: Table) -> Api:
    return Api(groups=["editor"], sub="alice")


@pytest.fixture
def approver(table: Table) -> Api:
    return Api(groups=["approver"], sub="bob")


@pytest.fixture
def draft(editor: Api, account: Account) -> Made:
    return created(editor, account)


def created(who: Api, account: Account, **fields: Any) -> Made:
    response = who.post("messages/", {"text": "We are live!", "accounts": [account.id], **fields})
    assert response.status_code == 201, response.content
    made: Made = response.json()
    return made


def done(response: Any, status: int = 200) -> Made:
    assert response.status_code == status, response.content
    answer: Made = response.json()
    return answer


def submit(who: Api, message: Made, **body: Any) -> Made:
    return done(who.post(f"messages/{message['id']}/submit/", body))


def approve(who: Api, message: Made, **body: Any) -> Made:
    return done(who.post(f"messages/{message['id']}/approve/", {"rev": message["rev"], **body}))


def dispatch() -> None:
    """Let the scheduler do what it does, with review on."""
    performer = TickPerformer(hints=Nowhere(), remaining=lambda: timedelta(seconds=15))
    drive(tick(rules=TickRules(timing=Timing(), random=Random(1), review_on=True), is_wake=False), performer)


@pytest.mark.usefixtures("on")
class TestASubmittedMessage:
    def test_waits_with_its_wish_and_has_no_delivery(self, editor: Api, draft: Made):
        submitted = submit(editor, draft, schedule=AT)

        assert (submitted["status"], submitted["deliveries"], submitted["is_approved"]) == ("in_review", [], False)
        assert submitted["scheduled_at"] == LATER.isoformat().replace("+00:00", "Z")
        assert submitted["review"]["submitted_by"] == "alice"
        assert (submitted["review"]["decision"], submitted["review"]["decided_by"]) == (None, None)

    def test_keeps_an_earlier_wish_or_drops_it_for_null(self, editor: Api, draft: Made):
        wished = submit(editor, draft, schedule=AT)

        assert submit(editor, draft)["scheduled_at"] == wished["scheduled_at"]
        assert submit(editor, draft, schedule=None)["scheduled_at"] is None

    def test_cannot_wish_for_now(self, editor: Api, draft: Made):
        refused = editor.post(f"messages/{draft['id']}/submit/", {"schedule": "now"})

        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "/schedule"

    def test_must_be_one_that_could_go_out(self, editor: Api):
        unaddressed = done(editor.post("messages/", {"text": "To nobody"}), 201)

        refused = editor.post(f"messages/{unaddressed['id']}/submit/")

        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "/accounts"

    def test_is_refused_when_somebody_changed_it_meanwhile(self, editor: Api, draft: Made):
        refused = editor.post(f"messages/{draft['id']}/submit/", {}, headers={"If-Match": '"r7"'})

        assert refused.status_code == 412

    def test_is_listed_to_whoever_may_decide_and_to_nobody_else(self, editor: Api, draft: Made, account: Account):
        boss = Api(groups=["approver"], sub="boss")
        own = submit(boss, created(boss, account))
        submit(editor, draft)

        def waiting(*roles: Role, user: str) -> list[str]:
            found = list_waiting_for_review(actor=build_actor(*roles, id=user), context=context())
            return [message.id for message in found]

        assert waiting(Role.APPROVER, user="boss") == [draft["id"]]
        assert waiting(Role.ADMIN, user="root") == [own["id"], draft["id"]]
        assert waiting(Role.EDITOR, user="alice") == []

        approve(boss, done(boss.get(f"messages/{draft['id']}/")))
        assert waiting(Role.ADMIN, user="root") == [own["id"]]

    def test_stays_in_review_when_it_is_edited(self, editor: Api, draft: Made):
        submit(editor, draft)

        edited = done(editor.patch(f"messages/{draft['id']}/", {"text": "Changed"}))

        assert (edited["status"], edited["rev"]) == ("in_review", 3)


@pytest.mark.usefixtures("on")
class TestAnApproval:
    def test_schedules_what_wished_for_a_time_at_once(self, table: Table, editor: Api, approver: Api, draft: Made):
        submitted = submit(editor, draft, schedule={"at": f"{LATER:%Y-%m-%dT%H:%M:%S}", "zone": "UTC"})
        before = len(table.records())

        approved = approve(approver, submitted, comment="Well said.")

        review = approved["review"]
        assert (approved["status"], approved["scheduled_at"]) == ("scheduled", submitted["scheduled_at"])
        assert (approved["zone"], approved["is_approved"]) == ("UTC", True)
        assert [each["state"] for each in approved["deliveries"]] == ["pending"]
        assert (review["submitted_by"], review["decided_by"], review["decision"]) == ("alice", "bob", "approved")
        assert review["comment"] == "Well said."
        assert review["decided_at"] >= review["submitted_at"]
        assert len(table.records()) == before + 1
        assert not [row for row in table.records() if "Well said" in repr(row)]

    def test_without_a_wish_lets_the_editor_schedule(self, editor: Api, approver: Api, draft: Made):
        approved = approve(approver, submit(editor, draft))

        assert (approved["status"], approved["is_approved"], approved["deliveries"]) == ("draft", True, [])
        scheduled = done(editor.post(f"messages/{draft['id']}/schedule/", AT))
        assert (scheduled["status"], scheduled["is_approved"]) == ("scheduled", True)
        moved = done(editor.post(f"messages/{draft['id']}/schedule/", {"at": (LATER + timedelta(hours=1)).isoformat()}))
        assert (moved["status"], moved["is_approved"]) == ("scheduled", True)

    def test_can_name_another_time_or_now(self, editor: Api, approver: Api, draft: Made, account: Account):
        other = {"at": (LATER + timedelta(hours=3)).isoformat()}

        moved = approve(approver, submit(editor, draft, schedule=AT), schedule=other)
        at_once = approve(approver, submit(editor, created(editor, account)), schedule="now")

        assert moved["scheduled_at"] == other["at"].replace("+00:00", "Z")
        assert at_once["status"] == "scheduled"

    def test_of_a_wish_that_has_passed_asks_for_another_time(self, editor: Api, approver: Api, draft: Made):
        submitted = submit(editor, draft, schedule=AT)
        item = MessageItem(f"MSG#{draft['id']}", "METADATA")
        item.update(actions=[MessageItem.scheduled_at.set(datetime.now(UTC) - timedelta(hours=1))])

        refused = approver.post(f"messages/{draft['id']}/approve/", {"rev": submitted["rev"]})

        assert refused.status_code == 409
        assert "which has passed. Approve it with another schedule, or now." in refused.json()["detail"]
        assert approve(approver, submitted, schedule="now")["status"] == "scheduled"

    @pytest.mark.parametrize("named", [{}, {"rev": 1}, {"rev": 3}])
    def test_holds_for_the_revision_that_was_read_and_no_newer_one(
        self, table: Table, editor: Api, approver: Api, draft: Made, named: dict[str, int]
    ):
        submit(editor, draft, schedule=AT)
        before = table.snapshot()

        refused = approver.post(f"messages/{draft['id']}/approve/", named)

        assert refused.status_code == 412
        assert table.snapshot() == before

    def test_takes_the_revision_from_if_match(self, editor: Api, approver: Api, draft: Made):
        submit(editor, draft)
        etag = approver.get(f"messages/{draft['id']}/")["ETag"]
        done(editor.patch(f"messages/{draft['id']}/", {"text": "Slipped in"}))

        stale = approver.post(f"messages/{draft['id']}/approve/", {}, headers={"If-Match": etag})
        torn = approver.post(f"messages/{draft['id']}/approve/", {"rev": 3}, headers={"If-Match": etag})
        fresh = approver.get(f"messages/{draft['id']}/")["ETag"]

        assert (stale.status_code, torn.status_code) == (412, 412)
        assert done(approver.post(f"messages/{draft['id']}/approve/", {}, headers={"If-Match": fresh}))["is_approved"]

    def test_is_not_ones_own_to_give(self, editor: Api, draft: Made):
        boss = Api(groups=["approver", "admin"], sub="boss")
        submit(editor, draft)
        edited = done(boss.patch(f"messages/{draft['id']}/", {"text": "Changed"}))

        refused = boss.post(f"messages/{draft['id']}/approve/", {"rev": edited["rev"]})

        assert refused.status_code == 403
        assert "somebody else" in refused.json()["detail"]

    def test_is_ones_own_to_give_in_a_team_of_one(self, switch: Callable[..., None], account: Account):
        switch(True, own=True)
        boss = Api(groups=["approver"], sub="boss")

        approved = approve(boss, submit(boss, created(boss, account), schedule=AT))
        at_once = created(boss, account, schedule=AT)
        edited = done(boss.patch(f"messages/{at_once['id']}/", {"text": "Changed"}))

        assert approved["status"] == "scheduled"
        assert (at_once["is_approved"], edited["is_approved"], edited["status"]) == (True, True, "scheduled")

    def test_under_one_key_is_given_once(self, editor: Api, approver: Api, draft: Made):
        submitted = submit(editor, draft)
        options = {"headers": {"Idempotency-Key": "once"}}

        first = approver.post(f"messages/{draft['id']}/approve/", {"rev": submitted["rev"]}, **options)
        again = approver.post(f"messages/{draft['id']}/approve/", {"rev": submitted["rev"]}, **options)
        anew = approver.post(f"messages/{draft['id']}/approve/", {"rev": submitted["rev"]})

        assert (first.status_code, again.status_code, anew.status_code) == (200, 200, 409)
        assert first.json() == again.json()

    @pytest.mark.parametrize("is_scheduled", [False, True])
    def test_is_void_once_the_message_is_edited(self, editor: Api, approver: Api, draft: Made, *, is_scheduled: bool):
        approve(approver, submit(editor, draft, **({"schedule": AT} if is_scheduled else {})))

        edited = done(editor.patch(f"messages/{draft['id']}/", {"text": "Something else"}))

        assert (edited["status"], edited["is_approved"], edited["deliveries"]) == ("in_review", False, [])
        assert (edited["review"]["submitted_by"], edited["review"]["decision"]) == ("alice", None)
        assert "GSI2SK" in row_of(draft)
        assert row_of(draft)["GSI2PK"]["S"] == "STATUS#in_review"

    def test_by_scheduling_needs_to_name_what_was_read(self, editor: Api, approver: Api, draft: Made):
        submit(editor, draft)
        address = f"messages/{draft['id']}/schedule/"

        unnamed = approver.post(address, AT)
        named = approver.post(address, AT, headers={"If-Match": approver.get(f"messages/{draft['id']}/")["ETag"]})

        assert unnamed.status_code == 412
        assert done(named)["is_approved"] is True


@pytest.mark.usefixtures("on")
class TestARejection:
    def test_returns_it_as_a_draft_with_the_comment(self, editor: Api, approver: Api, draft: Made):
        submit(editor, draft, schedule=AT)

        rejected = done(approver.post(f"messages/{draft['id']}/reject/", {"comment": "The date is wrong."}))

        assert (rejected["status"], rejected["is_approved"]) == ("draft", False)
        assert (rejected["review"]["decision"], rejected["review"]["comment"]) == ("rejected", "The date is wrong.")
        assert (rejected["review"]["decided_by"], rejected["scheduled_at"] is not None) == ("bob", True)
        assert submit(editor, draft)["review"]["decision"] is None

    @pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": " \n"}, {"comment": "c" * 2_001}])
    def test_says_why(self, editor: Api, approver: Api, draft: Made, body: dict[str, str]):
        submit(editor, draft)

        refused = approver.post(f"messages/{draft['id']}/reject/", body)

        assert refused.status_code == 400
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/comment"]

    def test_of_what_is_not_in_review_is_refused(self, approver: Api, draft: Made):
        assert approver.post(f"messages/{draft['id']}/reject/", {"comment": "No."}).status_code == 409
        assert approver.post(f"messages/{draft['id']}/approve/", {"rev": 1}).status_code == 409


class TestReviewThatIsSwitchedOnLater:
    """The message was scheduled while nobody had to approve anything."""

    @pytest.fixture
    def scheduled(self, editor: Api, account: Account, switch: Callable[..., None]) -> Made:
        made = created(editor, account, schedule=AT)
        switch(True)
        return made

    def test_sends_it_back_when_it_is_due(
        self, table: Table, scheduled: Made, editor: Api, approver: Api, clock: Clock, surroundings: list[Any]
    ):
        clock.move(hours=2)
        before = len(table.records())

        dispatch()
        dispatch()

        held = done(editor.get(f"messages/{scheduled['id']}/"))
        assert (held["status"], held["deliveries"], surroundings) == ("in_review", [], [])
        assert held["review"]["submitted_by"] == "system"
        (record,) = [row for row in table.records() if row["action"]["S"] == "message.hold"]
        assert (record["actor"]["S"], len(table.records())) == ("system", before + 1)
        assert approve(approver, held, schedule="now")["status"] == "scheduled"

        dispatch()

        assert [event.message_id for event in surroundings] == [scheduled["id"]]

    def test_can_approve_it_in_its_place(self, scheduled: Made, approver: Api, clock: Clock, surroundings: list[Any]):
        approved = approve(approver, scheduled)
        again = approver.post(f"messages/{scheduled['id']}/approve/", {"rev": approved["rev"]})
        clock.move(hours=2)

        dispatch()

        assert (approved["status"], approved["scheduled_at"]) == ("scheduled", scheduled["scheduled_at"])
        assert again.status_code == 409
        assert [event.message_id for event in surroundings] == [scheduled["id"]]

    def test_takes_it_from_its_editor_at_once_when_submitted(self, scheduled: Made, editor: Api):
        submitted = submit(editor, scheduled)

        assert (submitted["status"], submitted["deliveries"]) == ("in_review", [])


def row_of(message: Made) -> dict[str, Any]:
    return raw(f"MSG#{message['id']}", "METADATA")


#: Every operation that changes a message or a delivery, and the one that makes messages.
PATHS = [
    name
    for name, (method, path) in OPERATIONS.items()
    if method != "get" and ("{message_id}" in path or name == "createMessage")
]
#: Every state that an unapproved message can be in before somebody takes a path.
STATES = ["draft", "in_review", "rejected", "scheduled", "failed", "cancelled", "needs_attention"]
PEOPLE = {
    "an editor": lambda: Api(groups=["editor"], sub="alice"),
    "its author, an approver": lambda: Api(groups=["approver", "admin"], sub="alice"),
    "its author's program": lambda: program("approver", sub="alice"),
    "a member": lambda: Api(groups=["member"], sub="alice"),
}


def program(role: str, *, sub: str) -> Api:
    owner = Api(groups=[role], sub=sub)
    made = owner.post("keys/", {"name": "bot", "scopes": sorted(SCOPES - {"manage_accounts", "stop_dispatch"})})
    return Api(key=done(made, 201)["token"])


@pytest.mark.usefixtures("on")
class TestNoPath:
    """Walks every operation of the schema that is about messages, from every state, as everybody who may not decide."""

    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("who", PEOPLE)
    def test_leads_around_review(
        self, table: Table, put_account: Any, switch: Any, clock: Clock, surroundings: list[Any], who: str, state: str
    ):
        account = put_account(open_to_members=True)
        client = PEOPLE[who]()
        prefix = "/keyed/v1/" if "program" in who else "/api/v1/"
        answers = {}
        for name in PATHS:
            switch(False)
            message = self.put(account, state)
            switch(True)
            method, path = OPERATIONS[name]
            address = path.format(message_id=message["id"], delivery_id="webhook").replace("/api/v1/", prefix, 1)
            body = EXPECTED[name].body
            if name == "createMessage":
                body = {"text": "Mine, now", "accounts": [account.id], "schedule": "now"}
            if name == "approveMessage":
                body = {"rev": message["rev"]}

            answers[name] = getattr(client, method)(address, body).status_code
            # What is left to a person may have been scheduled by then as well.
            client.post(address.split(message["id"])[0] + f"{message['id']}/publish/")

        clock.move(hours=2)
        dispatch()

        assert surroundings == []
        under_way = {"publishing", "cancelling"}
        assert not [row for row in table.rows("MSG#") if row.get("status", {}).get("S") in under_way]
        # The walk went through doors, not only against them.
        assert answers["duplicateMessage"] in {201, 403}
        if who != "a member":
            assert answers["duplicateMessage"] == 201
            assert 403 in {answers[name] for name in ("publishMessage", "scheduleMessage", "createMessage")}

    def put(self, account: Account, state: str) -> Made:
        author = Api(groups=["editor"], sub="alice")
        if state in {"draft", "in_review", "rejected"}:
            made = created(author, account)
            if state != "draft":
                made = submit(author, made)
            if state == "rejected":
                other = Api(groups=["approver"], sub="bob")
                made = done(other.post(f"messages/{made['id']}/reject/", {"comment": "No."}))
            return made
        made = created(author, account, schedule=AT)
        if state == "scheduled":
            return made
        read = messages.get_message(made["id"]).message
        ended = replace(read, status=MessageStatus(state))

        writes.run(messages.replace_message(ended, read=read))
        delivery_state = DeliveryState.CANCELLED if state == "cancelled" else DeliveryState.FAILED
        DeliveryItem(f"MSG#{read.id}", "CHANNEL#webhook").update(actions=[DeliveryItem.state.set(delivery_state.value)])
        return made

    def test_is_left_out_of_the_walk(self):
        assert {"publishMessage", "scheduleMessage", "retryDelivery", "editMessage", "duplicateMessage"} <= set(PATHS)
        assert len(PATHS) >= 12

    def test_was_walked_in_vain_because_nothing_works(
        self, put_account: Any, switch: Any, clock: Clock, surroundings: list[Any], table: Table
    ):
        """The same message goes out once it is approved."""
        switch(False)
        made = self.put(put_account(), "in_review")
        switch(True)
        approve(Api(groups=["approver"], sub="bob"), made, schedule="now")

        dispatch()

        assert [event.message_id for event in surroundings] == [made["id"]]

    def test_starts_a_failed_delivery_anew_but_an_approvers(
        self, put_account: Any, switch: Any, surroundings: list[Any]
    ):
        switch(False)
        made = self.put(put_account(), "failed")
        switch(True)
        address = f"messages/{made['id']}/deliveries/webhook/retry/"

        refused = Api(groups=["editor"], sub="alice").post(address)
        retried = done(Api(groups=["approver"], sub="bob").post(address), 202)

        assert refused.status_code == 403
        assert (retried["status"], retried["is_approved"]) == ("publishing", True)
