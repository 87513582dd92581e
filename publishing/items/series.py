"""The row of a series."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class SeriesItem(TableItem, discriminator="series"):
    """`SERIES#<id>` / `METADATA`. Its timer stands among those of scheduled messages, so that no tick asks twice."""

    id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    roles = JSONAttribute()
    name = UnicodeAttribute()
    message_id = UnicodeAttribute()
    rule = JSONAttribute()
    status = UnicodeAttribute()
    problem = JSONAttribute(null=True)
    last_index = NumberAttribute()
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
