"""What the emulator keeps: its tables (snapshot and journal, in generations) and its other services (one file each).

Everything here runs inside the emulator's process and reaches into ministack's insides, whose version is pinned.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ministack import app as emulator
from ministack.core import persistence, responses
from ministack.services import dynamodb

from local.aws import journal
from local.aws.files import StateError, damaged, fail_stop, read_sealed, sealed, sync_folder, write_atomically

log = logging.getLogger("omnipub.emulator")

READS: Final = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Search")
#: Requests that change items only; the journal holds what they left behind. Any other change makes a new snapshot.
ITEM_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]


def encode(state: object) -> bytes:
    """Return a service's state as JSON, as ministack's own persistence would write it."""
    return json.dumps(state, default=persistence._json_default, separators=(",", ":")).encode()


class Tables:
    """DynamoDB, durable: no acknowledged write is lost by a crash.

    The journal holds effects (the item as it is now, or its key where it is gone), not requests: replaying them needs
    no clock and no condition, so it cannot come out differently. Only a deletion by TTL is not journalled: an expired
    item may come back after a crash and expire once more, which DynamoDB allows itself too.
    """

    def __init__(self, root: Path, *, version: str, compact_at: int) -> None:
        """Name the state folder; `load` reads it. The journal is folded into a snapshot from `compact_at` bytes on."""
        self._root = root
        self._version = version
        self._compact_at = compact_at
        self._generation = 0
        self._snapshot_size = 0
        self._journal: journal.Journal
        self._known: set[object] = set()
        self._handle: Handler = dynamodb.handle_request

    def load(self) -> None:
        """Restore what was acknowledged, then journal from here on. Raises `StateError` where that is impossible."""
        current = self._root / "current"
        if current.is_symlink():
            self._generation = int(current.readlink().name.removeprefix("gen-"))
            self._restore()
        elif any(path.stat().st_size for path in self._root.glob("gen-*/*")):
            raise StateError(f"The state folder {self._root} has lost its link 'current'; nothing was changed.")
        else:
            self.compact()
        dynamodb.handle_request = self._handle_durably

    def compact(self) -> None:
        """Write a new generation (a snapshot and an empty journal) and switch to it in one step."""
        folder = self._root / f"gen-{self._generation + 1}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with dynamodb._lock:
            tokens = dynamodb._txn_idempotency
            content = encode({"state": dynamodb.get_state(), "tokens": tokens})
            known = self._table_ids()
        write_atomically(folder / "dynamodb.json", sealed(content, version=self._version))
        fresh = journal.Journal(folder / "journal")
        link = self._root / "current.tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        link.replace(self._root / "current")
        sync_folder(self._root)

        if hasattr(self, "_journal"):
            self._journal.close()
        self._journal = fresh
        self._known = known
        self._snapshot_size = len(content)
        self._generation += 1
        self._remove_other_generations()

    def has_unknown_tables(self) -> bool:
        """Tell whether tables came or went behind the request handler, as CloudFormation makes them."""
        return self._table_ids() != self._known

    def _restore(self) -> None:
        folder = self._root / f"gen-{self._generation}"
        snapshot = folder / "dynamodb.json"
        content = read_sealed(snapshot, version=self._version, object_hook=persistence._json_object_hook)
        entries = journal.read(folder / "journal")
        dynamodb.load_persisted_state(content["state"])
        dynamodb._txn_idempotency.update(content["tokens"])
        self._known = self._table_ids()
        self._snapshot_size = snapshot.stat().st_size
        for number, entry in enumerate(entries, start=1):
            self._replay(entry, folder / "journal", number)
        self._journal = journal.Journal(folder / "journal")
        self._remove_other_generations()
        self._compact_if_due()

    def _replay(self, entry: dict[str, Any], path: Path, number: int) -> None:
        responses.set_request_account_id(entry["scope"][0])
        responses.set_request_region(entry["scope"][1])
        for operation, request in entry["effects"]:
            status, _, body = _finish(
                self._handle(
                    "POST", "/", {"x-amz-target": f"DynamoDB_20120810.{operation}"}, json.dumps(request).encode(), {}
                )
            )
            if status != 200:
                raise StateError(f"Entry {number} of the journal {path} cannot be replayed: {body.decode()[:300]}")
        for token, record in entry.get("tokens", {}).items():
            dynamodb._txn_idempotency[token] = record

    async def _handle_durably(  # noqa: PLR0917 - ministack calls it so
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        answer = await self._handle(method, path, headers, body, query)
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        # No await between the change and its record: the order of the journal is the order of the changes.
        if answer[0] == 200 and not operation.startswith(READS):
            with fail_stop():
                self._keep(operation, body)
        return answer

    def _keep(self, operation: str, body: bytes) -> None:
        if operation in ITEM_WRITES and not self.has_unknown_tables():
            self._journal.append(_entry(operation, json.loads(body)))
            self._compact_if_due()
        else:
            self.compact()

    def _compact_if_due(self) -> None:
        if self._journal.size > max(self._compact_at, self._snapshot_size):
            self.compact()

    def _remove_other_generations(self) -> None:
        for folder in self._root.glob("gen-*"):
            if folder.name != f"gen-{self._generation}":
                shutil.rmtree(folder)

    @staticmethod
    def _table_ids() -> set[object]:
        return {(key, table.get("TableId")) for key, table in list(dynamodb._tables.all_items())}


def _finish(steps: Any) -> Answer:  # noqa: ANN401 - a coroutine of ministack
    """Run a handler that never waits, without an event loop."""
    try:
        steps.send(None)
    except StopIteration as stop:
        answer: Answer = stop.value
        return answer
    raise StateError("A DynamoDB handler of the emulator waits, which the journal's order does not allow.")


def _entry(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "scope": [responses.get_account_id(), responses.get_region()],
        "effects": [_effect(name, key) for name, key in _touched(operation, request)],
    }
    token = request.get("ClientRequestToken")
    if token:
        entry["tokens"] = {token: dynamodb._txn_idempotency.get(token)}
    return entry


def _touched(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the table and the key, or the item, of each thing that a request wrote."""
    if operation == "BatchWriteItem":
        for name, changes in request["RequestItems"].items():
            for change in changes:
                yield name, change["PutRequest"]["Item"] if "PutRequest" in change else change["DeleteRequest"]["Key"]
    elif operation == "TransactWriteItems":
        for step in request["TransactItems"]:
            for kind, part in step.items():
                if kind != "ConditionCheck":
                    yield part["TableName"], part["Item"] if kind == "Put" else part["Key"]
    else:
        yield request["TableName"], request["Item"] if operation == "PutItem" else request["Key"]


