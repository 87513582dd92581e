"""What a chaos run plans, without running it."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from local.chaos import host
from local.chaos.load import number_of, plan, text_of
from local.chaos.settings import Settings, check_ratios
from local.plan import Ports, Service, Step, system
from publishing.domain.timing import Timing


def chance(seed):
    return Random(seed)


class TestSettings:
    @pytest.mark.parametrize("divisor", [1.0, 6.0])
    def test_keep_every_ratio_of_production(self, divisor):
        check_ratios(Settings(seed=0, divisor=divisor).timing)

    def test_refuse_a_duration_that_was_changed_alone(self):
        timing = Settings(seed=0).timing

        with pytest.raises(ValueError, match="watchdog"):
            check_ratios(replace(timing, watchdog=Timing().watchdog))

    def test_tick_every_ten_seconds_at_the_usual_divisor(self):
        assert Settings(seed=0).tick == 10.0


class TestLoad:
    def test_is_the_same_for_the_same_seed(self):
        settings = Settings(seed=5)

        first, second = (plan(settings, chance(settings.seed)) for _ in range(2))

        assert [(each.number, each.create_at, each.due_at, each.cancel_at, each.edit_at) for each in first] == [
            (each.number, each.create_at, each.due_at, each.cancel_at, each.edit_at) for each in second
        ]

    def test_holds_everything_that_was_asked_for_within_the_span(self):
        tracks = plan(Settings(seed=1), chance(1))

        assert len(tracks) == 200
        assert sum(1 for track in tracks if track.cancel_at is not None) == 50
        assert sum(1 for track in tracks if track.edit_at is not None) == 40
        assert all(0 <= track.create_at < track.due_at <= 180 for track in tracks)

    def test_finds_a_message_again_by_what_it_says(self):
        assert number_of(text_of(17, 2)) == 17
        assert number_of("Hello from omnipub!") is None


class TestHost:
    def test_runs_workers_and_clocks_side_by_side_each_with_its_own_checkpoints(self):
        step = Step(name="step", run=lambda _: {})
        parts = system(
            root=Path("/r"), state=Path("/s"), ports=Ports(clock=7), python="python", provision=step, seed=step
        )

        changed = host.plan(parts, settings=Settings(seed=0), state=Path("/s"), clock_ports=[7, 8])

        services = {part.name: part for part in changed if isinstance(part, Service)}
        assert list(services) == ["emulator", "platforms", "web", "worker-1", "worker-2", "clock-1", "clock-2"]
        assert services["worker-1"].command[-1] != services["worker-2"].command[-1]
        assert [services[name].port for name in ("clock-1", "clock-2")] == [7, 8]
        assert "10.0" in services["clock-2"].command
