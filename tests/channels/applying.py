"""Which cases of the contract a channel has at all. What it can do says so, before any test runs.

A case that does not apply is left out and not skipped, so that a skip always means that something is missing here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import get_channel
from publishing.domain.account import Account
from tests.channels.simulated import build_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A channel's contract: what a condition may look at."""

    #: The subclass of `ChannelContract`.
    contract: Any
    channel: Channel
    account: Account


Condition = Callable[[Subject], object]


def where(condition: Condition) -> pytest.MarkDecorator:
    """Leave a case to the channels for which this holds."""
    return pytest.mark.where.with_args(condition)


def can_be_asked(its: Subject) -> bool:
    """There is somebody to ask how an account is."""
    return its.channel.capabilities.can_check


def can_be_asked_with_a_credential(its: Subject) -> bool:
    return can_be_asked(its) and its.channel.capabilities.needs_credential


def takes_images(its: Subject) -> bool:
    return its.channel.capabilities.images is not None


def takes_images_beforehand(its: Subject) -> bool:
    """Images have to be at the platform before the visible call."""
    return takes_images(its) and bool(its.contract.prepares)


def names_a_limit(name: str) -> Condition:
    """Return whether a platform takes images and names this limit of theirs."""
    return lambda its: getattr(its.channel.capabilities.images, name, None)


def applies(item: pytest.Item) -> bool:
    """Tell whether a test is one that its channel has."""
    marks = list(item.iter_markers("where"))
    # Only methods of contracts have conditions.
    return not marks or has(item.cls, marks)  # type: ignore[attr-defined]


def has(contract: Any, marks: Iterable[pytest.Mark]) -> bool:
    """Tell whether a subclass of `ChannelContract` has a case with these marks."""
    account = build_account(contract.kind, None, **contract.settings)
    subject = Subject(contract=contract, channel=get_channel(contract.kind), account=account)
    return all(mark.args[0](subject) for mark in marks if mark.name == "where")
