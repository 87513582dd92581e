"""A simulated LinkedIn: the Posts API for one member and one organization."""

from local.platforms.linkedin.platform import LinkedIn

__all__ = ["LinkedIn"]
