"""Counters of limits: what is taken from a window is taken by a conditional write, so that no two take the same."""

from datetime import datetime, timedelta
from typing import Final

from publishing.domain.limits import Limit
from publishing.items import keys
from publishing.items.attributes import write_instant
from publishing.items.base import TableItem
from publishing.items.limit import LimitItem
from publishing.store import writes
from publishing.store.errors import ConditionFailedError, RawItem

#: How long a counter outlives its window, for clocks differ.
_KEPT_FOR: Final = timedelta(hours=1)
#: Somebody else may take from a window's rest between our look and our write.
_TRIES: Final = 4


def take(limit: Limit, subject: str, *, now: datetime) -> int:
    """Take a block from the present window, or what is left of it; return how many that were, 0 when it is used up.

    A write that the SDK repeats after a lost answer takes twice: less is granted then, never more.
    Raises UnavailableError.
    """
    wanted = limit.block
    for _ in range(_TRIES):
        try:
            writes.run(_take(limit, subject, wanted, now))
        except ConditionFailedError as refusal:
            wanted = min(wanted, limit.count - _taken(refusal.old))
            if wanted <= 0:
                return 0
        else:
            return wanted
    return 0


def _take(limit: Limit, subject: str, wanted: int, now: datetime) -> writes.Write:
    window = limit.window_of(now)
    row = LimitItem(keys.limit(limit.name, subject), write_instant(window))
    actions = [
        LimitItem.taken.add(wanted),
        # An update that makes the row does not say what it is by itself.
        LimitItem.kind.set(LimitItem),
        LimitItem.ttl.set(int((window + limit.window + _KEPT_FOR).timestamp())),
    ]
    fits = LimitItem.taken.does_not_exist() | (LimitItem.taken <= limit.count - wanted)
    return writes.update(row, actions, fits)


def _taken(raw: RawItem | None) -> int:
    item = TableItem.from_raw_data(dict(raw)) if raw else None
    return int(item.taken) if isinstance(item, LimitItem) else 0
