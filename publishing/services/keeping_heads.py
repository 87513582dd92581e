"""Keep the audit log's heads where who can write to the table cannot reach them, and hold the log against them."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from publishing.adapters.audit_heads import HeadBucket, KeptHead
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import Action, Actor, demand
from publishing.services.auditing import Removal, Verdict, list_removed
from publishing.store import audit

log = logging.getLogger(__name__)


@dataclass(slots=True)
class HeadKeeper:
    """Copies heads once an hour, for as long as the process lives: what it did is what it need not do again."""

    bucket: HeadBucket
    _hour: datetime | None = None
    _kept: set[KeptHead] = field(default_factory=set)

    def keep(self, *, now: datetime) -> int:
        """Copy the heads of today, yesterday and the days, the first time in an hour; return how many were new.

        Yesterday's too, because its last record came after the last copy. Costs nothing for the rest of the hour. Never
        raises: what could not be copied is tried again at the next call.
        """
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour == self._hour:
            return 0
        try:
            new = [head for head in _heads(now) if head not in self._kept]
            for head in new:
                self.bucket.keep(head, now=now)
                # The log is a second place, for whoever has no right to the bucket.
                log.info("audit.head", extra={"chain": head.chain, "size": head.size, "head": head.hash})
        except UnavailableError:
            log.exception("audit.head_not_kept")
            return 0
        self._hour = hour
        self._kept = {*new, *(head for head in self._kept if head.chain >= f"{now - timedelta(days=1):%Y-%m-%d}")}
        return len(new)


def verify_heads(*, actor: Actor, bucket: HeadBucket, day: str | None = None) -> tuple[Verdict, ...]:
    """Tell of each chain of which heads were kept whether it still holds all of them. Raises UnavailableError."""
    demand(actor, Action.READ_AUDIT)
    chains: dict[str, list[KeptHead]] = {}
    for head in bucket.heads(day):
        chains.setdefault(head.chain, []).append(head)
    removed = list_removed(actor=actor)
    return tuple(
        _removed_verdict(chain, heads, removed[chain]) if chain in removed else _verdict(chain, heads)
        for chain, heads in sorted(chains.items())
    )


def _heads(now: datetime) -> Iterator[KeptHead]:
    for chain in (f"{now - timedelta(days=1):%Y-%m-%d}", f"{now:%Y-%m-%d}", audit.DAYS):
        if (head := audit.read_head(chain)) is not None:
            yield KeptHead(chain=chain, size=head.size, hash=head.hash)


def _verdict(chain: str, heads: Iterable[KeptHead]) -> Verdict:
    hashes = {link.position: link.hash for link in audit.read_chain(chain)}
    kept = sorted(heads, key=lambda head: head.size)
    lost = next((head for head in kept if hashes.get(head.size) != head.hash), None)
    problem = None
    if lost is not None:
        problem = (
            f"Its record number {lost.size} is gone or another than when its head was kept: the chain was cut off or "
            "computed anew."
        )
    return Verdict(chain=chain, size=len(kept), head=kept[-1].hash, problem=problem)


def _removed_verdict(chain: str, heads: Iterable[KeptHead], removal: Removal) -> Verdict:
    last = max(heads, key=lambda head: head.size)
    end, problem = removal.head, None
    if (last.size, last.hash) != (end.size, end.hash):
        problem = (
            f"It was removed, and not as it had ended: its last head that was kept is of record number {last.size}, "
            f"and the entry of its removal names number {end.size}."
        )
    note = f"was removed by retention on {removal.at:%Y-%m-%d}, as its last kept head has it"
    return Verdict(chain=chain, size=1, head=last.hash, problem=problem, note=note)
