"""LinkedIn, for members and organizations."""

from publishing.channels.linkedin.channel import LinkedInChannel

__all__ = ["LinkedInChannel"]