def _effect(name: str, item_or_key: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = dynamodb._normalize_table_name(name)
    table = dynamodb._tables.get(name)
    key = dynamodb._extract_key_from_item(table, item_or_key)
    item = dynamodb._get_item_by_key(table, key)
    if item is None:
        return "DeleteItem", {"TableName": name, "Key": key}
    return "PutItem", {"TableName": name, "Item": item}


class Services:
    """Every service but DynamoDB: one sealed file each, written when its state differs from the file."""

    def __init__(self, folder: Path, *, objects: Path, version: str) -> None:
        """Name the folder, which `load` reads, and the one where ministack itself keeps the objects of buckets."""
        self._folder = folder
        self._objects = objects
        self._version = version
        self._digests: dict[str, bytes] = {}

    def load(self) -> None:
        """Restore all services. Raises `StateError` where a file, a signing key or an object's record is damaged."""
        self._check_keys()
        self._check_objects()
        for path in sorted(self._folder.glob("*.json")):
            state = read_sealed(path, version=self._version, object_hook=persistence._json_object_hook)
            name = emulator._state_map.get(path.stem)
            if name is None:
                raise StateError(f"The state file {path} belongs to no service of the emulator.")
            try:
                emulator._get_module(name).load_persisted_state(state)
            except Exception as error:
                raise StateError(f"The state file {path} cannot be restored: {error!r}.") from error

    def save(self, *names: str, with_records: bool = False) -> None:
        """Write the named services, or all that are loaded, where they changed. Raises `OSError`."""
        for name, get_state in emulator._build_persistence_save_dict().items():
            if name == "dynamodb" or (names and name not in names):
                continue
            state = _steady(get_state)
            if state is None:
                continue
            if name == "kinesis" and not with_records:
                _drop_records(state)
            content = encode(state)
            digest = hashlib.sha256(content).digest()
            if self._digests.get(name) != digest:
                write_atomically(self._folder / f"{name}.json", sealed(content, version=self._version))
                self._digests[name] = digest

    def _check_keys(self) -> None:
        # Ministack replaces a key that it cannot read by a new one, and every token of before would be refused.
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        for path in sorted(self._folder.rglob("*.pem")):
            try:
                load_pem_private_key(path.read_bytes(), password=None)
            except (OSError, ValueError, TypeError) as error:
                raise damaged(f"The user pool's signing key {path}") from error

    def _check_objects(self) -> None:
        # Ministack serves an object whose record it cannot read without its type and its metadata.
        for path in sorted(self._objects.rglob("*.meta.json")):
            try:
                json.loads(path.read_bytes())
            except (OSError, ValueError) as error:
                raise damaged(f"The object record {path}") from error


def _steady(get_state: Callable[[], Any]) -> Any:  # noqa: ANN401 - a service's own shape
    """Return a state copied while threads of the emulator may change it."""
    for _ in range(20):
        try:
            return get_state()
        except RuntimeError as error:
            if "changed size" not in str(error):
                raise
    raise RuntimeError("A service's state did not hold still for a copy.")


def _drop_records(state: dict[str, Any]) -> None:
    """Leave out a stream's records: they are hints, and writing them all at every put would cost seconds."""
    for stream in state["streams"].all_values():
        for shard in stream["shards"].values():
            shard["records"] = []
