"""The protocol under faults, seed by seed. OMNIPUB_SEEDS runs more; OMNIPUB_FIRST_SEED begins elsewhere."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from publishing.domain.timing import Timing
from tests.simulation.scenario import TIMING, run
from tests.simulation.table import BrokenError
from tests.simulation.world import STRESS, Faults

SEEDS = int(os.environ.get("OMNIPUB_SEEDS", "400"))
FIRST = int(os.environ.get("OMNIPUB_FIRST_SEED", "0"))
PARTS = 8
#: Each takes one safeguard away.
MUTANTS = (
    "resend without a key", "no kick condition", "no watchdog", "no commit mark", "doubt forgotten", "doubt is a retry",
    "take-over resends", "cancel ignores doubt", "probe with another request", "probe ignores cancel", "probe again",
    "absence is final",
)  # fmt: skip


def run_many(*, timing: Timing = TIMING, mutants: frozenset[str] = frozenset()) -> None:
    for seed in range(600):
        run(seed, faults=STRESS, timing=timing, mutants=mutants)


class TestTheProtocol:
    @pytest.mark.parametrize("part", range(PARTS))
    @pytest.mark.parametrize("faults", [Faults(), STRESS], ids=["faults", "stress"])
    def test_neither_loses_nor_doubles_nor_forgets_under_faults(self, faults: Faults, part: int):
        for seed in range(FIRST + part, FIRST + SEEDS // 2, PARTS):
            run(seed, faults=faults)


class TestTheWorld:
    def test_has_doubt_that_is_settled_by_a_repeat_which_publishes_or_names_the_first(self):
        histories = [run(seed, faults=STRESS) for seed in range(40)]

        repeats = sum(history.probes for history in histories)
        named = sum(history.platforms.named for history in histories)
        assert repeats > named > 0

    def test_has_platforms_that_make_all_of_an_accounts_deliveries_wait(self):
        histories = [run(seed, faults=STRESS) for seed in range(40)]

        assert sum(history.held_back for history in histories) > 0


class TestTheChecker:
    @pytest.mark.parametrize("mutant", MUTANTS)
    def test_catches_a_protocol_without_one_of_its_safeguards(self, mutant: str):
        with pytest.raises(BrokenError, match="seed"):
            run_many(mutants=frozenset({mutant}))

    def test_catches_a_look_up_that_does_not_wait_for_what_is_still_under_way(self):
        hasty = replace(TIMING, settle=timedelta(0))

        with pytest.raises(BrokenError, match=r"I[23]: posted"):
            run_many(timing=hasty)
