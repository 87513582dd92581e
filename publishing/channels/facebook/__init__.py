"""Facebook pages, through the Graph API."""

from publishing.channels.facebook.channel import FacebookChannel

__all__ = ["FacebookChannel"]
