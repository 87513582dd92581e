"""The rows of a medium: its metadata, and one for each message that began to use it."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class MediumItem(TableItem, discriminator="media"):
    """`MEDIA#<id>` / `METADATA`; the meaning of each attribute is in `domain/media.py`."""

    id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    status = UnicodeAttribute()
    name = UnicodeAttribute()
    media_type = UnicodeAttribute()
    size = NumberAttribute()
    alt_text = UnicodeAttribute(null=True)
    #: Its files, as `[[key, media type, size, width, height, sha256, frames], …]`; behind these a video's own facts, or
    #: `"thumbnail"`, which marks the one that lists show. In this column, because it is in the lists' indexes already.
    renditions = JSONAttribute(null=True)
    problem = JSONAttribute(null=True)
    token = UnicodeAttribute()
    use_rev = NumberAttribute()
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()


class MediumUseItem(TableItem, discriminator="media_use"):
    """`MEDIA#<id>` / `MSG#<message id>`: a message that began to use the medium; it may have stopped since."""

    at = InstantAttribute()
