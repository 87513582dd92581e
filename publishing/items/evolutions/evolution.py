"""What an evolution is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: A row, or what an evolution reads of it, as the low-level client has it: `{"PK": {"S": "…"}}`.
Row = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes of a row's attributes."""

    sets: Row = field(default_factory=dict)
    removes: tuple[str, ...] = ()


def _nothing(_: Row) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """A change to all rows of one kind.

    `change` is given the attributes in `reads` and nothing else; the write holds only while all of them are as they
    were read, so it can overwrite nothing. It returns None for a row that needs no change, its own result among them.
    """

    #: `0001_what_it_does`; names its progress in the table.
    id: str
    #: A sentence for operators.
    description: str
    #: Tables whose first row was written since then never held what it changes.
    made_on: date
    #: The `kind` of the rows.
    kind: str
    #: Everything that `change` looks at or changes, besides the keys and the kind.
    reads: tuple[str, ...]
    #: From a row and its companion, if it has one, to the changes.
    change: Callable[[Row, Row | None], Changes | None]
    #: The key of another row that `change` needs, asked for only where it does.
    companion: Callable[[Row], tuple[str, str] | None] = _nothing
