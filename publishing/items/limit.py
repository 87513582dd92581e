"""The row of a limit's counter."""

from pynamodb.attributes import NumberAttribute

from publishing.items.base import TableItem


class LimitItem(TableItem, discriminator="limit"):
    """`LIMIT#<name>#<subject>` / start of the window: how many were taken in it."""

    taken = NumberAttribute()
