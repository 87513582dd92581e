"""Simulated platforms: they speak each channel's documented HTTP, keep what was posted, and misbehave on request."""

from local.platforms.server import RunningPlatforms, start

__all__ = ["RunningPlatforms", "start"]
