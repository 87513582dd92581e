"""The rows of a user: the profile, and their web sessions. And the marks of sign-ins that were used."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class UserItem(TableItem, discriminator="user"):
    """`USER#<id>` / `PROFILE`; the meaning of each attribute is in `domain/user.py`."""

    id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    roles = JSONAttribute()
    status = UnicodeAttribute()
    epoch = NumberAttribute()
    rev = NumberAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
    signed_in_at = InstantAttribute()


class WebSessionItem(TableItem, discriminator="web_session"):
    """`USER#<id>` / `SESSION#<hash of the token>`. Below its user, so that one request reads both."""

    epoch = NumberAttribute()
    created_at = InstantAttribute()
    seen_at = InstantAttribute()
    ends_at = InstantAttribute()
    browser = UnicodeAttribute(null=True)


class UsedSignInItem(TableItem, discriminator="used_sign_in"):
    """`SIGNIN#<hash of the state>` / `METADATA`: a sign-in came back from the provider; it never does twice."""

    at = InstantAttribute()
