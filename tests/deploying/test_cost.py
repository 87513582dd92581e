"""The estimate: its units are those that are measured, and what the README promises is what it says."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from infra import cost
from infra.stages import PROFILES

ROOT = Path(__file__).parents[2]


def estimated(stage, requests):
    load = cost.Load(requests_a_day=requests, messages_a_day=requests // 20, channels=3)
    return cost.totals(PROFILES[stage], load)


class TestTheUnits:
    def test_are_the_documented_budget(self):
        section = (ROOT / "docs/delivery.md").read_text().partition("\n## The budget\n")[2].partition("\n## ")[0]
        rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")][2:]

        assert sum(int(row[3]) + int(row[4]) for row in rows) == cost.WRITE_UNITS


class TestTheReadme:
    @pytest.mark.parametrize("requests", [1_000, 10_000, 100_000])
    def test_says_what_is_estimated(self, requests):
        cells = ["${:.2f} (${:.2f})".format(*estimated(stage, requests)) for stage in ("dev", "prod", "regulated")]

        assert f"| {requests:,} | {' | '.join(cells)} |" in (ROOT / "README.md").read_text()


#: Stage, requests a day, and the most dollars that a month of it may cost.
PROMISED = [("dev", 1_000, 12), ("prod", 10_000, 30), ("prod", 100_000, 50)]


class TestTheDesignsPromise:
    @pytest.mark.parametrize(("stage", "requests", "most"), PROMISED)
    def test_is_kept(self, stage, requests, most):
        assert estimated(stage, requests)[0] <= most

    @pytest.mark.parametrize("stage", ["dev", "prod"])
    def test_is_what_the_stages_budget_tells_of(self, stage):
        assert PROFILES[stage].monthly_budget == max(most for name, _, most in PROMISED if name == stage)

    def test_is_kept_by_a_regulated_stage_within_its_own_budget(self):
        assert estimated("regulated", 100_000)[0] <= PROFILES["regulated"].monthly_budget

    def test_is_paid_for_by_what_stands_there_idle(self):
        idle = cost.Load(requests_a_day=0, messages_a_day=0, channels=1, users=0)

        # The key and the secret; with a stream, its shard.
        assert cost.totals(PROFILES["dev"], idle)[0] == pytest.approx(1.40)
        assert cost.totals(replace(PROFILES["dev"], stream=True), idle)[0] == pytest.approx(1.40 + 10.95)


class TestTheCommand:
    def test_lists_items_that_add_up(self):
        out = StringIO()

        call_command("cost", "--messages-per-day", "500", "--channels", "3", "--stage", "prod", stdout=out)

        lines = [re.findall(r"(\d+\.\d\d)", line) for line in out.getvalue().splitlines()[1:]]
        *items, total = [float(numbers[0]) for numbers in lines]
        assert len(items) > 20
        assert total == pytest.approx(sum(items), abs=0.005 * len(items))

    @pytest.mark.parametrize(
        "arguments", [("--channels", "0"), ("--messages-per-day", "-1"), ("--stage", "staging"), ("--month", "0")]
    )
    def test_refuses_a_load_that_there_is_not(self, arguments):
        with pytest.raises(CommandError):
            call_command("cost", *arguments, stdout=StringIO())
