"""The audit chain: every change by somebody, in the same transaction as the change, chained by hash for each day."""

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
from publishing.store.writes import Write

_TRIES: Final = 8


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
class _Head:
    hash: str
    size: int


#: Newest known head of each day in this process: a guess that saves a read; the condition tells when it is stale.
_heads: dict[str, _Head] = {}


def transact_with_audit(changes: Sequence[Write], record: AuditRecord) -> None:
    """Carry out changes and their audit record together, or none of them.

    Raises TransactionRefusedError whose rows line up with `changes` when one of them does not hold. A chain that
    another request moved meanwhile is caught up with and tried again.
    """
    day = f"{record.at:%Y-%m-%d}"
    for _ in range(_TRIES):
        head = _heads.get(day) or _read_head(day)
        following, links = _link(day, head, record)
        try:
            writes.transact([*changes, *links])
        except TransactionRefusedError as refusal:
            _heads.pop(day, None)
            if any(refusal.failed[: len(changes)]):
                raise
        else:
            _heads[day] = following
            return
    raise UnavailableError("The audit chain is too busy.")


def genesis(day: str) -> str:
    """Return what a day's first record is chained to."""
    return digest("omnipub audit", day)


def record_hash(*, prev_hash: str, record: AuditRecord) -> str:
    """Return the hash of a record in its canonical form, chained to the one before."""
    canonical = json.dumps(
        [record.actor, record.action, record.target, write_instant(record.at), sorted(record.facts.items())],
        separators=(",", ":"),
    )
    return digest(prev_hash, canonical)


def _read_head(day: str) -> _Head:
    raw = writes.dispatch(
        "GetItem",
        {
            "TableName": TableItem.Meta.table_name,
            "Key": {"PK": {"S": keys.audit(day)}, "SK": {"S": keys.HEAD}},
            "ConsistentRead": True,
        },
    ).get("Item")
    if raw is None:
        return _Head(hash=genesis(day), size=0)
    item = TableItem.from_raw_data(raw)
    if not isinstance(item, AuditHeadItem):
        raise TypeError("The row is no head of an audit chain.")
    return _Head(hash=item.hash, size=int(item.size))


def _link(day: str, head: _Head, record: AuditRecord) -> tuple[_Head, tuple[Write, Write]]:
    following = _Head(hash=record_hash(prev_hash=head.hash, record=record), size=head.size + 1)
    item = AuditItem(keys.audit(day), new_id(record.at))
    item.actor, item.action, item.target, item.at = record.actor, record.action, record.target, record.at
    item.facts = dict(record.facts) or None
    item.prev_hash, item.hash = head.hash, following.hash
    top = AuditHeadItem(keys.audit(day), keys.HEAD)
    top.hash, top.size = following.hash, following.size
    is_newest = AuditHeadItem.hash == head.hash if head.size else AuditHeadItem.PK.does_not_exist()
    return following, (writes.put_new(item), writes.put(top, is_newest))
