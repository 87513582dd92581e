"""The audit chain: whole, in the change's own transaction, and verifiable."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from publishing.domain.errors import NotAllowedError, UnavailableError
from publishing.domain.permissions import SYSTEM, Role
from publishing.items.base import TableItem
from publishing.items.records import AuditHeadItem, AuditItem, StopSwitchItem
from publishing.services import auditing
from publishing.store import accounts, audit, messages, writes
from publishing.store.audit import AuditRecord, record_hash, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from tests.builders import NOW, build_account, build_actor, build_message

pytestmark = pytest.mark.usefixtures("table")
DAY = "2026-12-01"


def record(number: int = 0, **fields) -> AuditRecord:
    values = {
        "actor": "editor-1",
        "action": "message.edit",
        "target": f"message:{number}",
        "at": NOW,
        "facts": {"rev": number},
    }
    return AuditRecord(**{**values, **fields})


def chain(day: str = DAY) -> list[AuditRecord]:
    """The day's records in their order, after the chain was verified."""
    (verdict,) = auditing.verify(actor=SYSTEM, day=day)
    assert verdict.problem is None
    return [link.record for link in audit.read_chain(day)]


class TestTheChain:
    def test_links_every_record_of_a_day(self):
        for number in range(4):
            transact_with_audit([], record(number))

        assert [item.target for item in chain()] == [f"message:{number}" for number in range(4)]

    def test_begins_anew_each_day(self):
        transact_with_audit([], record(1))
        transact_with_audit([], record(2, at=NOW + timedelta(days=1)))

        assert len(chain()) == len(chain("2026-12-02")) == 1

    def test_is_found_by_a_process_that_knows_nothing_of_it(self):
        transact_with_audit([], record(1))
        audit._heads.clear()

        transact_with_audit([], record(2))

        assert len(chain()) == 2

    def test_is_caught_up_with_when_another_process_moved_it(self):
        transact_with_audit([], record(1))
        stale = dict(audit._heads)
        transact_with_audit([], record(2))
        audit._heads.update(stale)

        transact_with_audit([], record(3))

        assert [item.target for item in chain()] == ["message:1", "message:2", "message:3"]

    def test_holds_every_record_of_two_writers_at_once(self):
        def write(number: int) -> None:
            transact_with_audit([], record(number))

        with ThreadPoolExecutor(max_workers=2) as threads:
            list(threads.map(write, range(12)))

        assert sorted(item.facts["rev"] for item in chain()) == list(range(12))

    def test_that_never_holds_still_is_said_to_be_busy(self, monkeypatch):
        transact_with_audit([], record(1))
        stale = audit.Head(hash="gone", size=1)
        monkeypatch.setattr(audit, "read_head", lambda day: stale)
        audit._heads.clear()

        with pytest.raises(UnavailableError, match="too busy"):
            transact_with_audit([], record(2))

    def test_whose_head_is_something_else_is_a_fault(self):
        writes.run(writes.put(StopSwitchItem(f"AUDIT#{DAY}", "HEAD", is_stopped=True, actor="a", at=NOW)))

        with pytest.raises(TypeError, match="no head"):
            transact_with_audit([], record())

    def test_enters_each_day_once_among_the_days(self):
        for at in (NOW, NOW, NOW + timedelta(days=1), NOW):
            transact_with_audit([], record(at=at))

        assert auditing.list_days(actor=SYSTEM) == (DAY, "2026-12-02")
        assert [verdict.chain for verdict in auditing.verify(actor=SYSTEM)] == ["DAYS", DAY, "2026-12-02"]


def rows(day: str = DAY) -> list[AuditItem]:
    found = [item for item in TableItem.query(f"AUDIT#{day}") if isinstance(item, AuditItem)]
    return sorted(found, key=lambda item: item.position)


def edit(items: list[AuditItem]) -> None:
    items[2].update(actions=[AuditItem.actor.set("somebody-else")])


def edit_facts(items: list[AuditItem]) -> None:
    items[2].update(actions=[AuditItem.facts.set({"rev": 7})])


def edit_and_hash_anew(items: list[AuditItem]) -> None:
    """Change a record and make its own hash right again."""
    changed = record(2, actor="somebody-else")
    kept = record_hash(prev_hash=items[2].prev_hash, position=3, record_id=items[2].SK, record=changed)
    items[2].update(actions=[AuditItem.actor.set("somebody-else"), AuditItem.hash.set(kept)])


def edit_and_chain_anew(items: list[AuditItem]) -> None:
    """Change a record, make its own hash right again, and let the next one name that hash."""
    edit_and_hash_anew(items)
    items[2].refresh(consistent_read=True)
    items[3].update(actions=[AuditItem.prev_hash.set(items[2].hash)])


def delete_one(items: list[AuditItem]) -> None:
    items[2].delete()


def delete_the_first(items: list[AuditItem]) -> None:
    items[0].delete()


def swap(items: list[AuditItem]) -> None:
    """Let two records change places."""
    second, third = items[1].position, items[2].position
    items[1].update(actions=[AuditItem.position.set(third)])
    items[2].update(actions=[AuditItem.position.set(second)])


def put_under_another_id(items: list[AuditItem]) -> None:
    raw = items[1].to_dynamodb_dict()
    items[1].delete()
    raw["SK"] = {"S": "0" * 26}
    writes.dispatch("PutItem", {"TableName": TableItem.Meta.table_name, "Item": raw})


def add_a_copy(items: list[AuditItem]) -> None:
    raw = items[1].to_dynamodb_dict()
    raw["SK"] = {"S": "0" * 26}
    writes.dispatch("PutItem", {"TableName": TableItem.Meta.table_name, "Item": raw})


