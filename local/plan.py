"""What `make run` starts, in which order, and how to tell that it is up. Data; starts nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: The one topic that is simulated.
TOPIC: Final = "arn:aws:sns:us-east-1:000000000000:omnipub-mail"
#: What of a person's own AWS settings must never reach a child: a local run talks to the emulator alone.
_FOREIGN_PREFIX: Final = "AWS_"
#: The variable that names where the simulated platforms are.
WALL_URL: Final = "OMNIPUB_WALL_URL"
#: The scheduler function's name, as Lambda's Invoke knows it.
SCHEDULER: Final = "omnipub-scheduler"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReady:
    """Up once an HTTP request is answered, whatever the answer unless `status` names one."""

    url: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReady:
    """Up once the process touched the file that OMNIPUB_READY_FILE names."""


Ready = HttpReady | FileReady


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process that runs as long as the system does."""

    name: str
    #: What a person calls it.
    title: str
    command: tuple[str, ...]
    ready: Ready
    environment: Mapping[str, str] = field(default_factory=dict)
    #: The port on 127.0.0.1 that must be free for it.
    port: int | None = None
    #: The variable of `make run` that chooses another port.
    port_variable: str = ""
    start_within: float = 30.0
    #: Seconds that it gets to end by itself.
    stop_within: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that is done once, between two services. What it returns joins the environment of all that follow."""

    name: str
    run: Callable[[Mapping[str, str]], Mapping[str, str]]


Part = Service | Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the system listens, on 127.0.0.1."""

    web: int = 8000
    wall: int = 8010
    emulator: int = 4566
    clock: int = 4567

    @property
    def emulator_url(self) -> str:
        """Return the emulator's endpoint."""
        return f"http://127.0.0.1:{self.emulator}"

    @property
    def clock_url(self) -> str:
        """Return the endpoint of Lambda's Invoke."""
        return f"http://127.0.0.1:{self.clock}"

    @property
    def web_url(self) -> str:
        """Return where the API is."""
        return f"http://127.0.0.1:{self.web}"

    @property
    def wall_url(self) -> str:
        """Return where the simulated platforms are."""
        return f"http://127.0.0.1:{self.wall}"


def without_aws(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return a person's environment without their AWS settings: no local run may touch their account."""
    return {name: value for name, value in inherited.items() if not name.startswith(_FOREIGN_PREFIX)}


def own_environment(*, state: Path, ports: Ports) -> dict[str, str]:
    """Return the variables that every part of a local run starts with."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": ports.emulator_url,
        "AWS_ENDPOINT_URL_LAMBDA": ports.clock_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        # The simulated platforms are on loopback, which the channels do not talk to anywhere else.
        "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
        "OMNIPUB_SCHEDULER_FUNCTION": SCHEDULER,
        # Whoever counts 200 messages with all their deliveries asks more in a minute than any person.
        "OMNIPUB_API_LIMIT": "60000",
        "OMNIPUB_STATE": str(state),
        WALL_URL: ports.wall_url,
        # The simulated SES reports through a topic that signs with a certificate of its own, served on the wall's port.
        "OMNIPUB_MAIL_TOPICS": TOPIC,
        "OMNIPUB_SNS_ADDRESS": f"{ports.wall_url}/sns",
        "PYTHONUNBUFFERED": "1",
    }


def system(*, root: Path, state: Path, ports: Ports, python: str, provision: Step, seed: Step) -> tuple[Part, ...]:
    """Return the whole system, in the order in which it starts."""
    emulator_python = str(root / ".venv-emulator" / "bin" / "python")
    emulator = (emulator_python, "-m", "local.aws.launcher")
    platforms = (python, "-m", "local.platforms")
    return (
        Service(
            name="emulator",
            title="the AWS emulator",
            command=(*emulator, "--port", str(ports.emulator), "--state", str(state / "aws")),
            ready=HttpReady(url=f"{ports.emulator_url}/_ministack/health", status=200),
            port=ports.emulator,
            port_variable="EMULATOR_PORT",
            start_within=60.0,
            stop_within=15.0,  # it writes its snapshot
        ),
        provision,
        Service(
            name="platforms",
            title="the simulated platforms",
            command=(
                *platforms,
                "--port",
                str(ports.wall),
                "--state-dir",
                str(state / "platforms"),
                "--mail-hook",
                f"{ports.web_url}/hooks/ses/",
            ),
            ready=HttpReady(url=f"{ports.wall_url}/"),
            port=ports.wall,
            port_variable="WALL_PORT",
        ),
        Service(
            name="web",
            title="the API",
            command=(python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{ports.web}"),
            ready=HttpReady(url=f"{ports.web_url}/health", status=200),
            # Whoever can reach loopback may be a demo user.
            environment={"DJANGO_RUNSERVER_HIDE_WARNING": "true", "OMNIPUB_DEMO_SIGN_IN": "true"},
            port=ports.web,
            port_variable="PORT",
        ),
        Service(
            name="worker",
            title="the worker",
            command=(python, "-m", "local.events.stream"),
            ready=FileReady(),
        ),
        Service(
            name="clock",
            title="the scheduler's clock",
            command=(python, "-m", "local.events.clock", "--port", str(ports.clock)),
            ready=HttpReady(url=f"{ports.clock_url}/health", status=200),
            port=ports.clock,
            port_variable="CLOCK_PORT",
        ),
        seed,
    )
