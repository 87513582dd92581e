"""What the documents draw is what the code does."""

import itertools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest
from django.core.management import get_commands

from local import channels_document
from publishing.domain import delivery, message
from publishing.domain.operations import Operation
from publishing.domain.timing import Timing

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs/delivery.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
#: Everything that people read: guides, decisions, and what stands beside the code.
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "publishing/**/*.md", "local/**/*.md", "infra/**/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md" and "node_modules" not in path.parts
)
Edges = set[tuple[str, str, str]]
State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def drawn(heading: str) -> Edges:
    """The edges of the diagram below a heading: (from, event, to)."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^ *(\S+) --> (\S+): (.+)$", section, re.MULTILINE)
    finals = tuple(status.value for status in message.FINAL)
    return {
        (begin, event, end)
        for begin, ends, events in found
        for event in events.split(", ")
        for end in (finals if ends == "final" else (ends,))
    }


def tabled(table: Mapping[tuple[State, Event], frozenset[State]]) -> Edges:
    return {
        (begin.value, event.value, end)
        for (begin, event), ends in table.items()
        for end in ([each.value for each in ends] or ["[*]"])
    }


class TestADocument:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_leads_to_what_is_there(self, document: Path):
        lost = [link for link in links(document) if not leads_somewhere(document, link)]

        assert lost == []

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_names_commands_that_there_are(self, document: Path):
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document.read_text(), re.DOTALL))
        targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

        assert set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code)) - targets == set()
        assert set(re.findall(r"\bmanage\.py ([a-z_]+)", code)) - set(get_commands()) == set()

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_names_files_that_there_are(self, document: Path):
        named = re.findall(
            r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml|json|yaml|html|css|js|txt))[`:]", document.read_text()
        )
        roots = (ROOT, ROOT / "publishing", ROOT / "docs", document.parent)

        assert [name for name in named if not any((root / name).exists() for root in roots)] == []

    def test_is_found_wherever_it_lies(self):
        assert {"README.md", "CONTRIBUTING.md", "docs/delivery.md", "publishing/channels/webhook/README.md"} <= {
            str(path.relative_to(ROOT)) for path in DOCUMENTS
        }
        assert sum(len(links(document)) for document in DOCUMENTS) >= 30


def links(document: Path) -> list[str]:
    """The document's links within the project, pictures included."""
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)|\bsrc(?:set)?=\"([^\"\s]+)", prose)
    return [link for each in found for link in each if link and not re.match(r"[a-z]+:", link)]


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(document: Path) -> set[str]:
    """What headings of a document are called in addresses."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


class TestTheChannelsDocument:
    def test_says_what_the_channels_say(self):
        assert channels_document.DOCUMENT.read_text() == channels_document.document(), "Run `make docs`."


class TestTheArchitectureDocument:
    def test_names_modules_and_functions_that_there_are(self):
        named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+)\.([A-Za-z_]+)((?:\.[a-z_]+)*)`", ARCHITECTURE)

        missing = [".".join(each) for each in named if not is_there(*each)]

        assert len(named) > 20
        assert missing == []

    def test_draws_layers_that_the_linter_holds(self):
        drawn = ARCHITECTURE.partition("flowchart TB")[2].partition("```")[0]
        edges = [
            (upper, lower)
            for line in drawn.strip().splitlines()
            for uppers, lowers in itertools.pairwise(line.split("-->"))
            for upper in names_in(uppers)
            for lower in names_in(lowers)
        ]
        (layers,) = [each["layers"] for each in contracts() if each["name"] == "publishing: imports point down"]
        floors = {name: floor for floor, layer in enumerate(layers) for name in names_in(layer)}

        assert len(edges) > 8
        assert [edge for edge in edges if floors[edge[0]] >= floors[edge[1]]] == []
        assert {name for edge in edges for name in edge} <= floors.keys()


def is_there(path: str, name: str, rest: str) -> bool:
    """Whether a path of the documents is a file, or the module and what it names are there."""
    for root in (ROOT, ROOT / "publishing"):
        if (root / f"{path}.{name}").is_file():
            return True
        module = root / f"{path}.py"
        if module.is_file():
            wanted = [name, *rest.strip(".").split(".")] if rest else [name]
            return all(re.search(rf"\b(?:def|class) {each}\b", module.read_text()) for each in wanted)
    return False


def names_in(text: str) -> list[str]:
    """The names of layers in a line of the diagram or of the linter's settings."""
    inside = re.sub(r'base\["([^"]*)"\]', r"\1", text)
    return [re.sub(r'[^a-z_]|\["[^"]*"\]', "", each) for each in re.split(r"[|&]", inside.replace('api["api"]', "api"))]


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


class TestTheDeliveryDocument:
    def test_draws_the_life_of_a_delivery(self):
        assert drawn("States of a delivery") == tabled(delivery.TRANSITIONS)

    def test_draws_the_life_of_a_message(self):
        assert drawn("States of a message") == tabled(message.TRANSITIONS)

    def test_names_the_statuses_that_are_final(self):
        inside = DOCUMENT.partition("state final {")[2].partition("}")[0].split()

        assert set(inside) == {status.value for status in message.FINAL}

    def test_lists_the_operations_by_their_numbers(self):
        listed = re.findall(r"^\| O(\d+)[ab]? \|", DOCUMENT, re.MULTILINE)

        assert list(dict.fromkeys(listed)) == [str(number) for number in range(1, 24)]

    @pytest.mark.parametrize("operation", get_args(Operation))
    def test_names_every_operation_of_a_delivery(self, operation):
        assert f"`{operation.__name__}`" in DOCUMENT

    @pytest.mark.parametrize("duration", [field.name for field in fields(Timing)])
    def test_gives_the_reason_of_every_duration(self, duration):
        assert f"`{duration}`" in DOCUMENT.partition("\n## Durations\n")[2].partition("\n## ")[0]
