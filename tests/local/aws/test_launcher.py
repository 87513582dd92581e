"""When the emulator starts, when it refuses to, and what it opens."""

import os
import resource
import select
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.emulator import ROOT, Emulator, EmulatorRefusedError

Start = Callable[..., Emulator]


class TestLauncher:
    def test_listens_on_one_loopback_port_and_nowhere_else(self, emulator):
        emulator.provisioned  # noqa: B018 - loads the services, which is when they would open ports

        assert listeners_of(emulator.pid) == [emulator.url.removeprefix("http://")]

    def test_refuses_a_state_folder_in_use(self, start_emulator: Start):
        first = start_emulator()

        with pytest.raises(EmulatorRefusedError) as refusal:
            start_emulator(first.state)

        assert (
            str(refusal.value) == f"Another emulator (process {first.pid}) already uses the state folder {first.state}."
        )

    def test_refuses_a_port_in_use(self, start_emulator: Start):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]

            with pytest.raises(EmulatorRefusedError) as refusal:
                start_emulator(port=port)

        assert str(refusal.value) == (
            f"Port {port} on 127.0.0.1 cannot be used for the AWS emulator: Address already in use."
        )

    def test_refuses_another_version_of_the_emulator(self, tmp_path):
        code = "import local.aws.launcher as it; it.MINISTACK = '0.0.1'; it.main()"
        python = ROOT / ".venv-emulator/bin/python"

        answer = subprocess.run(
            [python, "-c", code, "--port", "0", "--state", tmp_path],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert answer.returncode == 1
        assert answer.stderr == "This launcher fits ministack 0.0.1 only and found 1.5.33; run: make emulator\n"

    def test_refuses_to_be_emptied_over_http(self, emulator):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"{emulator.url}/_ministack/reset", data=b"")

        with refusal.value:
            assert refusal.value.code == 403

    def test_stops_cleanly_when_asked(self, start_emulator: Start):
        running = start_emulator()

        assert running.stop() == ""
        with pytest.raises(ProcessLookupError):
            os.kill(running.pid, 0)


class TestDamagedState:
    @pytest.mark.parametrize("name", ["current/dynamodb.json", "services/cognito.json", "services/kms.json"])
    def test_is_refused_and_left_alone(self, start_emulator: Start, name):
        damaged = spoil(start_emulator, name, at=-20)

        with pytest.raises(EmulatorRefusedError) as refusal:
            start_emulator(damaged.parents[1])

        assert f"The state file {damaged} is damaged; nothing was changed." in str(refusal.value).replace(
            str(damaged.resolve()), str(damaged)
        )
        assert "Traceback" not in str(refusal.value)
        assert b"XX" in damaged.read_bytes()

    def test_of_the_journal_is_refused_in_the_middle(self, start_emulator: Start):
        damaged = spoil(start_emulator, "current/journal", at=30)

        with pytest.raises(EmulatorRefusedError, match=r"Line 1 of the journal .* is damaged; nothing was changed"):
            start_emulator(damaged.parents[1])

    def test_of_the_journal_is_cut_off_at_its_end(self, start_emulator: Start):
        running = start_emulator()
        name = running.create_table()
        dynamodb = running.client("dynamodb")
        dynamodb.put_item(TableName=name, Item=item("whole"))
        dynamodb.put_item(TableName=name, Item=item("torn"))
        running.stop(kill=True)
        journal = running.state / "current/journal"
        os.truncate(journal, journal.stat().st_size - 3)

        running.start()
        dynamodb.put_item(TableName=name, Item=item("later"))
        running.restart(kill=True)

        keys = {found["PK"]["S"] for found in dynamodb.scan(TableName=name)["Items"]}
        assert keys == {"whole", "later"}

    def test_of_a_signing_key_is_refused(self, start_emulator: Start):
        running = start_emulator()
        urllib.request.urlopen(running.provisioned.pool.jwks_url).close()
        running.stop()
        key = next(running.state.glob("services/cognito-pool-keys/*.pem"))
        key.write_text("no key")

        with pytest.raises(EmulatorRefusedError, match=r"signing key .* is damaged; nothing was changed"):
            running.start()

        assert key.read_text() == "no key"

    def test_of_an_objects_record_is_refused(self, start_emulator: Start):
        running = start_emulator()
        bucket = running.provisioned.media_bucket
        # The first key looks like a record itself and holds no JSON, which is nobody's damage.
        for key in ("a.meta.json", "a"):
            running.client("s3").put_object(Bucket=bucket, Key=key, Body=b"no JSON")
        running.restart()
        record = next(path for path in running.state.glob("objects/**/*.meta.json") if path.name == "a.meta.json")
        running.stop()
        record.write_text("{")

        with pytest.raises(EmulatorRefusedError, match=r"object record .* is damaged; nothing was changed"):
            running.start()

    def test_of_the_link_to_the_generation_is_refused(self, start_emulator: Start):
        running = start_emulator()
        running.stop()
        (running.state / "current").unlink()

        with pytest.raises(EmulatorRefusedError, match="has lost its link 'current'; nothing was changed"):
            running.start()


class TestFullDisk:
    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
    def test_ends_the_emulator_before_it_acknowledges_what_it_could_not_keep(self, start_emulator: Start):
        running = start_emulator()
        name = running.create_table()
        dynamodb = running.client("dynamodb")
        dynamodb.put_item(TableName=name, Item=item("before"))
        room = (running.state / "current/journal").stat().st_size + 20
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (room, room))

        with pytest.raises(ConnectionClosedError):
            dynamodb.put_item(TableName=name, Item=item("during"))

        assert "The emulator stops, because it cannot save its state" in running.stop()
        running.start()
        assert [found["PK"]["S"] for found in dynamodb.scan(TableName=name)["Items"]] == ["before"]


def item(key: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": key}, "SK": {"S": "METADATA"}}


def spoil(start: Start, name: str, *, at: int) -> Path:
    """Run an emulator, leave some state and overwrite two bytes of a file."""
    running = start()
    running.provisioned  # noqa: B018 - makes the state
    for number in range(3):
        running.client("dynamodb").put_item(TableName="omnipub", Item=item(str(number)))
    running.stop()
    path = running.state / name
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + 2] = b"XX"
    path.write_bytes(content)
    return path


def listeners_of(pid: int) -> list[str]:
    """The TCP addresses that a process listens on, as Linux tells them."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs Linux's /proc")
    own = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for file in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{file}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in own:
                address, port = local.split(":")
                host = ".".join(str(byte) for byte in reversed(bytes.fromhex(address))) if file == "tcp" else address
                found.append(f"{host}:{int(port, 16)}")
    return found


class TestParent:
    def test_takes_the_emulator_with_it(self, tmp_path):
        python = ROOT / ".venv-emulator/bin/python"
        code = (
            "import os, subprocess, sys\n"
            "child = subprocess.Popen([*sys.argv[1:], '--parent', str(os.getpid())], stdout=subprocess.PIPE)\n"
            "child.stdout.readline()\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()\n"
        )
        launcher = [python, "-m", "local.aws.launcher", "--port", "0", "--state", tmp_path]

        with subprocess.Popen(
            [python, "-c", code, *launcher], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout
            pid = int(parent.stdout.readline())
            ended = os.pidfd_open(pid)
            parent.send_signal(signal.SIGKILL)

        try:
            assert wait_for(ended)
        finally:
            os.close(ended)


def wait_for(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], 20)[0])
