"""The real process on the real emulator, killed again and again: nothing that was put is skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def own_emulator(start_emulator):
    return start_emulator()


@pytest.fixture
def start_stream(own_emulator, tmp_path):
    """Start the mapping's process on an emulator of the test's own; it ends with the test."""
    environment = {**os.environ, **own_emulator.environment, "NOTES": str(tmp_path / "notes"), "PYTHONPATH": str(ROOT)}
    environment |= {"OMNIPUB_STATE": str(tmp_path / "local"), "OMNIPUB_MAPPING_POLL_INTERVAL": "0.05"}
    started = []

    def start():
        command = [sys.executable, "-m", "local.events.stream", "--handler", "tests.local.events.handlers:note"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def noted(tmp_path):
    """Return the data of all records that the handler saw so far."""
    path = tmp_path / "notes"
    return lambda: path.read_text().split() if path.exists() else []


@pytest.fixture
def put(own_emulator):
    """Put a record on the stream."""

    def put(data):
        own_emulator.client("kinesis").put_record(
            StreamName=own_emulator.provisioned.stream_name, PartitionKey="account-1", Data=data.encode()
        )

    return put


class TestStreamProcess:
    def test_skips_nothing_however_often_it_is_killed(self, start_stream, put, noted, wait_until):
        for round_number in range(3):
            process = start_stream()
            for number in range(25):
                put(f"{round_number}-{number}")
            wait_until(lambda n=round_number: len(set(noted())) > 25 * n)
            process.kill()
            process.wait()

        start_stream()

        expected = {f"{round_number}-{number}" for round_number in range(3) for number in range(25)}
        wait_until(lambda: set(noted()) == expected)

    def test_goes_on_after_the_emulator_was_killed(self, own_emulator, start_stream, put, noted, wait_until):
        start_stream()
        put("before")
        wait_until(lambda: noted() == ["before"])

        own_emulator.restart(kill=True)
        put("after")

        wait_until(lambda: noted()[-1] == "after")

    def test_ends_on_sigterm_with_its_place_kept(self, start_stream, put, noted, wait_until):
        process = start_stream()
        put("before")
        wait_until(noted)
        process.terminate()
        code = process.wait(timeout=20)

        start_stream()
        put("after")
        wait_until(lambda: "after" in noted())

        assert code == 0
        assert noted() == ["before", "after"]
