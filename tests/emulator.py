"""The AWS emulator for tests: real processes on free ports, stopped with the session or the test that started them.

`emulator` is one per test process and shared; take a fresh table from `emulator_table`. A test that kills an emulator
or spoils its state starts its own with `start_emulator`.
"""

import os
import secrets
import selectors
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from local.aws.provision import CREDENTIALS, REGION, Provisioned, provision
from publishing import table

ROOT = Path(__file__).parent.parent
# Sessions read large files to make their first client, and make clients safely in one thread only.
_session = Session()
_making_clients = threading.Lock()
START_WITHIN = 30  # seconds; a bound for a broken start, not a measurement


class EmulatorRefusedError(Exception):
    """The emulator did not start. The text is what it said."""


class Emulator:
    """A running emulator with its state folder."""

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        compact_at: int | None = None,
        variables: Mapping[str, str] | None = None,
        enforces_roles: bool = False,
    ) -> None:
        self.state = state
        self._variables = variables or {}
        self._port = port
        self._options = [] if compact_at is None else ["--compact-at", str(compact_at)]
        if enforces_roles:
            self._options.append("--enforce-roles")
        self._provisioned: Provisioned | None = None
        self._process: subprocess.Popen[str]
        self.url = ""
        self.start()

    @property
    def provisioned(self) -> Provisioned:
        """What exists in it; provisioned when first asked for."""
        if self._provisioned is None:
            self._provisioned = provision(self.url)
        return self._provisioned

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a process of omnipub is started with, to use this emulator."""
        return self.provisioned.environment()

    @property
    def pid(self) -> int:
        return self._process.pid

    def client(self, service: str, *, region: str = REGION, **settings: Any) -> Any:
        """A botocore client that never retries: a test wants to see the first answer."""
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, **settings)
        with _making_clients:
            return _session.create_client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=config,
            )

    def create_table(self) -> str:
        """Create a table of the project's shape and return its name."""
        name = f"test-{secrets.token_hex(8)}"
        self.client("dynamodb").create_table(**table.definition(name))
        return name

    def start(self) -> None:
        """Start it and wait until it answers. Raises `EmulatorRefusedError` with its words where it ends instead."""
        python = ROOT / ".venv-emulator/bin/python"
        if not python.exists():
            pytest.fail("The emulator is not installed; install it with: make emulator")
        command = [str(python), "-m", "local.aws.launcher", "--port", str(self._port), "--state", str(self.state)]
        self._process = subprocess.Popen(
            [*command, "--parent", str(os.getpid()), *self._options],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **self._variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(START_WITHIN) else ""
        if not line:
            self._process.kill()
            raise EmulatorRefusedError(self._finish())
        self.url = line.split()[-1]
        self._port = int(self.url.rpartition(":")[2])

    def stop(self, *, kill: bool = False) -> str:
        """End it, politely or with `kill -9`, and return what it wrote to standard error."""
        if self._process.returncode is not None:
            return ""
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        return self._finish()

    def restart(self, *, kill: bool = False) -> None:
        """End it and start it anew on the same port and state folder."""
        self.stop(kill=kill)
        self.start()

    def _finish(self) -> str:
        _, said = self._process.communicate(timeout=START_WITHIN)
        return said.strip()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for all tests of this process. It holds what tests before left there: use names of your own."""
    running = Emulator(tmp_path_factory.mktemp("emulator") / "state")
    yield running
    running.stop()


@pytest.fixture
def emulator_table(emulator: Emulator) -> Iterator[str]:
    """The name of a fresh, empty table in the shared emulator."""
    name = emulator.create_table()
    yield name
    emulator.client("dynamodb").delete_table(TableName=name)


@pytest.fixture(scope="session")
def provisioned_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of an emulator that was provisioned and stopped; copy it, making it anew costs a second."""
    state = tmp_path_factory.mktemp("provisioned") / "state"
    running = Emulator(state)
    provision(running.url)
    running.stop()
    return state


@pytest.fixture
def start_emulator(tmp_path: Path, provisioned_state: Path) -> Iterator[Callable[..., Emulator]]:
    """Start emulators that only this test uses; they end with it. By default they are provisioned already."""
    running = []

    def start(state: Path | None = None, **options: Any) -> Emulator:
        if state is None:
            state = shutil.copytree(provisioned_state, tmp_path / "state", symlinks=True)
        started = Emulator(state, **options)
        running.append(started)
        return started

    yield start
    for started in running:
        started.stop()
