"""`python -m local.chaos.host`: the private system of a chaos run: several workers and clocks under the supervisor."""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from local.__main__ import ROOT, provision_emulator
from local.chaos.settings import Settings, check_ratios
from local.output import say
from local.plan import HttpReady, Part, Ports, Service, Step, own_environment, system, without_aws
from local.process import state_folder
from local.seed import connect_missing
from local.supervisor import StepFailedError, Supervisor
from publishing.domain.errors import DomainError, UnavailableError

#: How much longer than a tick's interval its function may run: what it leaves for handing over, and a little.
_HANDOVER = 10.0


def plan(parts: tuple[Part, ...], *, settings: Settings, state: Path, clock_ports: list[int]) -> tuple[Part, ...]:
    """Return the parts of `make run`, with several workers and clocks side by side, each with its own checkpoints."""
    changed: list[Part] = []
    for part in parts:
        if isinstance(part, Service) and part.name == "worker":
            changed += [_worker(part, state, number) for number in range(1, settings.workers + 1)]
        elif isinstance(part, Service) and part.name == "clock":
            changed += [_clock(part, settings, number, port) for number, port in enumerate(clock_ports, start=1)]
        else:
            changed.append(part)
    return tuple(changed)


def _worker(worker: Service, state: Path, number: int) -> Service:
    checkpoints = str(state / "events" / f"checkpoints-{number}")
    return replace(worker, name=f"worker-{number}", command=(*worker.command, "--checkpoints", checkpoints))


def _clock(clock: Service, settings: Settings, number: int, port: int) -> Service:
    command = (*clock.command[:-1], str(port), "--interval", str(settings.tick))
    command += ("--timeout", str(min(settings.tick + _HANDOVER, 60.0)))
    ready = HttpReady(url=f"http://127.0.0.1:{port}/health", status=200)
    return replace(clock, name=f"clock-{number}", command=command, port=port, ready=ready)


def _connect(settings: Settings) -> Step:
    def connect(environment: Mapping[str, str]) -> Mapping[str, str]:
        # The SDK reads this process's own environment.
        os.environ.update(environment)
        try:
            connect_missing(environment, wanted=settings.accounts)
        except (DomainError, UnavailableError, OSError) as error:
            raise StepFailedError(f"The accounts could not be connected: {error}") from error
        return {}

    return Step(name="Connecting accounts", run=connect)


def main() -> int:
    """Run the system until a signal ends it; return the exit code."""
    options = _parser().parse_args()
    settings = Settings(seed=0, divisor=options.divisor, clocks=len(options.clock_port))
    check_ratios(settings.timing)
    state = state_folder()
    ports = Ports(web=options.port, wall=options.wall_port, emulator=options.emulator_port, clock=options.clock_port[0])
    provision = Step(name="Creating what is missing in the emulator", run=lambda _: provision_emulator(ports))
    parts = system(
        root=ROOT, state=state, ports=ports, python=sys.executable, provision=provision, seed=_connect(settings)
    )
    supervisor = Supervisor(
        parts=plan(parts, settings=settings, state=state, clock_ports=options.clock_port),
        state=state,
        root=ROOT,
        inherited=without_aws(os.environ),
        environment={
            **own_environment(state=state, ports=ports),
            "OMNIPUB_TIME_DIVISOR": str(settings.divisor),
        },
        announce=lambda: say("The private system is up."),
    )
    return supervisor.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.chaos.host", description=__doc__)
    for name in ("--port", "--wall-port", "--emulator-port"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--clock-port", type=int, required=True, action="append", help="one for each clock")
    parser.add_argument("--divisor", type=float, required=True, help="what all durations are divided by")
    return parser


if __name__ == "__main__":
    sys.exit(main())
