"""Real processes under the real supervisor: they come up, stay up, and none outlives it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.identity import ProcessIdentity
from local.runfile import Run, RunFile
from local.supervisor import end_leftovers

ROOT = Path(__file__).parents[2]

#: A service that is ready at once, notes how it ends, and otherwise does nothing.
QUIET = """
import os, pathlib, signal, sys, time
def end(*_):
    with open(os.path.join(os.environ["OMNIPUB_STATE"], "ends"), "a") as file:
        file.write("NAME\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(os.environ["OMNIPUB_READY_FILE"]).touch()
while True:
    time.sleep(60)
"""
#: Also leaves the value of a variable behind.
CURIOUS = (
    """
import os, pathlib
pathlib.Path(os.environ["OMNIPUB_STATE"], "seen").write_text(os.environ["ADDED"])
"""
    + QUIET
)
BROKEN = "print('the reason it cannot start'); raise SystemExit(3)"
STUBBORN = QUIET.replace("sys.exit(0)", "pass")
#: A service with a process of its own.
PARENT = (
    """
import os, pathlib, subprocess, sys
own = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, print); time.sleep(600)"])
pathlib.Path(os.environ["OMNIPUB_STATE"], "own").write_text(str(own.pid))
"""
    + QUIET
)


def quiet(name, **more):
    return {"name": name, "code": QUIET.replace("NAME", name), **more}


def wait_until(condition):
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("It did not come to pass within 30 s.")


class System:
    """Runs dummy systems in one state folder, and ends what a test leaves."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *specs, **environment):
        command = [sys.executable, str(ROOT / "tests/local/dummy_system.py"), str(self.state), json.dumps(specs)]
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def up(self, *specs, **environment):
        process = self.start(*specs, **environment)
        wait_until(lambda: process.poll() is not None or self.is_up(process))
        assert process.poll() is None, process.communicate()[0]
        return process

    def is_up(self, process):
        run = self.run()
        return run is not None and run.supervisor.pid == process.pid and run.state == "ready"

    def run(self) -> Run | None:
        return RunFile(folder=self.state).read()

    def services(self):
        run = self.run()
        return dict(run.services) if run else {}


@pytest.fixture
def system(tmp_path):
    system = System(tmp_path / "state")
    yield system
    for process in system.started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def ended(identities):
    return lambda: not any(identity.is_alive() for identity in identities)


def output_of(process):
    output, _ = process.communicate(timeout=30)
    return output


