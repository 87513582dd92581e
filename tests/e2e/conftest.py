"""Systems of processes, as `make run` starts them, in folders and on ports of their own."""

import pytest

from local.chaos.private import free_ports, running


def command() -> list[str]:
    """What `make run` calls, on free ports."""
    web, wall, emulator, clock = (str(port) for port in free_ports(4))
    return [
        "local", "run", "--port", web, "--wall-port", wall, "--emulator-port", emulator, "--clock-port", clock,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def running_system(tmp_path_factory):
    with running(command(), state=tmp_path_factory.mktemp("run")) as system:
        yield system
