"""Every channel that there is, by hand. A channel is imported when it is first asked for, and not before."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from publishing.channels.base.contract import Channel

#: Kind to the dotted name of its class.
CHANNELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bluesky": "publishing.channels.bluesky.BlueskyChannel",
        "email": "publishing.channels.email.EmailChannel",
        "facebook": "publishing.channels.facebook.FacebookChannel",
        "linkedin": "publishing.channels.linkedin.LinkedInChannel",
        "mastodon": "publishing.channels.mastodon.MastodonChannel",
        "sms": "publishing.channels.sms.SmsChannel",
        "webhook": "publishing.channels.webhook.WebhookChannel",
    }
)


class UnknownChannelError(LookupError):
    """There is no channel of this kind."""


def kinds() -> tuple[str, ...]:
    """Return the kinds of all channels, sorted. Imports none of them."""
    return tuple(sorted(CHANNELS))


@cache
def get_channel(kind: str) -> Channel:
    """Return the one instance of a channel. Raise `UnknownChannelError` when there is no such kind."""
    try:
        module, _, name = CHANNELS[kind].rpartition(".")
    except KeyError:
        known = ", ".join(kinds())
        raise UnknownChannelError(f"There is no channel {kind[:40]!r}. There are: {known}.") from None
    channel: Channel = getattr(import_module(module), name)()
    return channel
