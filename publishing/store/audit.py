"""The audit chain: every change by somebody, in the same transaction as the change, chained by hash for each day.

The first record of a day enters the day in a chain of days, so that a whole day that is gone is missed as well.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from publishing.domain.errors import UnavailableError
from publishing.domain.ids import digest, new_id
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.records import AuditHeadItem, AuditItem
from publishing.store import writes
from publishing.store.errors import TransactionRefusedError
from publishing.store.reads import query
from publishing.store.writes import Write

#: Each try that loses is somebody else's record, so that many writers at once need many.
_TRIES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One change: who did what to what. Ids only, no personal data and no content."""

    actor: str
    action: str
    #: `message:<id>`, `account:<id>`.
    target: str
    at: datetime
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a chain: the hash of its newest record, and how many there are."""

    hash: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedRecord:
    """A record as it is stored, with its place in the chain; 0 for one that names none."""

    id: str
    position: int
    record: AuditRecord
    prev_hash: str
    hash: str

    def as_json(self) -> dict[str, object]:
        """Return all of it as plain data; who has it can compute the hash again."""
        record = self.record
        return {
            "position": self.position,
            "id": self.id,
            "at": write_instant(record.at),
            "actor": record.actor,
            "action": record.action,
            "target": record.target,
            "facts": dict(record.facts),
            "prev_hash": self.prev_hash,
            "hash": self.hash,
        }


#: The chain in which every day that has records is one.
DAYS: Final = "DAYS"
#: The entry in it that says that a day's records were removed by retention, and what their head was.
REMOVED: Final = "audit.remove"
#: Who decided where no person did.
SYSTEM_NAME: Final = "system"

#: Newest known head of each day in this process: a guess that saves a read; the condition tells when it is stale.
_heads: dict[str, Head] = {}


def transact_with_audit(changes: Sequence[Write], record: AuditRecord, *, chain: str | None = None) -> None:
    """Carry out changes and their audit record together, or none of them.

    `chain`: `DAYS` for what was done to a day of the log itself; the chain of the record's day unless given.
    Raises TransactionRefusedError whose rows line up with `changes` when one of them does not hold. A chain that
    another request moved meanwhile is caught up with and tried again.
    """
    day = chain or f"{record.at:%Y-%m-%d}"
    for _ in range(_TRIES):
        heads, links = _links(day, record)
        try:
            writes.transact([*changes, *links])
        except TransactionRefusedError as refusal:
            for moved in heads:
                _heads.pop(moved, None)
            if any(refusal.failed[: len(changes)]):
                raise
        else:
            _heads.update(heads)
            return
    raise UnavailableError("The audit chain is too busy.")


def audited(record: AuditRecord, *changes: Write) -> bool:
    """Carry out conditional changes with their record; return False, and do nothing, when a condition did not hold."""
    try:
        transact_with_audit(changes, record)
    except TransactionRefusedError:
        return False
    return True


def genesis(chain: str) -> str:
    """Return what the first record of a day, or of the days, is chained to."""
    return digest("omnipub audit", chain)


def record_hash(*, prev_hash: str, position: int, record_id: str, record: AuditRecord) -> str:
    """Return the hash of a record in its canonical form, with its place, chained to the one before."""
    canonical = json.dumps(
        [
            position, record_id, record.actor, record.action, record.target, write_instant(record.at),
            sorted(record.facts.items()),
        ],
        separators=(",", ":"),
    )  # fmt: skip
    return digest(prev_hash, canonical)


def read_head(chain: str) -> Head | None:
    """Return the head of a day's chain, or of the days', strongly consistent; None when nothing was recorded."""
    raw = writes.dispatch(
        "GetItem",
        {
            "TableName": TableItem.Meta.table_name,
            "Key": {"PK": {"S": keys.audit(chain)}, "SK": {"S": keys.HEAD}},
            "ConsistentRead": True,
        },
    ).get("Item")
    if raw is None:
        return None
    item = TableItem.from_raw_data(raw)
    if not isinstance(item, AuditHeadItem):
        raise TypeError("The row is no head of an audit chain.")
    return Head(hash=item.hash, size=int(item.size))


def read_chain(chain: str) -> list[LinkedRecord]:
    """Return the records of a day's chain, or of the days', as they are stored, by their place in it."""
    items = query(TableItem, keys.audit(chain), consistent_read=True)
    return sorted((_linked(item) for item in items if isinstance(item, AuditItem)), key=lambda link: link.position)


def _linked(item: AuditItem) -> LinkedRecord:
    record = AuditRecord(
        actor=item.actor, action=item.action, target=item.target, at=item.at, facts=dict(item.facts or {})
    )
    place: float | None = item.position
    return LinkedRecord(
        id=item.SK, position=0 if place is None else int(place), record=record, prev_hash=item.prev_hash, hash=item.hash
    )


def _links(day: str, record: AuditRecord) -> tuple[dict[str, Head], list[Write]]:
    """Return the new heads and the writes of a record; the first one of a day also enters the day among the days."""
    head = _head(day)
    heads, links = _link(day, head, record)
    if head.size:
        return heads, links
    entry = AuditRecord(actor=SYSTEM_NAME, action="audit.day", target=f"day:{day}", at=record.at)
    day_heads, day_links = _link(DAYS, _head(DAYS), entry)
    return heads | day_heads, links + day_links


def _head(chain: str) -> Head:
    return _heads.get(chain) or read_head(chain) or Head(hash=genesis(chain), size=0)


def _link(chain: str, head: Head, record: AuditRecord) -> tuple[dict[str, Head], list[Write]]:
    record_id, position = new_id(record.at), head.size + 1
    linked = record_hash(prev_hash=head.hash, position=position, record_id=record_id, record=record)
    following = Head(hash=linked, size=position)
    item = AuditItem(keys.audit(chain), record_id)
    item.actor, item.action, item.target, item.at = record.actor, record.action, record.target, record.at
    item.facts = dict(record.facts) or None
    # By object too; the index has the keys only, and a record of a day's beginning is in no object's history.
    if chain != DAYS:
        item.GSI1PK, item.GSI1SK = keys.audited(record.target), record_id
    item.position, item.prev_hash, item.hash = position, head.hash, following.hash
    top = AuditHeadItem(keys.audit(chain), keys.HEAD)
    top.hash, top.size = following.hash, following.size
    is_newest = AuditHeadItem.hash == head.hash if head.size else AuditHeadItem.PK.does_not_exist()
    return {chain: following}, [writes.put_new(item), writes.put(top, is_newest)]
