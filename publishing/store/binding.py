"""Bind the store to its table. Entry points do it once, before anything else of the store."""

from publishing.items.base import bind

__all__ = ["bind"]
