"""Simulated platforms: they speak the documented HTTP of each channel, keep what was posted and misbehave on request."""
