"""Rows that keep records: answers under idempotency keys, the audit chain, parked stream records, the stop switch."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from publishing.items.attributes import InstantAttribute
from publishing.items.base import TableItem


class AnswerItem(TableItem, discriminator="answer"):
    """`USER#<id>` / `IDEM#<hash>`: what was answered under an idempotency key."""

    req_sha = UnicodeAttribute()
    #: None while the request is being carried out.
    status_code = NumberAttribute(null=True)
    body = UnicodeAttribute(null=True)
    headers = JSONAttribute(null=True)
    #: Token of the request that is being carried out.
    owner = UnicodeAttribute(null=True)
    #: Until when a request that is being carried out may still answer.
    running_until = InstantAttribute(null=True)


class AuditItem(TableItem, discriminator="audit"):
    """`AUDIT#<day>` / id: one change by somebody, chained to the one before by hash. Ids only, no personal data.

    `AUDIT#DAYS` holds a chain of the same form with one record for each day that has any.
    """

    #: Its number in the chain, from 1.
    position = NumberAttribute(null=True)
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    at = InstantAttribute()
    facts = JSONAttribute(null=True)
    prev_hash = UnicodeAttribute()
    hash = UnicodeAttribute()


class AuditHeadItem(TableItem, discriminator="audit_head"):
    """`AUDIT#<day>` / `HEAD`: the hash of the day's newest record, and how many there are."""

    hash = UnicodeAttribute()
    size = NumberAttribute()


class ParkedItem(TableItem, discriminator="parked"):
    """`PARKED#<day>` / sequence number: a stream record that could not be understood, with the reason."""

    reason = UnicodeAttribute()
    #: The record as it came, base 64, cut to 4 KB: enough to see what it was.
    data = UnicodeAttribute()
    partition_key = UnicodeAttribute(null=True)
    at = InstantAttribute()
    #: When somebody last put it on the stream again.
    again_at = InstantAttribute(null=True)


class StopSwitchItem(TableItem, discriminator="stop_switch"):
    """`SETTING#dispatch` / `METADATA`: whether all dispatch is halted, and by whom."""

    is_stopped = BooleanAttribute()
    actor = UnicodeAttribute()
    at = InstantAttribute()


class EvolutionItem(TableItem, discriminator="evolution"):
    """`EVOLUTION#<id>` / `METADATA`: an evolution of the table that was begun, and when it was done."""

    #: Into how many parts the table was cut when it was begun; whoever goes on cuts it alike.
    segments = NumberAttribute()
    started_at = InstantAttribute()
    done_at = InstantAttribute(null=True)
    changed = NumberAttribute(null=True)


class SegmentItem(TableItem, discriminator="evolution_segment"):
    """`EVOLUTION#<id>` / `SEGMENT#<number>`: how far one part is."""

    #: The last key that was seen, as `[PK, SK]`; None at the end.
    last_key = JSONAttribute(null=True)
    seen = NumberAttribute()
    changed = NumberAttribute()
    is_done = BooleanAttribute()
