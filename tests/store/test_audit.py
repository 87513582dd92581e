"""The audit chain: whole, in the change's own transaction, and verifiable."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from publishing.domain.errors import UnavailableError
from publishing.items.base import TableItem
from publishing.items.records import AuditHeadItem, AuditItem, StopSwitchItem
from publishing.store import accounts, audit, messages, writes
from publishing.store.audit import AuditRecord, genesis, record_hash, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from tests.builders import NOW, build_account, build_message

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


def chain(day: str = DAY) -> list[AuditItem]:
    """The day's records in the order of their links, each hash computed anew."""
    found = list(TableItem.query(f"AUDIT#{day}", consistent_read=True))
    following = {item.prev_hash: item for item in found if isinstance(item, AuditItem)}
    heads = [item for item in found if isinstance(item, AuditHeadItem)]
    linked, at = [], genesis(day)
    while at in following:
        item = following.pop(at)
        kept = AuditRecord(actor=item.actor, action=item.action, target=item.target, at=item.at, facts=item.facts or {})
        assert item.hash == record_hash(prev_hash=at, record=kept)
        at = item.hash
        linked.append(item)
    assert not following
    assert [(head.hash, head.size) for head in heads] == ([(at, len(linked))] if linked else [])
    return linked


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
        stale = audit._Head(hash="gone", size=1)
        monkeypatch.setattr(audit, "_read_head", lambda day: stale)
        audit._heads.clear()

        with pytest.raises(UnavailableError, match="too busy"):
            transact_with_audit([], record(2))

    def test_whose_head_is_something_else_is_a_fault(self):
        writes.run(writes.put(StopSwitchItem(f"AUDIT#{DAY}", "HEAD", is_stopped=True, actor="a", at=NOW)))

        with pytest.raises(TypeError, match="no head"):
            transact_with_audit([], record())

    def test_shows_any_change_of_a_record(self):
        transact_with_audit([], record(1))
        (item,) = chain()
        item.update(actions=[AuditItem.actor.set("somebody-else")])

        with pytest.raises(AssertionError):
            chain()


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
