"""Accounts, credentials, the stop switch, parked records: read in one request where that is promised."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.domain.account import AccountStatus, Hold, SealedCredential
from publishing.domain.errors import NotFoundError, UnavailableError
from publishing.domain.health import Health, HealthVerdict
from publishing.domain.ids import new_id
from publishing.domain.outcome import Problem, Reason
from publishing.items.base import TableItem
from publishing.store import accounts, writes
from publishing.store.errors import ConditionFailedError
from publishing.store.parked import DATA_LIMIT, count_parked, park_record
from tests.builders import ACCOUNT_ID, NOW, build_account
from tests.store.rows import raw

pytestmark = pytest.mark.usefixtures("table")
PROBLEM = Problem(code="credential", detail="Connect it again.", retryable=True)
HEALTH = Health(verdict=HealthVerdict.PROBLEM, reason=Reason.PERMISSION, detail="No rights.")
SEALED = SealedCredential(
    account_id=ACCOUNT_ID, version=1, ciphertext=b"\x00secret", nonce=b"\xff" * 12, data_key=b"key",
    expires_at=NOW + timedelta(days=60),
)  # fmt: skip


class TestAnAccount:
    def test_is_read_as_it_was_written(self):
        account = build_account(open_to_members=True, settings={"text_limit": "500"}, problem=PROBLEM, rev=2)
        writes.run(accounts.put_account(account))

        assert accounts.get_account(ACCOUNT_ID) == account
        assert accounts.list_accounts() == (account,)

    def test_that_is_not_there_is_not_found(self):
        with pytest.raises(NotFoundError, match="no such account"):
            accounts.get_account(ACCOUNT_ID)
        assert accounts.find_accounts(()) == {}

    def test_is_not_written_over_another(self):
        writes.run(accounts.put_account(build_account()))

        with pytest.raises(ConditionFailedError):
            writes.run(accounts.put_account(build_account()))

    def test_is_found_among_many_asked_for_twice(self):
        ids = [new_id(NOW) for _ in range(3)]
        for account_id in ids[:2]:
            writes.run(accounts.put_account(build_account(id=account_id)))

        assert set(accounts.find_accounts((*ids, *ids))) == set(ids[:2])

    def test_is_listed_by_its_channel(self):
        for channel in ("webhook", "mastodon"):
            writes.run(accounts.put_account(build_account(id=new_id(NOW), channel=channel)))

        assert [account.channel for account in accounts.list_accounts()] == ["mastodon", "webhook"]

    def test_is_noted_as_failing_and_as_working_once(self):
        writes.run(accounts.put_account(build_account()))

        noted = [accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW) for _ in range(2)]
        failing = accounts.get_account(ACCOUNT_ID)
        worked = [accounts.mark_working(ACCOUNT_ID, version=0, now=NOW) for _ in range(2)]

        assert noted == worked == [True, False]
        assert (failing.status, failing.problem) == (AccountStatus.NEEDS_REAUTH, PROBLEM)
        assert accounts.get_account(ACCOUNT_ID) == build_account()

    def test_that_published_has_no_problem_any_more(self):
        writes.run(accounts.put_account(build_account(problem=PROBLEM)))

        assert [accounts.mark_working(ACCOUNT_ID, version=0, now=NOW) for _ in range(2)] == [True, False]
        assert accounts.get_account(ACCOUNT_ID).problem is None

    def test_that_was_paused_stays_so(self):
        paused = build_account(status=AccountStatus.PAUSED)
        writes.run(accounts.put_account(paused))

        assert not accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW)
        assert not accounts.mark_working(ACCOUNT_ID, version=0, now=NOW)
        assert accounts.get_account(ACCOUNT_ID) == paused


class TestACredentialThatWasReplaced:
    """What was under way with the former one ends after the new one is in place."""

    @pytest.fixture(autouse=True)
    def _connected_anew(self, table: str) -> None:
        writes.run(accounts.put_account(build_account()))
        writes.run(accounts.put_credential(replace(SEALED, version=2)))

    def test_is_not_blamed_for_the_former_one(self):
        assert not accounts.mark_needs_reauth(ACCOUNT_ID, version=1, problem=PROBLEM, now=NOW)

        assert accounts.get_account(ACCOUNT_ID) == build_account()

    def test_is_blamed_for_its_own_failure(self):
        assert accounts.mark_needs_reauth(ACCOUNT_ID, version=2, problem=PROBLEM, now=NOW)

    def test_is_not_vouched_for_by_what_the_former_one_did(self):
        accounts.mark_needs_reauth(ACCOUNT_ID, version=2, problem=PROBLEM, now=NOW)

        assert not accounts.mark_working(ACCOUNT_ID, version=1, now=NOW)

        assert accounts.get_account(ACCOUNT_ID).status is AccountStatus.NEEDS_REAUTH

    def test_is_not_blamed_for_having_been_absent(self):
        assert not accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW)


class TestAChange:
    def test_writes_what_differs_and_nothing_else(self):
        read = build_account(settings={"text_limit": "500"})
        writes.run(accounts.put_account(read))
        accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW)

        writes.run(accounts.change_account(replace(read, name="Renamed", settings={}, rev=2), read=read))

        changed = accounts.get_account(ACCOUNT_ID)
        assert changed == replace(
            read, name="Renamed", settings={}, rev=2, status=AccountStatus.NEEDS_REAUTH, problem=PROBLEM
        )

    def test_of_another_revision_is_not_made(self):
        read = build_account(rev=2)
        writes.run(accounts.put_account(read))

        with pytest.raises(ConditionFailedError):
            writes.run(accounts.change_account(replace(read, name="Mine"), read=replace(read, rev=1)))

    def test_of_the_status_needs_the_one_that_was_read(self):
        read = build_account()
        writes.run(accounts.put_account(read))
        accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW)

        with pytest.raises(ConditionFailedError):
            writes.run(accounts.change_account(replace(read, status=AccountStatus.PAUSED, rev=2), read=read))

    def test_of_an_account_that_is_gone_makes_none(self):
        with pytest.raises(ConditionFailedError):
            writes.run(accounts.change_account(build_account(name="Mine", rev=2), read=build_account()))


class TestACheck:
    def test_is_kept_with_its_time_and_without_a_new_revision(self):
        read = build_account()
        writes.run(accounts.put_account(read))
        checked = read.checked(HEALTH, NOW + timedelta(minutes=1))

        assert accounts.record_check(checked, read=read)
        assert accounts.get_account(ACCOUNT_ID) == checked
        assert (checked.rev, checked.health) == (read.rev, HEALTH)

    def test_of_an_account_that_was_changed_meanwhile_is_not_kept(self):
        read = build_account()
        writes.run(accounts.put_account(read))
        writes.run(accounts.change_account(replace(read, name="Renamed", rev=2), read=read))

        assert not accounts.record_check(read.checked(HEALTH, NOW), read=read)
        assert accounts.get_account(ACCOUNT_ID).health is None


class TestACredential:
    def test_is_deleted_in_the_version_that_was_read(self):
        writes.run(accounts.put_credential(SEALED))

        with pytest.raises(ConditionFailedError):
            writes.run(accounts.delete_credential(ACCOUNT_ID, version=2))
        writes.run(accounts.delete_credential(ACCOUNT_ID, version=1))

        assert accounts.read_lane(ACCOUNT_ID).credential is None


class TestALane:
    def test_is_read_whole_in_one_request(self):
        writes.run(accounts.put_account(build_account()))
        writes.run(accounts.put_credential(SEALED))
        writes.run(accounts.put_stop_switch(is_on=True, actor_id="admin-1", now=NOW))
        hold = Hold(until=NOW, reason=Reason.RATE, detail="Wait.")
        accounts.hold_account(ACCOUNT_ID, hold=hold)

        assert accounts.read_lane(ACCOUNT_ID) == accounts.Lane(
            account=build_account(), credential=SEALED, is_stopped=True, hold=hold
        )

    def test_is_held_until_the_latest_time_that_was_named(self):
        early, late = (Hold(until=NOW + timedelta(minutes=n), reason=Reason.RATE, detail="Wait.") for n in (1, 2))

        noted = [accounts.hold_account(ACCOUNT_ID, hold=hold) for hold in (early, late, late, early)]

        assert noted == [True, True, False, False]
        assert accounts.read_lane(ACCOUNT_ID).hold == late

    def test_of_nothing_is_empty(self):
        assert accounts.read_lane(ACCOUNT_ID) == accounts.Lane(account=None, credential=None, is_stopped=False)

    def test_keeps_its_secret_off_the_accounts_row_and_out_of_sight(self):
        writes.run(accounts.put_account(build_account()))
        writes.run(accounts.put_credential(replace(SEALED, expires_at=None)))

        assert set(raw(f"ACCOUNT#{ACCOUNT_ID}", "CREDENTIAL")) == {
            "PK", "SK", "kind", "ciphertext", "nonce", "data_key", "tver",
        }  # fmt: skip
        assert "secret" not in repr(SEALED)


class TestTheStopSwitch:
    @pytest.mark.parametrize("is_on", [True, False])
    def test_is_what_was_last_set(self, is_on):
        assert not accounts.is_stopped()
        writes.run(accounts.put_stop_switch(is_on=not is_on, actor_id="admin-1", now=NOW))
        writes.run(accounts.put_stop_switch(is_on=is_on, actor_id="admin-1", now=NOW))

        assert accounts.is_stopped() is is_on


class TestABatchRead:
    def test_asks_again_for_what_was_left_out(self, monkeypatch):
        writes.run(accounts.put_account(build_account()))
        dispatch, asked = writes.dispatch, []

        def leave_out(operation: str, arguments: Any) -> Any:
            asked.append(operation)
            if len(asked) == 1:
                return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}
            return dispatch(operation, arguments)

        monkeypatch.setattr(writes, "dispatch", leave_out)

        assert accounts.get_account(ACCOUNT_ID) == build_account()
        assert asked == ["BatchGetItem", "BatchGetItem"]

    def test_gives_up_when_the_table_never_answers_for_all(self, monkeypatch):
        monkeypatch.setattr(
            writes, "dispatch", lambda _, arguments: {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}
        )

        with pytest.raises(UnavailableError, match="did not answer for all"):
            accounts.read_lane(ACCOUNT_ID)


class TestAParkedRecord:
    def park(self, data: bytes = b"not ours", sequence_number: str = "1") -> None:
        park_record(data=data, reason="Not JSON.", partition_key="lane", sequence_number=sequence_number, now=NOW)

    def test_is_kept_with_its_reason(self):
        self.park()

        row = raw("PARKED#2026-12-01", "1")
        assert base64.b64decode(row["data"]["S"]) == b"not ours"
        assert (row["reason"], row["partition_key"]) == ({"S": "Not JSON."}, {"S": "lane"})

    def test_parked_twice_is_one(self):
        self.park()
        self.park()
        self.park(sequence_number="2")

        assert count_parked("2026-12-01") == 2
        assert count_parked("2026-12-02") == 0

    def test_is_cut_to_what_shows_what_it_was(self):
        self.park(b"x" * (DATA_LIMIT + 1))

        assert len(base64.b64decode(raw("PARKED#2026-12-01", "1")["data"]["S"])) == DATA_LIMIT


class TestTheBinding:
    def test_names_the_table_for_every_kind_of_row(self, table):
        assert TableItem.Meta.table_name == table
