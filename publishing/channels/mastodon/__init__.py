"""Mastodon and servers that speak its API."""

from publishing.channels.mastodon.channel import MastodonChannel

__all__ = ["MastodonChannel"]
