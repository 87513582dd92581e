"""A simulated Facebook: pages behind the Graph API."""

from local.platforms.facebook.platform import Facebook

__all__ = ["Facebook"]