def cut_off(items: list[AuditItem]) -> None:
    items[4].delete()
    items[3].delete()


def cut_off_and_move_the_head(items: list[AuditItem]) -> None:
    cut_off(items)
    writes.run(writes.put(AuditHeadItem(f"AUDIT#{DAY}", "HEAD", hash=items[2].hash, size=5)))


def shorten_the_head(items: list[AuditItem]) -> None:
    writes.run(writes.put(AuditHeadItem(f"AUDIT#{DAY}", "HEAD", hash=items[2].hash, size=3)))


def change_the_head(items: list[AuditItem]) -> None:
    writes.run(writes.put(AuditHeadItem(f"AUDIT#{DAY}", "HEAD", hash="0" * 64, size=5)))


def delete_the_head(items: list[AuditItem]) -> None:
    AuditHeadItem(f"AUDIT#{DAY}", "HEAD").delete()


def delete_the_day(items: list[AuditItem]) -> None:
    for item in items:
        item.delete()
    delete_the_head(items)


def delete_the_day_from_the_days(items: list[AuditItem]) -> None:
    delete_the_day(items)
    rows("DAYS")[0].delete()


#: What somebody does to the table, and what is named for it: the record at that place, and these words.
TAMPERING = [
    (edit, 2, "was changed"),
    (edit_facts, 2, "was changed"),
    (edit_and_hash_anew, 3, "does not follow"),
    (edit_and_chain_anew, 3, "was changed"),
    (delete_one, 3, "number 3 is missing"),
    (delete_the_first, 1, "number 1 is missing"),
    (swap, 2, "was changed or put elsewhere"),
    (put_under_another_id, None, "was changed or put elsewhere"),
    (add_a_copy, None, "was changed or put elsewhere"),
    (cut_off, None, "number 4 is missing: there were 5, and the last 2 are gone"),
    (cut_off_and_move_the_head, None, "number 4 is missing"),
    (shorten_the_head, 3, "beyond the head"),
    (change_the_head, None, "The head was changed"),
    (delete_the_head, None, "The head is gone, and 5 records are there"),
    (delete_the_day, None, "all of them are gone"),
    (delete_the_day_from_the_days, None, "number 1 is missing"),
]


class TestAVerifier:
    @pytest.fixture
    def items(self) -> list[AuditItem]:
        for number in range(5):
            transact_with_audit([], record(number))
        transact_with_audit([], record(9, at=NOW + timedelta(days=1)))
        return rows()

    @pytest.mark.parametrize(("tamper", "place", "words"), TAMPERING, ids=[one[0].__name__ for one in TAMPERING])
    def test_names_the_first_record_that_is_wrong(self, items: list[AuditItem], tamper, place, words):
        tamper(items)

        problems = [verdict.problem for verdict in auditing.verify(actor=SYSTEM) if verdict.problem]

        assert len(problems) == 1
        assert words in problems[0]
        assert place is None or items[place].SK in problems[0]

    def test_finds_nothing_wrong_with_what_nobody_touched(self, items: list[AuditItem]):
        verdicts = auditing.verify(actor=SYSTEM)

        assert [(verdict.chain, verdict.size, verdict.problem) for verdict in verdicts] == [
            ("DAYS", 2, None), (DAY, 5, None), ("2026-12-02", 1, None)
        ]  # fmt: skip
        assert verdicts[1].head == items[4].hash

    def test_finds_nothing_wrong_with_a_day_without_records(self):
        (verdict,) = auditing.verify(actor=SYSTEM, day="2026-01-01")

        assert (verdict.size, verdict.problem) == (0, None)
        assert [each.chain for each in auditing.verify(actor=SYSTEM)] == ["DAYS"]

    def test_sees_a_chain_that_was_computed_anew_by_a_head_that_was_kept_elsewhere(self, items: list[AuditItem]):
        kept = items[4].hash
        before = auditing.verify(actor=SYSTEM, day=DAY, known_head=kept)
        delete_the_day(items)
        audit._heads.clear()
        for number in range(5):
            transact_with_audit([], record(number, actor="nobody"))

        without, with_it = (auditing.verify(actor=SYSTEM, day=DAY, known_head=head) for head in (None, kept))

        assert all(verdict.problem is None for verdict in (*before, *without))
        assert kept in str(with_it[-1].problem)

    def test_exports_what_another_can_verify(self, items: list[AuditItem]):
        lines = list(auditing.export(actor=SYSTEM, day=DAY))

        assert [line["target"] for line in lines[:-1]] == [f"message:{number}" for number in range(5)]
        assert [line["prev_hash"] for line in lines[1:-1]] == [line["hash"] for line in lines[:-2]]
        assert lines[-1] == {"day": DAY, "head": items[4].hash, "size": 5}
        assert len(list(auditing.export(actor=SYSTEM))) == 8

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    def test_serves_administrators_only(self, role: Role):
        with pytest.raises(NotAllowedError):
            auditing.verify(actor=build_actor(role))
        with pytest.raises(NotAllowedError):
            list(auditing.export(actor=build_actor(role), day=DAY))


class TestAChange:
    def test_is_written_together_with_its_record(self):
        message = build_message()

        transact_with_audit([messages.put_message(message)], record())

        assert messages.get_message(message.id).message == message
        assert len(chain()) == 1

    def test_that_is_refused_leaves_no_record(self):
        writes.run(messages.put_message(build_message()))
        account = build_account()

        with pytest.raises(TransactionRefusedError) as refusal:
            transact_with_audit([accounts.put_account(account), messages.put_message(build_message())], record())

        assert refusal.value.failed[:2] == (False, True)
        assert refusal.value.old[1] is not None
        assert chain() == []
        assert accounts.find_accounts((account.id,)) == {}
