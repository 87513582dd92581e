"""Plain tables for a terminal, and the numbers that stand in them."""

import math
from collections.abc import Sequence
from typing import Final

_GAP: Final = "  "


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return an aligned table; the columns in `right` are flush right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return _GAP.join(placed).rstrip()

    rule = _GAP.join("-" * width for width in widths)
    return "\n".join((line(head), rule, *(line(row) for row in rows)))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]
