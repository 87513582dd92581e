"""The audit log: verify its chains, and export them.

A chain shows what was edited, deleted, put elsewhere or cut off: each record's hash covers its place, its id, its
content and the hash before it, and the head says which record is the newest and how many there are. Whoever can write
to the table could compute a whole chain anew; only a head that was kept elsewhere (`known_head`) shows that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publishing.domain.permissions import Action, Actor, demand
from publishing.store import audit
from publishing.store.audit import Head, LinkedRecord

#: A chain that grows while it is read is read again.
_TRIES: Final = 3
_DAY: Final = "day:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying a day's chain, or that of the days, came to."""

    #: `2026-12-01`, or `DAYS` for the chain of the days.
    chain: str
    size: int
    #: Hash of the newest record; keep it elsewhere, and ask for it later.
    head: str
    #: What is wrong with the first record that is wrong, for people; None for a whole chain.
    problem: str | None = None
    #: What else there is to say of a chain without a problem: that it was removed when its time was over.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """That a day's records were removed, when, and how the day had ended."""

    at: datetime
    head: Head


def verify(*, actor: Actor, day: str | None = None, known_head: str | None = None) -> tuple[Verdict, ...]:
    """Verify one day, or all days and that none of them is missing; the first thing that is wrong is named for each.

    `known_head`: a hash that was the head of a chain once; one of the verified chains must still hold it.
    Raises UnavailableError.
    """
    demand(actor, Action.READ_AUDIT)
    removed = list_removed(actor=actor)
    if day is not None:
        verdicts = [_verify_day(day, removed, is_listed=False)]
    else:
        days = [_verify_day(each, removed, is_listed=True) for each in list_days(actor=actor)]
        verdicts = [_verify_chain(audit.DAYS), *days]
    if known_head is not None and not any(_holds(verdict.chain, known_head) for verdict in verdicts):
        problem = f"No verified record has the hash {known_head[:64]}: what followed from it was replaced or cut off."
        verdicts.append(Verdict(chain=day or audit.DAYS, size=0, head="", problem=problem))
    return tuple(verdicts)


def list_days(*, actor: Actor) -> tuple[str, ...]:
    """Return the days that have records, the first one first."""
    demand(actor, Action.READ_AUDIT)
    return tuple(sorted({link.record.target.removeprefix(_DAY) for link in audit.read_chain(audit.DAYS)}))


def list_removed(*, actor: Actor) -> dict[str, Removal]:
    """Return the days whose records were removed by retention, as the chain of the days says."""
    demand(actor, Action.READ_AUDIT)
    return {
        link.record.target.removeprefix(_DAY): Removal(
            at=link.record.at, head=Head(hash=str(link.record.facts["head"]), size=int(link.record.facts["size"]))
        )
        for link in audit.read_chain(audit.DAYS)
        if link.record.action == audit.REMOVED
    }


def export(*, actor: Actor, day: str | None = None) -> Iterator[dict[str, object]]:
    """Yield every record of a day, or of all days, with what chains it, then the head of each day."""
    for each in (day,) if day is not None else list_days(actor=actor):
        demand(actor, Action.READ_AUDIT)
        for link in audit.read_chain(each):
            yield {"day": each, **link.as_json()}
        head = audit.read_head(each)
        if head is not None:
            yield {"day": each, "head": head.hash, "size": head.size}


def _holds(chain: str, known_head: str) -> bool:
    return any(link.hash == known_head for link in audit.read_chain(chain))


def _verify_day(day: str, removed: Mapping[str, Removal], *, is_listed: bool) -> Verdict:
    if (removal := removed.get(day)) is not None:
        note = f"removed by retention on {removal.at:%Y-%m-%d}: {removal.head.size} records, head {removal.head.hash}"
        return Verdict(chain=day, size=0, head=removal.head.hash, note=note)
    verdict = _verify_chain(day)
    if verdict.problem is None and is_listed and not verdict.size:
        return Verdict(chain=day, size=0, head="", problem="The day had records, and all of them are gone.")
    return verdict


def _verify_chain(chain: str) -> Verdict:
    verdict = _verify_once(chain)
    for _ in range(_TRIES - 1):
        if verdict.problem is None:
            break
        # Records that were written between the two reads look like a head that was changed.
        verdict = _verify_once(chain)
    return verdict


def _verify_once(chain: str) -> Verdict:
    head, links = audit.read_head(chain), audit.read_chain(chain)
    before = audit.genesis(chain)
    for place, link in enumerate(links, start=1):
        problem = _link_problem(link, place, before)
        if problem:
            return Verdict(chain=chain, size=len(links), head="", problem=problem)
        before = link.hash
    return Verdict(chain=chain, size=len(links), head=before, problem=_head_problem(head, links))


def _link_problem(link: LinkedRecord, place: int, before: str) -> str | None:
    record = link.record
    expected = audit.record_hash(prev_hash=link.prev_hash, position=link.position, record_id=link.id, record=record)
    if link.hash != expected:
        return f"Record {link.id} (number {link.position}) was changed or put elsewhere."
    if link.position > place:
        return f"Record number {place} is missing; the next one is {link.id}."
    if link.position < place:
        return f"Record {link.id} claims number {link.position}, which another one has."
    if link.prev_hash != before:
        return f"Record {link.id} (number {place}) does not follow the one before it."
    return None


def _head_problem(head: Head | None, links: list[LinkedRecord]) -> str | None:
    size, newest = len(links), links[-1].hash if links else ""
    if head is None:
        return f"The head is gone, and {size} records are there." if links else None
    if head.size > size:
        return f"Record number {size + 1} is missing: there were {head.size}, and the last {head.size - size} are gone."
    if head.size < size:
        return f"Record {links[head.size].id} (number {head.size + 1}) is beyond the head, which was changed."
    return None if head.hash == newest else "The head was changed: it is not the hash of the newest record."
