"""Bind the store to its table. Entry points do it once, before anything else of the store."""

from publishing.items.base import TableItem, bind

__all__ = ["bind", "open_client"]


def open_client() -> None:
    """Build the table's client now, instead of with the first request. Sends nothing."""
    _ = TableItem._get_connection().connection.client  # noqa: SLF001 - the documented accessor of an underscored name
