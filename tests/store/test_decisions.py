"""What workers decide and a person would ask about: each has one record, and none where nothing was decided."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from publishing.domain.account import AccountStatus
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Problem
from publishing.store import accounts, audit, messages, writes
from tests.builders import ACCOUNT_ID, MESSAGE_ID, NOW, build_account, build_message

pytestmark = pytest.mark.usefixtures("table")
PROBLEM = Problem(code="credential", detail="The credential has expired.", retryable=True)
FAILING = build_account(status=AccountStatus.NEEDS_REAUTH, problem=PROBLEM)


def recorded() -> list[tuple[str, str, str]]:
    records = [link.record for link in audit.read_chain(f"{NOW:%Y-%m-%d}")]
    return [(record.actor, record.action, record.target) for record in records]


def check(*, to: AccountStatus) -> bool:
    read = accounts.get_account(ACCOUNT_ID)
    return accounts.record_check(replace(read, status=to, checked_at=NOW, updated_at=NOW), read=read)


class TestADecisionAboutAnAccount:
    @pytest.mark.parametrize(
        ("account", "decide", "action"),
        [
            (
                build_account(),
                partial(accounts.mark_needs_reauth, version=0, problem=PROBLEM, now=NOW),
                "account.needs_reauth",
            ),
            (FAILING, partial(accounts.mark_working, version=0, now=NOW), "account.works_again"),
            (build_account(), partial(accounts.block_account, problem=PROBLEM, now=NOW), "account.block"),
            (build_account(), lambda _: check(to=AccountStatus.NEEDS_REAUTH), "account.check"),
        ],
    )
    def test_has_one_record(self, account, decide: Callable[[str], bool], action: str):
        writes.run(accounts.put_account(account))

        assert decide(ACCOUNT_ID)

        assert recorded() == [("system", action, f"account:{ACCOUNT_ID}")]

    @pytest.mark.parametrize(
        "decide",
        [
            partial(accounts.mark_needs_reauth, version=0, problem=PROBLEM, now=NOW),
            partial(accounts.mark_working, version=0, now=NOW),
            partial(accounts.block_account, problem=PROBLEM, now=NOW),
        ],
    )
    def test_that_was_none_has_none(self, decide: Callable[[str], bool]):
        writes.run(accounts.put_account(build_account(status=AccountStatus.DISCONNECTED)))

        assert not decide(ACCOUNT_ID)

        assert recorded() == []

    def test_is_recorded_once_however_many_deliveries_meet_it(self):
        writes.run(accounts.put_account(build_account()))

        noted = [accounts.mark_needs_reauth(ACCOUNT_ID, version=0, problem=PROBLEM, now=NOW) for _ in range(3)]

        assert noted == [True, False, False]
        assert len(recorded()) == 1

    def test_is_none_when_a_check_finds_what_was_known(self):
        writes.run(accounts.put_account(build_account()))

        assert check(to=AccountStatus.OK)

        assert recorded() == []


class TestTheEndOfAMessage:
    @pytest.fixture(autouse=True)
    def _under_way(self, table: str) -> None:
        writes.run(messages.put_message(build_message(gen=1)))

    def test_that_needs_a_person_has_one_record(self):
        later = NOW + timedelta(seconds=1)

        ended = [
            messages.finalise(MESSAGE_ID, gen=1, status=MessageStatus.NEEDS_ATTENTION, now=now) for now in (NOW, later)
        ]

        assert ended == [True, False]
        assert recorded() == [("system", "message.needs_attention", f"message:{MESSAGE_ID}")]

    def test_that_needs_nobody_has_none(self):
        assert messages.finalise(MESSAGE_ID, gen=1, status=MessageStatus.PUBLISHED, now=NOW)

        assert recorded() == []
