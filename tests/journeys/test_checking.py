"""A check of an account, from the request to what is on the account afterwards, by the real worker."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publishing.adapters import clock
from publishing.domain.account import Account, AccountStatus
from publishing.domain.delivery import DeliveryState
from publishing.domain.draft import AccountChanges
from publishing.domain.events import CheckAccount
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import Problem, Reason
from publishing.domain.permissions import SYSTEM
from publishing.services import performing, steps
from publishing.services.connecting import change_account, check_account, disconnect_account
from publishing.services.halting import set_stop_switch
from publishing.store import accounts, writes
from publishing.store.parked import count_parked
from tests.system import System

CREDENTIAL = Problem(code=Reason.CREDENTIAL.value, detail="It was refused.", retryable=True)


def checked(system: System, account: Account) -> Account:
    """Have an account checked, and return it as it is then."""
    check_account(actor=SYSTEM, account_id=account.id, now=clock.now(), context=system.context)
    assert system.work() == {"batchItemFailures": []}
    return accounts.get_account(account.id)


def change(system: System, account: Account, **changes: Any) -> Account:
    return change_account(
        actor=SYSTEM, account_id=account.id, changes=AccountChanges(**changes), rev=None, now=clock.now(),
        context=system.context,
    )  # fmt: skip


class TestACheck:
    def test_of_an_account_that_works_is_on_it(self, system: System):
        account = system.connect("mastodon", "toots")

        found = checked(system, account)

        assert found.health is not None
        assert (found.status, found.problem, found.health.verdict) == (AccountStatus.OK, None, HealthVerdict.OK)
        assert found.checked_at is not None
        assert found.checked_at >= account.created_at
        assert (found.rev, system.posts()) == (account.rev, [])

    def test_of_a_revoked_credential_makes_deliveries_wait_until_it_is_replaced(self, system: System):
        account = system.connect("mastodon", "toots", credential="revoked")

        failing = checked(system, account)
        change(system, account, credential="mastodon-toots-token")
        replaced = accounts.get_account(account.id)
        working = checked(system, account)

        assert (failing.status, failing.problem and failing.problem.code) == (AccountStatus.NEEDS_REAUTH, "credential")
        assert (replaced.status, replaced.problem, replaced.health) == (AccountStatus.OK, None, None)
        assert (working.status, working.problem) == (AccountStatus.OK, None)

    def test_of_a_restored_credential_lets_deliveries_go_on(self, system: System):
        account = system.connect("mastodon", "toots")
        accounts.mark_needs_reauth(account.id, version=1, problem=CREDENTIAL, now=clock.now())

        assert checked(system, account).status is AccountStatus.OK

    def test_and_a_new_credential_outlive_a_delivery_that_was_under_way_with_the_former_one(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ):
        account = system.connect("mastodon", "toots", credential="revoked")
        publish = performing.PERFORMERS[steps.Publish]

        def replace_meanwhile(performer: performing.Performer, step: steps.Publish) -> object:
            outcome = publish(performer, step)
            change(system, account, credential="mastodon-toots-token")
            monkeypatch.setitem(performing.PERFORMERS, steps.Publish, publish)
            return outcome

        monkeypatch.setitem(performing.PERFORMERS, steps.Publish, replace_meanwhile)
        message = system.publish(account).message
        system.tick()
        system.work()

        assert system.read(message.id).deliveries[0].state is DeliveryState.RETRY
        replaced = accounts.get_account(account.id)
        assert (replaced.status, replaced.problem) == (AccountStatus.OK, None)

    def test_that_finds_something_else_leaves_deliveries_alone(self, system: System):
        account = system.connect("mastodon", "toots")
        system.misbehave("mastodon", "forbidden", on="read")

        found = checked(system, account)

        assert (found.status, found.problem and found.problem.code) == (AccountStatus.OK, "permission")

    def test_is_outlived_by_no_problem_that_a_publication_disproves(self, system: System):
        account = system.connect("mastodon", "toots")
        system.misbehave("mastodon", "forbidden", on="read")
        checked(system, account)

        message = system.publish(account).message
        system.tick()
        system.work()

        assert system.read(message.id).deliveries[0].state is DeliveryState.PUBLISHED
        assert accounts.get_account(account.id).problem is None

    def test_that_learns_nothing_changes_nothing_but_says_so(self, system: System):
        account = system.connect("webhook", "newsroom")
        accounts.mark_needs_reauth(account.id, version=1, problem=CREDENTIAL, now=clock.now())

        found = checked(system, account)

        assert found.health is not None
        assert (found.status, found.problem) == (AccountStatus.NEEDS_REAUTH, CREDENTIAL)
        assert found.health.verdict is HealthVerdict.CANNOT_TELL

    def test_leaves_a_paused_account_paused(self, system: System):
        account = system.connect("mastodon", "toots", credential="revoked")
        change(system, account, is_paused=True)

        found = checked(system, account)
        resumed = change(system, account, is_paused=False)

        assert (found.status, found.problem and found.problem.code) == (AccountStatus.PAUSED, "credential")
        assert resumed.status is AccountStatus.NEEDS_REAUTH

    def test_is_made_while_dispatch_is_halted(self, system: System):
        account = system.connect("mastodon", "toots")
        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())

        assert checked(system, account).checked_at is not None

    def test_of_a_credential_that_cannot_be_opened_asks_nobody(self, system: System):
        account = system.connect("mastodon", "toots")
        sealed = accounts.read_lane(account.id).credential
        assert sealed is not None
        writes.run(accounts.replace_credential(replace(sealed, ciphertext=b"spoiled" * 8), version=sealed.version))

        assert checked(system, account).status is AccountStatus.NEEDS_REAUTH

    @pytest.mark.parametrize("is_disconnected", [True, False])
    def test_of_an_account_that_is_gone_is_dropped(self, system: System, is_disconnected: bool):
        account = system.connect("mastodon", "toots")
        event = CheckAccount(account_id=account.id if is_disconnected else account.id[::-1])
        disconnect_account(actor=SYSTEM, account_id=account.id, rev=None, now=clock.now(), context=system.context)

        assert system.handle([event]) == {"batchItemFailures": []}
        assert accounts.get_account(account.id).checked_at is None
        assert count_parked(f"{clock.now():%Y-%m-%d}") == 0

    def test_comes_again_when_there_is_no_time_for_it(self, system: System):
        account = system.connect("mastodon", "toots")
        check_account(actor=SYSTEM, account_id=account.id, now=clock.now(), context=system.context)

        answer = system.work(seconds=15)

        assert answer["batchItemFailures"]
        assert accounts.get_account(account.id).checked_at is None

    def test_is_made_anew_when_the_credential_is_replaced_meanwhile(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ):
        account = system.connect("mastodon", "toots", credential="revoked")
        ask = performing.PERFORMERS[steps.AskHealth]
        asked: list[str] = []

        def replace_meanwhile(performer: performing.Performer, step: steps.AskHealth) -> Any:
            asked.append(step.destination.credential)
            health = ask(performer, step)
            if len(asked) == 1:
                change(system, account, credential="mastodon-toots-token")
            return health

        monkeypatch.setitem(performing.PERFORMERS, steps.AskHealth, replace_meanwhile)

        found = checked(system, account)

        assert asked == ["revoked", "mastodon-toots-token"]
        assert (found.status, found.problem) == (AccountStatus.OK, None)

    def test_gives_up_on_an_account_that_never_rests(self, system: System, monkeypatch: pytest.MonkeyPatch):
        account = system.connect("mastodon", "toots")
        ask = performing.PERFORMERS[steps.AskHealth]
        names = iter(["a", "b", "c"])

        def rename_meanwhile(performer: performing.Performer, step: steps.AskHealth) -> Any:
            change(system, account, name=next(names))
            return ask(performer, step)

        monkeypatch.setitem(performing.PERFORMERS, steps.AskHealth, rename_meanwhile)

        assert checked(system, account).checked_at is None


class TestADisconnectedAccount:
    def test_fails_what_still_waits_for_it_and_keeps_its_name(self, system: System):
        gone, left = system.connect("webhook", "gone"), system.connect("webhook", "left")
        message = system.publish(gone, left).message
        disconnect_account(actor=SYSTEM, account_id=gone.id, rev=None, now=clock.now(), context=system.context)

        system.tick()
        system.work()

        states = {each.account_id: each.state for each in system.read(message.id).deliveries}
        lane = accounts.read_lane(gone.id)
        assert states == {gone.id: DeliveryState.FAILED, left.id: DeliveryState.PUBLISHED}
        assert lane.account is not None
        assert (lane.account.name, lane.account.status) == ("gone", AccountStatus.DISCONNECTED)
        assert lane.credential is None

    def test_lets_nothing_more_happen_to_it_by_what_was_under_way(self, system: System):
        account = system.connect("mastodon", "toots")
        disconnect_account(actor=SYSTEM, account_id=account.id, rev=None, now=clock.now(), context=system.context)
        later = clock.now() + timedelta(seconds=1)

        noted = [
            accounts.mark_needs_reauth(account.id, version=1, problem=CREDENTIAL, now=later),
            accounts.mark_working(account.id, version=1, now=later),
        ]

        assert noted == [False, False]
        assert accounts.get_account(account.id).status is AccountStatus.DISCONNECTED
