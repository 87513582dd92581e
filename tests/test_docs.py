"""What the documents draw is what the code does."""

import re
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, get_args

import pytest

from local import channels_document
from publishing.domain import delivery, message
from publishing.domain.operations import Operation
from publishing.domain.timing import Timing

DOCUMENT = (Path(__file__).parents[1] / "docs/delivery.md").read_text()
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


class TestTheChannelsDocument:
    def test_says_what_the_channels_say(self):
        assert channels_document.DOCUMENT.read_text() == channels_document.document(), "Run `make docs`."


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

        assert list(dict.fromkeys(listed)) == [str(number) for number in range(1, 23)]

    @pytest.mark.parametrize("operation", get_args(Operation))
    def test_names_every_operation_of_a_delivery(self, operation):
        assert f"`{operation.__name__}`" in DOCUMENT

    @pytest.mark.parametrize("duration", [field.name for field in fields(Timing)])
    def test_gives_the_reason_of_every_duration(self, duration):
        assert f"`{duration}`" in DOCUMENT.partition("\n## Durations\n")[2].partition("\n## ")[0]
