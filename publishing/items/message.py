"""The rows of a message: its metadata, its deliveries, their attempts, and what platforms reported later."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute, MillisecondsAttribute
from publishing.items.base import TableItem


class MessageItem(TableItem, discriminator="message"):
    """`MSG#<id>` / `METADATA`."""

    id = UnicodeAttribute()
    status = UnicodeAttribute()
    title = UnicodeAttribute(null=True)
    body = UnicodeAttribute()
    #: The beginning of the text, for lists.
    summary = UnicodeAttribute()
    link = UnicodeAttribute(null=True)
    media = JSONAttribute(null=True)
    #: Accounts and delivery ids, as `[[delivery id, channel, account id], …]`.
    targets = JSONAttribute()
    variants = JSONAttribute(null=True)
    user_id = UnicodeAttribute()
    scheduled_at = InstantAttribute(null=True)
    zone = UnicodeAttribute(null=True)
    wall_time = UnicodeAttribute(null=True)
    gen = NumberAttribute()
    rev = NumberAttribute()
    approved_rev = NumberAttribute(null=True)
    #: The latest round of review: who submitted it, who decided, what and when.
    review = JSONAttribute(null=True)
    edited_by = UnicodeAttribute(null=True)
    problem = JSONAttribute(null=True)
    series_id = UnicodeAttribute(null=True)
    kick = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    updated_at = InstantAttribute()


class DeliveryItem(TableItem, discriminator="delivery"):
    """`MSG#<id>` / `CHANNEL#<channel>[#<account>]`; the meaning of each attribute is in `domain/delivery.py`."""

    channel = UnicodeAttribute()
    account_id = UnicodeAttribute()
    state = UnicodeAttribute()
    gen = NumberAttribute()
    due_at = MillisecondsAttribute(null=True)
    fence = NumberAttribute()
    claims = NumberAttribute()
    attempts = NumberAttribute()
    waits = NumberAttribute()
    owner = UnicodeAttribute(null=True)
    lease_until = MillisecondsAttribute(null=True)
    maybe_sent = BooleanAttribute(null=True)
    maybe_before = BooleanAttribute(null=True)
    probed = BooleanAttribute(null=True)
    doubted = BooleanAttribute(null=True)
    commit_at = MillisecondsAttribute(null=True)
    first_commit_at = MillisecondsAttribute(null=True)
    last = UnicodeAttribute(null=True)
    handle = UnicodeAttribute(null=True)
    adapted = UnicodeAttribute(null=True)
    payload_sha = UnicodeAttribute(null=True)
    post_id = UnicodeAttribute(null=True)
    post_url = UnicodeAttribute(null=True)
    published_at = MillisecondsAttribute(null=True)
    #: A second publication of the same generation, which must not be; an alarm watches for it.
    dup_post_id = UnicodeAttribute(null=True)
    error = JSONAttribute(null=True)
    #: What the platform said is left after the call that published it.
    quota = JSONAttribute(null=True)
    next_at = MillisecondsAttribute(null=True)
    parked_since = MillisecondsAttribute(null=True)


class AttemptItem(TableItem, discriminator="attempt"):
    """`MSG#<id>` / `ATTEMPT#<delivery id>#<fence, 6 digits>`; put once, ended once."""

    delivery_id = UnicodeAttribute()
    gen = NumberAttribute()
    fence = NumberAttribute()
    text = UnicodeAttribute()
    payload_sha = UnicodeAttribute()
    claimed_at = MillisecondsAttribute()
    started_at = MillisecondsAttribute()
    ended_at = MillisecondsAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    detail = UnicodeAttribute(null=True)
    post_id = UnicodeAttribute(null=True)
    post_url = UnicodeAttribute(null=True)


class FeedbackItem(TableItem, discriminator="feedback"):
    """`MSG#<id>` / `AFTER#<delivery id>#<feedback id>`: one report of a platform, put once. It holds no address."""

    delivery_id = UnicodeAttribute()
    gen = NumberAttribute()
    reported = UnicodeAttribute()
    #: By the platform's clock.
    happened_at = MillisecondsAttribute()
    received_at = MillisecondsAttribute()
    post_id = UnicodeAttribute()
    detail = UnicodeAttribute()
