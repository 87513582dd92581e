"""What a check's finding makes of an account, for every status and verdict."""

import itertools
from datetime import timedelta

import pytest

from publishing.domain.account import AccountStatus
from publishing.domain.health import Health, HealthVerdict, cannot_tell, healthy, needs_reauth, unusable
from publishing.domain.outcome import Problem, Reason
from tests.builders import NOW, build_account

BEFORE = Problem(code="before", detail="What was known before.", retryable=True)
S, V = AccountStatus, HealthVerdict
FINDINGS = {
    V.OK: healthy("It works."),
    V.NEEDS_REAUTH: needs_reauth("It is refused."),
    V.PROBLEM: unusable(Reason.PERMISSION, "It lacks a right."),
    V.CANNOT_TELL: cannot_tell("Nobody was there."),
}
#: (status, verdict) → the status and the code of the problem afterwards.
TABLE = {
    (S.OK, V.OK): (S.OK, None),
    (S.OK, V.NEEDS_REAUTH): (S.NEEDS_REAUTH, "credential"),
    (S.OK, V.PROBLEM): (S.OK, "permission"),
    (S.OK, V.CANNOT_TELL): (S.OK, "before"),
    (S.NEEDS_REAUTH, V.OK): (S.OK, None),
    (S.NEEDS_REAUTH, V.NEEDS_REAUTH): (S.NEEDS_REAUTH, "credential"),
    (S.NEEDS_REAUTH, V.PROBLEM): (S.NEEDS_REAUTH, "before"),
    (S.NEEDS_REAUTH, V.CANNOT_TELL): (S.NEEDS_REAUTH, "before"),
    (S.PAUSED, V.OK): (S.PAUSED, None),
    (S.PAUSED, V.NEEDS_REAUTH): (S.PAUSED, "credential"),
    (S.PAUSED, V.PROBLEM): (S.PAUSED, "permission"),
    (S.PAUSED, V.CANNOT_TELL): (S.PAUSED, "before"),
    **{(S.BLOCKED, verdict): (S.BLOCKED, "before") for verdict in V},
    (S.DISCONNECTED, V.OK): (S.DISCONNECTED, None),
    (S.DISCONNECTED, V.NEEDS_REAUTH): (S.DISCONNECTED, "credential"),
    (S.DISCONNECTED, V.PROBLEM): (S.DISCONNECTED, "permission"),
    (S.DISCONNECTED, V.CANNOT_TELL): (S.DISCONNECTED, "before"),
}


class TestACheckedAccount:
    @pytest.mark.parametrize(("status", "verdict"), list(itertools.product(AccountStatus, HealthVerdict)))
    def test_is_as_the_table_says(self, status, verdict):
        read = build_account(status=status, problem=BEFORE)
        at = NOW + timedelta(minutes=5)

        found = read.checked(FINDINGS[verdict], at)

        assert (found.status, found.problem.code if found.problem else None) == TABLE[status, verdict]
        assert (found.health, found.checked_at, found.rev) == (FINDINGS[verdict], at, read.rev)

    def test_names_the_verdict_where_there_is_no_reason(self):
        found = build_account().checked(Health(verdict=HealthVerdict.PROBLEM, detail="Something."), NOW)

        assert found.problem is not None
        assert found.problem.code == "problem"
