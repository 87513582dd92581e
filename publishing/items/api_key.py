"""The row of an API key."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class ApiKeyItem(TableItem, discriminator="api_key"):
    """`KEY#<id>` / `METADATA`. Hashes of its secrets, never a secret."""

    id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    roles = JSONAttribute()
    scopes = JSONAttribute()
    secret_sha = UnicodeAttribute()
    previous_sha = UnicodeAttribute(null=True)
    previous_until = InstantAttribute(null=True)
    expires_at = InstantAttribute()
    revoked_at = InstantAttribute(null=True)
    last_used_at = InstantAttribute(null=True)
    owner_asked_at = InstantAttribute(null=True)
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
