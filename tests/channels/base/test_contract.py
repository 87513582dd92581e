"""The contract itself: no condition takes a case away from every channel."""

import importlib
from typing import Any

import pytest

from publishing.channels.base.registry import kinds
from tests.channels.applying import has
from tests.channels.contract import ChannelContract

CONDITIONAL = [
    name
    for name in dir(ChannelContract)
    if any(mark.name == "where" for mark in getattr(getattr(ChannelContract, name), "pytestmark", ()))
]


def contracts() -> list[Any]:
    """Return the contract of every channel."""
    modules = [importlib.import_module(f"tests.channels.{kind}.test_channel") for kind in kinds()]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, ChannelContract) and hasattr(found, "kind")
    ]


class TestACaseWithACondition:
    @pytest.mark.parametrize("name", CONDITIONAL)
    def test_is_one_of_some_channels_and_not_of_others(self, name: str):
        having = [has(contract, getattr(contract, name).pytestmark) for contract in contracts()]

        assert set(having) == {True, False}

    def test_is_known_in_every_part_of_the_contract(self):
        assert len(contracts()) >= len(kinds())
        assert len(CONDITIONAL) >= 20
