"""`python -m local`: run the whole system on this machine, start anew, get a token. What `make` calls."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local.output import say
from local.plan import Ports, Step, own_environment, system, without_aws
from local.process import state_folder
from local.runfile import AlreadyRunningError, NotRunningError, RunFile
from local.supervisor import StepFailedError, Supervisor

ROOT: Final = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; return the exit code."""
    options = _parser().parse_args(arguments)
    code: int = options.command(options)
    return code


def run(options: argparse.Namespace) -> int:
    """Start everything and keep it up until Ctrl-C."""
    if sys.prefix == sys.base_prefix or not (ROOT / ".venv-emulator" / "bin" / "python").exists():
        say("Something is not installed yet. Start with: make run")
        return 1
    state = state_folder()
    ports = Ports(web=options.port, wall=options.wall_port, emulator=options.emulator_port, clock=options.clock_port)
    provision = Step(name="Creating what is missing in the emulator", run=lambda _: provision_emulator(ports))
    seed = Step(name="Putting in demonstration data", run=run_seed)
    supervisor = Supervisor(
        parts=system(root=ROOT, state=state, ports=ports, python=sys.executable, provision=provision, seed=seed),
        state=state,
        root=ROOT,
        inherited=without_aws(os.environ),
        environment=own_environment(state=state, ports=ports),
        announce=lambda: say(welcome(ports, state)),
    )
    return supervisor.run()


def reset(options: argparse.Namespace) -> int:
    """Delete everything that was kept, after asking."""
    state = state_folder()
    if not state.exists():
        say(f"There is nothing to delete: {state} does not exist.")
        return 0
    try:
        with RunFile(folder=state).lock():
            if not options.yes and not _confirmed(state):
                say("Nothing was deleted.")
                return 0
            shutil.rmtree(state)
    except AlreadyRunningError as error:
        say(f"{error}\nNothing was deleted.")
        return 1
    say(f"Deleted {state}. The next `make run` starts anew.")
    return 0


def token(options: argparse.Namespace) -> int:
    """Print an access token of a demo user, and nothing else."""
    try:
        running = RunFile(folder=state_folder()).get_running()
    except NotRunningError as error:
        print(error, file=sys.stderr)
        return 1
    endpoint = running.environment["AWS_ENDPOINT_URL"]
    command = [sys.executable, "-m", "local.aws.token", "--user", options.user, "--endpoint", endpoint]
    environment = {**without_aws(os.environ), **running.environment}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own module


def provision_emulator(ports: Ports) -> Mapping[str, str]:
    """Create table, stream, user pool and their like where they are missing; return their names as variables."""
    # Loaded here, because `reset` and `token` need not wait for the SDK.
    from botocore.exceptions import BotoCoreError, ClientError

    from local.aws.provision import provision

    try:
        made = provision(ports.emulator_url, public_url=ports.web_url)
    except (BotoCoreError, ClientError) as error:
        raise StepFailedError(f"The emulator did not let everything be created: {error}") from error
    account, queue = made.failures_queue_arn.split(":")[-2:]
    return made.environment() | {"OMNIPUB_FAILURE_QUEUE_URL": f"{ports.emulator_url}/{account}/{queue}"}


def run_seed(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Put in demonstration users, accounts and a first message, where they are missing."""
    command = [sys.executable, "-m", "local.seed"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=ROOT, env=dict(environment), check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise StepFailedError(f"The demonstration data could not be put in:\n{(done.stderr or done.stdout).strip()}")
    return {}


def welcome(ports: Ports, state: Path) -> str:
    """Return what is printed once everything is up."""
    return f"""
omnipub is up.

  The desk        {ports.web_url}/admin/   (sign in as a demo user with one click)
  The API         {ports.web_url}/api/v1/   (documentation: {ports.web_url}/api/v1/docs/)
  The wall        {ports.wall_url}/   what was posted, as the platforms show it
  A token         make token   or   make token USER=approver
  A demonstration make demo

Logs are in {state / "logs"}. Ctrl-C stops everything; the next run finds all data again.
"""


def _confirmed(state: Path) -> bool:
    try:
        return input(f"Delete {state} with all messages, accounts and users in it? [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True)
    ports = Ports()
    run_parser = commands.add_parser("run", help=run.__doc__)
    run_parser.add_argument("--port", type=int, default=ports.web, help="of the API")
    run_parser.add_argument("--wall-port", type=int, default=ports.wall, help="of the simulated platforms")
    run_parser.add_argument("--emulator-port", type=int, default=ports.emulator, help="of the AWS emulator")
    run_parser.add_argument("--clock-port", type=int, default=ports.clock, help="of Lambda's Invoke")
    run_parser.set_defaults(command=run)
    reset_parser = commands.add_parser("reset", help=reset.__doc__)
    reset_parser.add_argument("--yes", action="store_true", help="do not ask")
    reset_parser.set_defaults(command=reset)
    token_parser = commands.add_parser("token", help=token.__doc__)
    token_parser.add_argument("--user", default="editor", help="a demo user's role, or an e-mail address")
    token_parser.set_defaults(command=token)
    return parser


if __name__ == "__main__":
    sys.exit(main())
