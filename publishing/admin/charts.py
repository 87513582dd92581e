"""Charts as numbers for an SVG that a template draws: no script, prints well, and its table says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from publishing.domain.overview import Lateness

WIDTH: Final = 640
HEIGHT: Final = 150
_COUNT: Final = 40
_GAP: Final = 3
#: What a quiet system promises; the chart shows the line.
PROMISED: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, in the SVG's units, from the top left."""

    x: float
    y: float
    width: float
    height: float
    is_over: bool
    row: Lateness


@dataclass(frozen=True, slots=True, kw_only=True)
class LatenessChart:
    """Bars of the latest publications, the promised line, and what they come to."""

    bars: tuple[Bar, ...]
    line_y: float
    top: float
    median: float
    longest: float
    on_time: int

    width: int = WIDTH
    height: int = HEIGHT


def draw_lateness(rows: Sequence[Lateness]) -> LatenessChart | None:
    """Return the chart of the latest publications' lateness; None where there is none."""
    shown = rows[-_COUNT:]
    if not shown:
        return None
    seconds = sorted(row.seconds for row in shown)
    # An outlier of hours must not flatten everything else: bars end at the top and say their number.
    top = max(PROMISED * 1.5, min(seconds[-1], PROMISED * 5))
    step = WIDTH / max(len(shown), 12)
    bars = tuple(_bar(row, place * step, step - _GAP, top) for place, row in enumerate(shown))
    return LatenessChart(
        bars=bars,
        line_y=round(HEIGHT * (1 - PROMISED / top), 1),
        top=top,
        median=seconds[len(seconds) // 2],
        longest=seconds[-1],
        on_time=round(100 * sum(value <= PROMISED for value in seconds) / len(seconds)),
    )


def _bar(row: Lateness, x: float, width: float, top: float) -> Bar:
    height = max(2.0, min(row.seconds / top, 1.0) * HEIGHT)
    return Bar(
        x=round(x, 1), y=round(HEIGHT - height, 1), width=round(width, 1), height=round(height, 1),
        is_over=row.seconds > PROMISED, row=row,
    )  # fmt: skip
