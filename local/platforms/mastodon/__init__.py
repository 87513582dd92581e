"""A Mastodon server, as far as a publisher meets it."""

from local.platforms.mastodon.platform import Mastodon

__all__ = ["Mastodon"]
