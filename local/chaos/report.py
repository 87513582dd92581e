"""What a chaos run prints at its end."""

from collections.abc import Mapping, Sequence
from typing import Final

from local.chaos.verdict import Counts, Verdict
from local.tables import percentile, table

_HEAD: Final = (
    "class", "messages", "deliveries", "posted", "cancelled", "lost", "doubled", "stuck", "after-cancel", "untrue",
    "unconfirmed", "p50", "p95", "max",
)  # fmt: skip
_MOST_SENTENCES: Final = 40


def report(
    verdict: Verdict, *, kills: Mapping[str, int], restarts: int, requests: Sequence[Mapping[str, object]]
) -> str:
    """Return the tables of a run and what it broke."""
    rows = [_row(name, counts) for name, counts in sorted(verdict.by_class.items())]
    parts = [table(_HEAD, rows, right=range(1, len(_HEAD))), "", _faults(requests), ""]
    killed = ", ".join(f"{count} of {kind}s" for kind, count in sorted(kills.items())) or "none"
    parts.append(f"Kills (kill -9): {killed}; processes started again: {restarts}.")
    if verdict.broken:
        parts += ["", *(f"BROKEN: {sentence}" for sentence in verdict.broken[:_MOST_SENTENCES])]
        if len(verdict.broken) > _MOST_SENTENCES:
            parts.append(f"... and {len(verdict.broken) - _MOST_SENTENCES} more.")
    return "\n".join(parts)


def _row(name: str, counts: Counts) -> tuple[str, ...]:
    numbers = (
        len(counts.messages), counts.deliveries, counts.posted, counts.cancelled, counts.lost, counts.doubled,
        counts.stuck, counts.after_cancel, counts.untrue, counts.unconfirmed,
    )  # fmt: skip
    spans = (percentile(counts.lateness, 0.5), percentile(counts.lateness, 0.95), max(counts.lateness, default=0.0))
    return (name, *(str(number) for number in numbers), *(f"{span:.2f} s" for span in spans))


def _faults(requests: Sequence[Mapping[str, object]]) -> str:
    """Return how creating requests fared, as the platforms counted."""
    found: dict[tuple[str, str], int] = {}
    for entry in requests:
        if entry["kind"] == "create":
            key = (str(entry["channel"]), str(entry["fault"] or "none"))
            found[key] = found.get(key, 0) + int(str(entry["count"]))
    totals: dict[str, int] = {}
    for (channel, _), count in found.items():
        totals[channel] = totals.get(channel, 0) + count
    rows = [
        (channel, fault, str(count), f"{100 * count / totals[channel]:.1f} %")
        for (channel, fault), count in sorted(found.items())
    ]
    return table(("channel", "fault injected", "requests", "share"), rows, right=(2, 3))
