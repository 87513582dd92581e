"""Start the AWS emulator for a laptop: on one loopback port, with a state folder that survives `kill -9`.

Run it with the emulator's own Python, from the checkout's root: `.venv-emulator/bin/python -m local.aws.launcher`.
It imports nothing of the project's dependencies. Ministack saves only when it is stopped cleanly, and starts empty
where it cannot read what it saved; this launcher journals and snapshots instead, and refuses what it cannot read.
"""

import argparse
import asyncio
import fcntl
import importlib.metadata
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from local.aws.files import StateError, fail_stop

if TYPE_CHECKING:
    from local.aws.snapshot import Services, Tables

MINISTACK: Final = "1.5.33"
HOST: Final = "127.0.0.1"
COMPACT_AT: Final = 4 * 1024 * 1024
SAVE_EVERY: Final = 0.25  # seconds; twice this and the time of a write is what a crash can take from a service

log = logging.getLogger("omnipub.emulator")

#: Services whose changes are on disk before they are acknowledged: losing one would lose what rests on it.
SAVED_AT_ONCE: Final = {
    "AWSCognitoIdentityProviderService": "cognito",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
    "Kinesis_20131202": "kinesis",
    "AmazonSQS": "sqs",
}
#: Operations that leave nothing behind worth a file: reads, uses of a key, and hints on a stream.
READS: Final = ("Get", "List", "Describe", "BatchGet")
UNSAVED: Final = {
    "TrentService": ("Decrypt", "Encrypt", "Generate", "ReEncrypt", "Sign", "Verify", "DeriveSharedSecret"),
    "Kinesis_20131202": ("PutRecord", "SubscribeToShard"),
}
#: These change on every use, so they are saved within a second and not before each answer.
BUSY: Final = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
SIGN_IN_PATHS: Final = ("/oauth2/", "/login", "/logout")

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def main() -> None:
    """Run the emulator until SIGINT or SIGTERM. A reason not to start is one sentence and exit code 1."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        run(
            arguments.state,
            port=arguments.port,
            compact_at=arguments.compact_at,
            parent=arguments.parent,
            enforces_roles=arguments.enforce_roles,
        )
    except (StateError, OSError) as error:
        sys.exit(str(error))


def run(state: Path, *, port: int, compact_at: int, parent: int | None, enforces_roles: bool = False) -> None:
    """Serve the emulator from a state folder. Raises `StateError` where it cannot start."""
    _check_version()
    lock = _lock(state)
    listener = _listen(port)
    port = listener.getsockname()[1]
    _configure(state, port, enforces_roles=enforces_roles)

    from local.aws.snapshot import Services, Tables

    tables = Tables(state, version=MINISTACK, compact_at=compact_at)
    services = Services(state / "services", objects=state / "objects", version=MINISTACK)
    services.load()
    tables.load()
    keeper = Keeper(tables, services)
    try:
        asyncio.run(_serve(listener, keeper, parent=parent))
    finally:
        lock.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.aws.launcher", description=__doc__.partition("\n")[0])
    port = int(os.environ.get("OMNIPUB_EMULATOR_PORT", "4566"))
    parser.add_argument("--port", type=int, default=port, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, default=Path(".state/aws"), help="folder that keeps everything")
    parser.add_argument("--compact-at", type=int, default=COMPACT_AT, help="bytes of journal that make a new snapshot")
    parser.add_argument("--enforce-roles", action="store_true", help="refuse what a function's role does not allow")
    parser.add_argument("--parent", type=int, help="stop when this process, which started the emulator, ends")
    return parser.parse_args()


def _check_version() -> None:
    try:
        found = importlib.metadata.version("ministack")
        importlib.metadata.version("cryptography")
    except importlib.metadata.PackageNotFoundError as error:
        raise StateError(f"{error.name} is not installed in {sys.prefix}; install it with: make emulator") from error
    if found != MINISTACK:
        raise StateError(f"This launcher fits ministack {MINISTACK} only and found {found}; run: make emulator")


def _lock(state: Path) -> IO[str]:
    (state / "services").mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    file = (state / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        raise StateError(
            f"Another emulator (process {file.read().strip()}) already uses the state folder {state}."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        raise StateError(f"Port {port} on {HOST} cannot be used for the AWS emulator: {error.strerror}.") from error
    return listener


def _configure(state: Path, port: int, *, enforces_roles: bool) -> None:
    """Set ministack's settings, whatever the surroundings say: it reads them when it is imported."""
    for name in [*os.environ]:
        if name.startswith(("MINISTACK_", "LOCALSTACK_")) or name in {"SERVICES", "AUTH", "USE_SSL", "EDGE_PORT"}:
            del os.environ[name]
    os.environ |= {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",  # else it opens a port to all the world
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",  # makes services keep their own files: signing keys, code of functions
        "STATE_DIR": str((state / "services").absolute()),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str((state / "objects").absolute()),
    }
    if enforces_roles:
        os.environ["AUTH"] = "true"


