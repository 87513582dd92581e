"""The rows of templates and of groups of hashtags."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class TemplateItem(TableItem, discriminator="template"):
    """`TEMPLATE#<id>` / `METADATA`."""

    id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    title = UnicodeAttribute(null=True)
    body = UnicodeAttribute()
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()


class HashtagGroupItem(TableItem, discriminator="hashtag_group"):
    """`HASHTAGS#<id>` / `METADATA`."""

    id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    hashtags = JSONAttribute()
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
