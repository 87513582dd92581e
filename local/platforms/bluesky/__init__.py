"""A personal data server of the AT Protocol, as far as a publisher meets it."""

from local.platforms.bluesky.platform import Bluesky

__all__ = ["Bluesky"]
