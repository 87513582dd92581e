"""Which channels there are: written by hand, loaded when first asked for, changed by nobody."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from publishing.channels.base.contract import Channel

_REGISTRY: Final[Mapping[str, str]] = MappingProxyType({
    "mastodon": "publishing.channels.mastodon.MastodonChannel",
    "webhook": "publishing.channels.webhook.WebhookChannel",
})  # fmt: skip


class UnknownChannelError(LookupError):
    """There is no channel of this kind."""


def kinds() -> tuple[str, ...]:
    """Return the kinds of all channels, in alphabetical order."""
    return tuple(sorted(_REGISTRY))


@cache
def get_channel(kind: str) -> Channel:
    """Return the channel of a kind; raise UnknownChannelError when there is none."""
    if kind not in _REGISTRY:
        raise UnknownChannelError(f"There is no channel {kind!r}. There are: {', '.join(kinds())}.")
    module, _, name = _REGISTRY[kind].rpartition(".")
    channel_class = getattr(import_module(module), name)
    channel: Channel = channel_class()
    return channel
