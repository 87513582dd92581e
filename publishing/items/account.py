"""The rows of an account: its metadata, and its sealed credential apart."""

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute, MillisecondsAttribute
from publishing.items.base import TableItem


class AccountItem(TableItem, discriminator="account"):
    """`ACCOUNT#<id>` / `METADATA`. No secrets."""

    id = UnicodeAttribute()
    channel = UnicodeAttribute()
    name = UnicodeAttribute()
    base_url = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    open_to_members = BooleanAttribute()
    settings = JSONAttribute(null=True)
    problem = JSONAttribute(null=True)
    health = JSONAttribute(null=True)
    checked_at = InstantAttribute(null=True)
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()


class CredentialItem(TableItem, discriminator="credential"):
    """`ACCOUNT#<id>` / `CREDENTIAL`: sealed for this row and version."""

    ciphertext = BinaryAttribute(legacy_encoding=False)
    nonce = BinaryAttribute(legacy_encoding=False)
    data_key = BinaryAttribute(legacy_encoding=False)
    tver = NumberAttribute()
    expires_at = InstantAttribute(null=True)


class RateItem(TableItem, discriminator="rate"):
    """`ACCOUNT#<id>` / `RATE`: until when the platform asked not to be called for the account. Written only then."""

    blocked_until = MillisecondsAttribute()
    reason = UnicodeAttribute()
    detail = UnicodeAttribute()