class TestSupervisor:
    def test_starts_in_order_and_stops_in_reverse_order(self, system):
        process = system.up(quiet("first"), quiet("second"), quiet("third"))
        services = system.services()

        process.terminate()

        assert process.wait(timeout=30) == 0
        assert list(services) == ["first", "second", "third"]
        assert (system.state / "ends").read_text().split() == ["third", "second", "first"]
        assert ended(services.values())()
        assert system.run() is None

    def test_stops_on_ctrl_c(self, system):
        process = system.up(quiet("first"))
        services = system.services()

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 0
        assert ended(services.values())()

    def test_kills_what_will_not_stop(self, system):
        process = system.up({"name": "stubborn", "code": STUBBORN, "stop_within": 0.5})
        services = system.services()

        process.terminate()

        assert process.wait(timeout=20) == 0
        assert ended(services.values())()

    def test_does_not_wait_for_anything_when_asked_a_second_time(self, system):
        process = system.up({"name": "stubborn", "code": STUBBORN, "stop_within": 600})
        services = system.services()
        process.send_signal(signal.SIGINT)
        wait_until(lambda: system.run().state == "stopping")

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 0
        assert ended(services.values())()

    def test_ends_what_its_services_started(self, system):
        process = system.up({"name": "parent", "code": PARENT})
        own = ProcessIdentity.of(int((system.state / "own").read_text()))
        assert own is not None

        process.terminate()

        assert process.wait(timeout=30) == 0
        wait_until(ended([own]))

    def test_hands_what_a_step_made_to_the_services_after_it(self, system):
        system.up({"adds": "ADDED"}, {"name": "curious", "code": CURIOUS})

        assert (system.state / "seen").read_text() == "from the step"
        assert system.run().environment["ADDED"] == "from the step"

    def test_writes_nothing_of_the_persons_own_environment_down(self, system):
        system.up(quiet("first"), PERSONAL="secret")

        assert "PERSONAL" not in system.run().environment

    def test_starts_a_killed_service_again(self, system):
        system.up(quiet("first"), quiet("second"))
        killed = system.services()["first"]

        os.kill(killed.pid, signal.SIGKILL)

        again = wait_until(lambda: (now := system.services().get("first")) and now != killed and now)
        assert again.is_alive()
        assert system.services()["second"].is_alive()

    def test_goes_on_however_often_a_service_is_killed(self, system):
        process = system.up(quiet("first"))

        for _ in range(8):
            killed = wait_until(lambda: system.services().get("first"))
            os.kill(killed.pid, signal.SIGKILL)
            wait_until(lambda killed=killed: system.services().get("first") not in (None, killed))

        assert process.poll() is None

    def test_stops_everything_when_a_service_does_not_come_up(self, system):
        process = system.start(quiet("first"), {"name": "broken", "code": BROKEN})

        output = output_of(process)

        assert process.returncode == 1
        assert "The broken does not come up: it ended with exit code 3." in output
        assert "the reason it cannot start" in output
        assert (system.state / "ends").read_text().split() == ["first"]

    def test_refuses_a_second_run_and_leaves_the_first_alone(self, system):
        first = system.up(quiet("first"))

        second = system.start(quiet("first"))

        assert output_of(second) == (
            f"omnipub already runs here. Stop it with Ctrl-C where it was started, or with: kill {first.pid}\n"
        )
        assert second.returncode == 1
        assert all(identity.is_alive() for identity in system.services().values())

    def test_names_the_port_that_is_taken_and_starts_nothing(self, system):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            process = system.start(quiet("first"), quiet("second", port=port))

            output = output_of(process)

        assert process.returncode == 1
        assert output.startswith(f"Port {port} (the second) of 127.0.0.1 is taken by another program.")
        assert len(output.splitlines()) == 1
        assert not (system.state / "logs").exists()


class TestKilledSupervisor:
    @pytest.mark.parametrize("environment", [{}, {"OMNIPUB_GUARD_WATCHES": "1"}], ids=["kernel", "watching guard"])
    def test_takes_its_services_along(self, system, environment):
        process = system.up(quiet("first"), quiet("second"), **environment)
        services = system.services()

        process.kill()

        wait_until(ended(services.values()))

    def test_does_not_keep_the_next_run_from_starting(self, system):
        system.up(quiet("first")).kill()
        system.started[0].wait()

        system.up(quiet("first"))

        assert system.services()["first"].is_alive()


class TestLeftovers:
    @pytest.fixture
    def sleeper(self):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        yield process
        process.kill()
        process.wait()

    def record(self, folder, identity):
        me = ProcessIdentity.of(os.getpid())
        assert me is not None
        file = RunFile(folder=folder)
        file.write(Run(state="ready", supervisor=me, services={"web": identity}))
        return file

    def test_of_a_killed_run_are_ended(self, tmp_path, sleeper):
        file = self.record(tmp_path, ProcessIdentity.of(sleeper.pid))

        end_leftovers(file)

        assert sleeper.wait(timeout=30) == -signal.SIGTERM
        assert file.read() is None

    def test_whose_pid_somebody_else_has_now_are_left_alone(self, tmp_path, sleeper):
        file = self.record(tmp_path, ProcessIdentity(pid=sleeper.pid, started="another time"))

        end_leftovers(file)

        assert sleeper.poll() is None

    def test_in_a_damaged_record_are_no_reason_to_fail(self, tmp_path):
        (tmp_path / "run.json").write_text('{"format": 1, "services": ')

        end_leftovers(RunFile(folder=tmp_path))
