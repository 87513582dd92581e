"""Bluesky, and every other server that holds accounts of the AT Protocol."""

from publishing.channels.bluesky.channel import BlueskyChannel

__all__ = ["BlueskyChannel"]