class Keeper:
    """Decides when services are written: some before they answer, all others within a second of a change."""

    def __init__(self, tables: "Tables", services: "Services") -> None:
        self._tables = tables
        self._services = services
        self._is_stale = False

    def before_answer(self, target: str, method: str, path: str) -> None:
        """Take note of a request that was carried out. Raises `OSError` where it could not be written."""
        service, _, operation = target.partition(".")
        if service == "DynamoDB_20120810" or operation.startswith((*READS, *UNSAVED.get(service, ()))):
            return
        if not target and method in {"GET", "HEAD", "OPTIONS"} and not path.startswith(SIGN_IN_PATHS):
            return
        self._is_stale = True
        at_once = SAVED_AT_ONCE.get(service)
        if at_once and not operation.startswith(BUSY):
            self._services.save(at_once)

    def save_changes(self) -> None:
        """Write what changed since the last call. Raises `OSError`."""
        if self._tables.has_unknown_tables():
            self._tables.compact()
        if self._is_stale:
            self._is_stale = False
            self._services.save()

    def save_everything(self) -> None:
        """Write all services, stream records included: a clean stop loses nothing."""
        self._services.save(with_records=True)


async def _serve(listener: socket.socket, keeper: Keeper, *, parent: int | None) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    chores = [asyncio.create_task(_keep(keeper, stop, parent)), asyncio.create_task(_announce(port))]
    try:
        await serve(_application(keeper), config, shutdown_trigger=stop.wait)
    finally:
        for chore in chores:
            chore.cancel()
    await asyncio.gather(*chores, return_exceptions=True)
    keeper.save_everything()


def _application(keeper: Keeper) -> Application:
    """Return ministack's application with its own persistence, and all that reaches beyond this process, taken out."""
    from ministack import app as emulator

    from local.aws import cloudformation, roles

    cloudformation.install()
    roles.install()

    async def nothing() -> None:
        return None

    emulator._load_persisted_state = lambda: None
    emulator.save_all = lambda _services: None
    # It removes every container that carries ministack's label, whoever started it.
    emulator._stop_docker_containers = lambda *_: None
    emulator.container_reaper.start = lambda *_: None
    emulator._run_init_scripts = lambda: None
    emulator._run_ready_scripts = nothing

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await emulator.app(scope, receive, send)
            return
        path = scope["path"]
        if path in {"/_ministack/reset", "/_ministack/config"}:
            await _refuse(send)
            return
        target = next(
            (value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-amz-target"), ""
        )

        async def send_when_saved(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                with fail_stop():
                    keeper.before_answer(target, scope["method"], path)
            await send(message)

        await emulator.app(scope, receive, send_when_saved)

    return application


async def _refuse(send: Send) -> None:
    """Refuse what would empty the emulator behind its files."""
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Not here: start anew with `make reset`.\n"})


async def _keep(keeper: Keeper, stop: asyncio.Event, parent: int | None) -> None:
    while True:
        await asyncio.sleep(SAVE_EVERY)
        with fail_stop():
            keeper.save_changes()
        if parent is not None and os.getppid() != parent:
            stop.set()


async def _announce(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        print(f"The AWS emulator is ready on http://{HOST}:{port}", flush=True)
        return


if __name__ == "__main__":
    main()
