"""A plugin that prints the contract's matrix: a row for each case, a column for each channel. `make contract` loads it.

`12` says that the case passed with twelve inputs, `-` that the channel has no such case, `2 ✗` that two failed.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from publishing.channels.base.registry import kinds
from tests.channels.contract import ChannelContract


@dataclass
class Cell:
    passed: int = 0
    failed: int = 0

    def __str__(self) -> str:
        if self.failed:
            return f"{self.failed} ✗"
        return str(self.passed) if self.passed else "-"


@dataclass
class Matrix:
    cells: dict[tuple[str, str], Cell] = field(default_factory=lambda: defaultdict(Cell))

    def note(self, report: pytest.TestReport) -> None:
        path, _, test = report.nodeid.partition("::")
        kind, (cls, _, case) = path.split("/")[-2], test.partition("::")
        name = case.partition("[")[0]
        if not cls or not hasattr(ChannelContract, name):
            return
        cell = self.cells[name, kind]
        if report.failed:
            cell.failed += 1
        elif report.when == "call":
            cell.passed += 1

    def lines(self) -> list[str]:
        columns = kinds()
        names = sorted({name for name, _ in self.cells})
        width = max(len(name) for name in names) - len("test_")
        head = " ".join([" " * width, *(f"{kind:>9}" for kind in columns)])
        rows = [
            " ".join(
                [
                    f"{name.removeprefix('test_').replace('_', ' '):<{width}}",
                    *(f"{self.cells[name, kind]!s:>9}" for kind in columns),
                ]
            )
            for name in names
        ]
        passed, failed = (sum(getattr(cell, what) for cell in self.cells.values()) for what in ("passed", "failed"))
        return [head, *rows, "", f"{len(names)} cases, {len(columns)} channels: {passed:,} passed, {failed} failed."]


MATRIX = Matrix()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "/channels/" in report.nodeid:
        MATRIX.note(report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MATRIX.cells:
        terminalreporter.section("contract")
        for line in MATRIX.lines():
            terminalreporter.write_line(line)
